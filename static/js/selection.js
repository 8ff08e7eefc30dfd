// Choosing rows to review together: by key in the row that has the focus, by click, and with Shift
// all between two. Only rows of one category go together.

const boxes = () => [...document.querySelectorAll('.line > input[name="ids"]')];

let last = null;

function show() {
  const form = document.querySelector("#together");
  if (!form) return;
  const chosen = boxes().filter((box) => box.checked);
  const names = [...new Map(chosen.map((box) => [box.dataset.category, box.dataset.name])).values()];
  form.querySelector(".button").disabled = names.length > 1;
  form.querySelector("[data-chosen]").textContent = names.length > 1
    ? `${chosen.length} selected. Only one category goes together, these are ${names.slice(0, 2).join(" and ")}${names.length > 2 ? " and others" : ""}.`
    : `${chosen.length} selected, all ${names[0] ?? ""}`;
}

document.addEventListener("change", (event) => {
  if (event.target.matches('.line > input[name="ids"]')) show();
});

document.addEventListener("click", (event) => {
  const box = event.target.closest('.line > input[name="ids"]');
  if (!box) return;
  const all = boxes();
  if (event.shiftKey && last?.isConnected) {
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((one, other) => one - other);
    for (const between of all.slice(from, to + 1)) between.checked = box.checked;
    show();
  }
  last = box;
});

document.addEventListener("reset", (event) => {
  if (event.target.id === "together") setTimeout(show);
});

document.addEventListener("focusin", (event) => {
  const line = event.target.closest(".line");
  if (!line) return;
  for (const box of boxes()) delete box.dataset.key;
  const own = line.querySelector('input[name="ids"]');
  if (own) own.dataset.key = "x";
});

for (const kind of ["rows:changed", "htmx:afterSwap"]) document.addEventListener(kind, show);
window.addEventListener("pageshow", show);
