// The command palette and the list of keys: both are made of the controls that are on the page.

import { controls, keysOf, labelOf, use } from "./keys.js";

const palette = document.querySelector("#palette");
const input = palette?.querySelector("input");
const list = palette?.querySelector("[role=listbox]");
const WORDS = { mod: /Mac/.test(navigator.platform) ? "Cmd" : "Ctrl", alt: "Alt", shift: "Shift", enter: "↵", arrowup: "↑", arrowdown: "↓" };

let commands = [];
let from = null;

// A swap may have put another element in its place meanwhile.
const still = (one) => (one?.isConnected ? one : document.getElementById(one?.id));

function caps(key) {
  return key.split(/[ +]/).map((part) => {
    const cap = document.createElement("kbd");
    cap.textContent = WORDS[part] ?? part[0].toUpperCase() + part.slice(1);
    return cap;
  });
}

function choose(row) {
  for (const other of list.querySelectorAll("[aria-selected=true]")) other.ariaSelected = "false";
  input.setAttribute("aria-activedescendant", row?.id ?? "");
  if (!row) return;
  row.ariaSelected = "true";
  row.scrollIntoView({ block: "nearest" });
}

function show() {
  const asked = input.value.trim().toLowerCase();
  const found = commands.filter(([label]) => asked.split(/\s+/).every((word) => label.toLowerCase().includes(word)));
  list.querySelector("[data-commands]").replaceChildren(...found.map(([label, control], place) => {
    const row = document.createElement("div");
    Object.assign(row, { id: `command-${place}`, role: "option", ariaSelected: "false" });
    const words = document.createElement("span");
    words.textContent = label;
    row.append(words, ...caps(keysOf(control)[0]));
    row.addEventListener("click", () => { palette.close(); const now = still(control); if (now) use(now); });
    return row;
  }));
  choose(list.querySelector("[role=option]"));
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (!opener) return;
  const dialog = document.querySelector(opener.dataset.opens);
  from = document.activeElement === opener || !document.activeElement ? opener : document.activeElement;
  const known = controls().filter((control) => control !== opener).map((control) => [labelOf(control), control]);
  if (dialog === palette) {
    commands = known;
    input.value = "";
    show();
    input.dispatchEvent(new Event("input", { bubbles: true }));
  } else if (dialog.dataset.keyList !== undefined) {
    listKeys(dialog, known);
  }
  dialog.showModal();
});

function listKeys(dialog, known) {
  const groups = Map.groupBy?.(known, ([, control]) => control.closest("[data-keys-group]")?.dataset.keysGroup ?? "Everywhere")
    ?? new Map([["", known]]);
  dialog.querySelector("[data-keys]").replaceChildren(...[...groups].map(([name, rows]) => {
    const section = document.createElement("section");
    const heading = document.createElement("h3");
    heading.textContent = name;
    const table = document.createElement("dl");
    for (const [label, control] of rows) {
      const term = document.createElement("dt");
      const keys = document.createElement("dd");
      term.textContent = label;
      keysOf(control).forEach((key, place) => keys.append(...(place ? [" or "] : []), ...caps(key)));
      table.append(term, keys);
    }
    section.append(heading, table);
    return section;
  }));
}

for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("close", () => still(from)?.focus({ preventScroll: true }));
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}

input?.addEventListener("input", show);
palette?.addEventListener("htmx:afterSettle", () => { if (!list.querySelector("[aria-selected=true]")) choose(list.querySelector("[role=option]")); });
input?.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const rows = [...list.querySelectorAll("[role=option]")];
  const at = rows.findIndex((row) => row.ariaSelected === "true");
  if (event.key === "ArrowDown") choose(rows[Math.min(at + 1, rows.length - 1)]);
  else if (event.key === "ArrowUp") choose(rows[Math.max(at - 1, 0)]);
  else if (event.key === "Enter") rows[at]?.click();
  else return;
  event.preventDefault();
});
