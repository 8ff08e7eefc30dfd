// Keeps the claim of an item whose page is in use, and says so when it is gone.

const RENEW_MS = 60_000;
const IN_USE_MS = 5 * 60_000;

let lastUse = Date.now();
for (const event of ["keydown", "pointerdown", "input"]) {
  document.addEventListener(event, () => { lastUse = Date.now(); }, { passive: true });
}

async function renew(form) {
  if (Date.now() - lastUse > IN_USE_MS) return;
  const response = await fetch(form.dataset.claim, { method: "POST", body: new FormData(form) }).catch(() => null);
  if (response?.status === 409) {
    const standing = document.querySelector("#standing");
    if (standing) window.htmx.trigger(standing, "changed");
  }
}

setInterval(() => {
  const form = document.querySelector("form[data-claim]");
  if (form) renew(form);
}, RENEW_MS);
