// Several items reviewed together: opening a card counts as reading it, keys go to the card that has
// the focus, and the bar says what would be sent. Also the selection of replies to try again.

const form = () => document.querySelector("[data-batch]");
const cards = () => [...document.querySelectorAll("[data-card]")];
const box = (card, name) => card.querySelector(`input[name="${name}"]`);
const isEdited = (card) => {
  const text = card.querySelector("textarea");
  return "typed" in text.dataset || text.value !== text.defaultValue;
};

let submitted = false;

function show() {
  const out = cards().filter((card) => box(card, "out").checked);
  const opened = cards().filter((card) => box(card, "opened").checked && !out.includes(card));
  const unread = cards().length - out.length - opened.length;
  for (const card of cards()) card.toggleAttribute("data-edited", isEdited(card));
  form().querySelector("[data-approve-words]").textContent = opened.length === 1 ? "Approve 1" : `Approve ${opened.length} together`;
  form().querySelector("[data-approve]").disabled = !opened.length;
  const parts = [`${opened.length} opened`, unread && `${unread} not opened yet`, out.length && `${out.length} left out`];
  form().querySelector("[data-batch-said]").textContent = parts.filter(Boolean).join(", ");
}

// A click says it at once: under load the browser tells of the toggle only after the next key.
document.addEventListener("click", (event) => {
  const card = event.target.closest("summary")?.closest("[data-card]");
  if (!card) return;
  box(card, "opened").checked = true;
  show();
});

// Found by the browser's own search, a card opens without a click. `toggle` does not bubble.
document.addEventListener("toggle", (event) => {
  const card = event.target.closest?.("[data-card]");
  if (!card || event.target.parentElement !== card) return;
  if (event.target.open) box(card, "opened").checked = true;
  show();
}, true);

for (const kind of ["change", "input"]) {
  document.addEventListener(kind, (event) => { if (event.target.closest("[data-card]")) show(); });
}

function giveKeysTo(card) {
  for (const control of document.querySelectorAll("[data-card-key]")) {
    if (card.contains(control)) control.dataset.key = control.dataset.cardKey;
    else delete control.dataset.key;
  }
}

document.addEventListener("focusin", (event) => {
  const card = event.target.closest("[data-card]");
  if (card) giveKeysTo(card);
});

document.addEventListener("keydown", (event) => {
  const summary = event.key === "Escape" && event.target.closest("[data-card] textarea")?.closest("details").querySelector("summary");
  if (summary) summary.focus();
});

document.addEventListener("submit", (event) => {
  if (event.target !== form()) return;
  submitted = true;
  form().setAttribute("aria-busy", "true");
  if (!event.submitter?.hasAttribute("formaction")) form().querySelector("[data-batch-said]").textContent = "Approving";
});

window.addEventListener("beforeunload", (event) => {
  if (form() && !submitted && cards().some(isEdited)) event.preventDefault();
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-choose]")) return;
  const chosen = document.querySelectorAll("[data-choose]:checked").length;
  const button = document.querySelector("[data-chosen-only]");
  button.hidden = !chosen;
  button.querySelector("[data-chosen-count]").textContent = chosen;
});

window.addEventListener("pageshow", () => {
  submitted = false;
  if (!form()) return;
  form().dataset.scripted = "";
  for (const card of cards()) if (card.querySelector("details").open) box(card, "opened").checked = true;
  show();
  const first = cards().find((card) => !box(card, "opened").checked && !box(card, "out").checked) ?? cards()[0];
  if (!first) return;
  first.querySelector("summary").focus({ preventScroll: true });
  giveKeysTo(first);
});
