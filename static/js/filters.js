// The inbox's filters: a short address, the crosses, and the way from them into the rows and back.

const CAME_FROM = "inbox-row";
const form = () => document.querySelector("#filters");
const rowLinks = () => [...document.querySelectorAll(".item-row")];

let enterRows = false;

document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.id !== "filters") return;
  const asked = event.detail.formData;
  for (const [name, value] of [...asked]) if (!value || name === "clear") asked.delete(name);
});

document.addEventListener("click", (event) => {
  const cross = event.target.closest(".unset");
  if (!cross) return;
  event.preventDefault();
  const select = cross.parentElement.querySelector("select");
  select.value = "";
  select.dispatchEvent(new Event("change", { bubbles: true }));
  select.focus();
});

// Enter in the search and Escape in any filter lead to the rows.
document.addEventListener("keydown", (event) => {
  if (event.target.form?.id !== "filters" || !["Enter", "Escape"].includes(event.key)) return;
  if (event.key === "Enter") {
    enterRows = event.target.id === "search";
  } else if (event.target.id !== "search" || !event.target.value) {
    rowLinks()[0]?.focus();
  }
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "rows" || !enterRows) return;
  enterRows = false;
  rowLinks()[0]?.focus();
});

// An opened list of views has the focus, so that Tab and Enter choose. It opens here and now: the
// browser tells of a `toggle` some keys later, and a name typed meanwhile would lose its beginning.
document.addEventListener("click", (event) => {
  const views = event.target.closest(".views > summary")?.parentElement;
  if (!views || views.open) return;
  event.preventDefault();
  views.open = true;
  views.querySelector(".sheet-menu a, .sheet-menu input:not([type=hidden])").focus();
});

// Whoever comes back from an item finds the row they left, or the one that took its place.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".item-row");
  if (!link) return;
  const left = { id: link.id, place: rowLinks().indexOf(link) };
  sessionStorage.setItem(CAME_FROM, JSON.stringify(left));
});

window.addEventListener("pageshow", (event) => {
  if (!form()) return;
  const left = JSON.parse(sessionStorage.getItem(CAME_FROM) ?? "null");
  sessionStorage.removeItem(CAME_FROM);
  if (!left || event.persisted) return;
  (document.getElementById(left.id) ?? rowLinks()[Math.min(left.place, rowLinks().length - 1)])?.focus();
});
