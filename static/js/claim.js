// Keeps the claim of an item whose page is in use, and says so when it is gone.

import { refreshTokens } from "./csrf.js";
import { toast } from "./toast.js";

const RENEW_MS = 60_000;
const IN_USE_MS = 5 * 60_000;

let lastUse = Date.now();
for (const event of ["keydown", "pointerdown", "input"]) {
  document.addEventListener(event, () => { lastUse = Date.now(); }, { passive: true });
}

async function renew(form) {
  if (Date.now() - lastUse > IN_USE_MS) return;
  refreshTokens();
  const response = await fetch(form.dataset.claim, { method: "POST", body: new FormData(form) }).catch(() => null);
  if (response?.status === 409) {
    delete form.dataset.claim;
    const standing = document.querySelector("#standing");
    if (standing) window.htmx.trigger(standing, "changed");
    toast("Your claim has lapsed. Claim the item again; your text stays here.", "lapsed");
  }
}

setInterval(() => {
  const form = document.querySelector("form[data-claim]");
  if (form) renew(form);
}, RENEW_MS);
