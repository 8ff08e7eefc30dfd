// What an item's standing says of this page: a page whose item is lost to it is only to read, and
// the question whether to take an item over goes away again.

function onlyToRead() {
  const form = document.querySelector("#decision");
  if (!form || form.dataset.lost) return;
  form.dataset.lost = "yes";
  delete form.dataset.claim;
  delete form.dataset.save;
  delete form.dataset.unsaved;
  for (const part of form.querySelectorAll(".tools, .reasons")) part.remove();
  for (const field of form.elements) {
    if (["textarea", "text", "number"].includes(field.type)) field.readOnly = true;
    else if (["select-one", "radio", "checkbox"].includes(field.type)) field.disabled = true;
  }
}

document.addEventListener("htmx:afterSettle", () => {
  if (document.querySelector("#standing[data-lost]")) onlyToRead();
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("#asking [data-dismiss]")) return;
  event.preventDefault();
  document.querySelector("#asking").replaceChildren();
  document.querySelector("#standing a")?.focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelector("#asking [data-dismiss]")?.click();
});
