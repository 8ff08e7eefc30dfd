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
    delete form.dataset.claim;
    window.htmx.trigger("#standing", "changed");
    const notice = document.createElement("p");
    notice.className = "toast";
    notice.dataset.state = "bad";
    notice.textContent = "Your claim has lapsed. Claim the item again; your text stays here.";
    document.querySelector(".toasts").append(notice);
  }
}

setInterval(() => {
  const form = document.querySelector("form[data-claim]");
  if (form) renew(form);
}, RENEW_MS);
