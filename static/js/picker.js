// Macros and articles to put into the reply: a list one searches, walks and takes from by key.

import { editor, insert } from "./insert.js";

const picker = () => document.querySelector("#picker");
const options = () => [...picker().querySelectorAll("[role=option]")];
const current = () => picker().querySelector("[aria-selected=true]");

function select(option) {
  for (const other of options()) other.ariaSelected = String(other === option);
  picker().querySelector("[role=combobox]").setAttribute("aria-activedescendant", option?.id ?? "");
  option?.scrollIntoView({ block: "nearest" });
}

function take(option) {
  picker().close();
  insert(option.querySelector("[data-text]").textContent);
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target !== picker() && event.target.id !== "picks") return;
  select(options()[0]);
  if (picker().open) return;
  picker().addEventListener("close", () => editor()?.focus(), { once: true });
  picker().showModal();
  picker().querySelector("[role=combobox]").focus();
});

document.addEventListener("keydown", (event) => {
  if (!event.target.matches("#picker [role=combobox]")) return;
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Enter" && !event.isComposing) {
    event.preventDefault();
    if (current()) take(current());
  } else if (by) {
    event.preventDefault();
    const all = options();
    select(all[(all.indexOf(current()) + by + all.length) % all.length]);
  }
});

document.addEventListener("click", (event) => {
  const option = event.target.closest("#picker [role=option]");
  if (option) take(option);
});
