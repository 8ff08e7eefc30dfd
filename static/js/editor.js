// The reply's text: pieces put back or put in, undoable like typing; changes walked through by key;
// a reason taken back by choosing it again; the original beside; a form sent once.

import "./autosave.js";
import "./picker.js";
import { editor, insert } from "./insert.js";

const changes = () => [...document.querySelectorAll("#diff [data-restore]")];

function restore(button) {
  const { start, inserted, deleted } = button.dataset;
  const text = editor();
  const end = Number(start) + inserted.length;
  if (text.value.slice(Number(start), end) !== inserted) return; // typed since: a new diff is coming
  text.setSelectionRange(Number(start), end);
  insert(deleted);
  const restored = text.value;
  text.addEventListener("htmx:afterOnLoad", () => { if (text.value === restored) (changes()[0] ?? text).focus(); }, { once: true });
}

// From the editor to the first or last change, else to the one before or after; past them, back.
function step(by) {
  const all = changes();
  const at = all.indexOf(document.activeElement);
  const next = at < 0 ? all.at(by > 0 ? 0 : -1) : all[at + by];
  (next ?? editor())?.focus();
}

function toggle(button) {
  const part = document.querySelector(button.dataset.toggles);
  part.hidden = !part.hidden;
  button.ariaExpanded = String(!part.hidden);
}

function empty(part) {
  part.replaceChildren();
  editor()?.focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-restore], [data-step], [data-insert], [data-toggles], [data-empties]");
  if (!button) return;
  const { insert: from, step: by, toggles, empties } = button.dataset;
  if (by) return step(Number(by));
  if (toggles) return toggle(button);
  if (empties) return empty(document.querySelector(empties));
  if (!from) return restore(button);
  const source = document.querySelector(from);
  insert((source.content ?? source).textContent, { whole: "replace" in button.dataset });
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "redrafts") return;
  const panel = event.target.firstElementChild;
  panel.scrollIntoView({ block: "nearest" });
  (panel.querySelector("#instruction") ?? panel).focus({ preventScroll: true });
});

// Not by autofocus: before the scripts have run, what is meant as a key would be typed into the reply.
document.addEventListener("DOMContentLoaded", () => {
  if (document.activeElement === document.body) document.querySelector("[data-focus]")?.focus();
});

// A chosen reason, chosen again, is none.
document.addEventListener("click", (event) => {
  const radio = event.target;
  if (!radio.matches("[data-reason]")) return;
  const again = "chosen" in radio.dataset;
  for (const other of document.querySelectorAll("[data-reason][data-chosen]")) delete other.dataset.chosen;
  if (!again) radio.dataset.chosen = "";
  else {
    radio.checked = false;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && event.target === editor()) editor().blur();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  else if (form.method !== "dialog" && !("again" in form.dataset)) form.dataset.sent = "yes";
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
