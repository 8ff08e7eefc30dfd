// Every action by key. A control says its keys in data-key: "e", "mod+enter", "alt+1", "g i"; several
// are parted by commas. Single keys never fire while somebody types, none while the next item loads.

const SEQUENCE_MS = 1200;
const TYPING = 'textarea, select, [contenteditable], input:not([type="checkbox"], [type="radio"], [type="button"], [type="submit"], [type="reset"])';
const MOVES = { j: 1, arrowdown: 1, k: -1, arrowup: -1 };

let begun = "";
let begunAt = 0;

export const controls = () => {
  const scope = document.querySelector("dialog[open]") ?? document;
  return [...scope.querySelectorAll("[data-key]")].filter((one) => !one.disabled && (one.dataset.keyAlways !== undefined || one.checkVisibility()));
};

export const keysOf = (control) => control.dataset.key.split(",").map((key) => key.trim());

export function labelOf(control) {
  if (control.dataset.keyLabel) return control.dataset.keyLabel;
  if (control.ariaLabel) return control.ariaLabel;
  const copy = control.cloneNode(true);
  for (const part of copy.querySelectorAll("kbd, .quiet, .tag")) part.remove();
  return copy.textContent.trim() || control.placeholder || "";
}

export function use(control) {
  if (!control.matches(TYPING)) return control.click();
  control.focus();
  control.select?.();
}

// With Alt a digit or a letter is another sign on some keyboards: then it goes by its place.
function combination(event) {
  const [, digit, letter] = /^(?:Digit(\d)|Key([A-Z]))$/.exec(event.code) ?? [];
  const isSign = !/^[\x20-\x7e]$/.test(event.key);
  const place = digit ?? (isSign ? letter?.toLowerCase() : undefined);
  const key = (event.altKey && place) || event.key.toLowerCase();
  const mods = [
    (event.ctrlKey || event.metaKey) && "mod",
    event.altKey && "alt",
    event.shiftKey && (key.length > 1 || event.ctrlKey || event.metaKey) && "shift",
  ];
  return [...mods.filter(Boolean), key].join("+");
}

function move(step) {
  const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility());
  if (!rows.length) return false;
  const at = rows.findIndex((row) => row.contains(document.activeElement) || row.closest(".line")?.contains(document.activeElement));
  const row = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1)];
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const key = combination(event);
  const modified = event.ctrlKey || event.metaKey || event.altKey;
  const typing = event.target.matches?.(TYPING);
  if (typing && key === "escape" && !event.target.closest("dialog")) event.target.blur();
  if (typing && !modified) return;
  if (key === "enter" && event.target.closest?.("a[href], button, summary, label")) return; // it is theirs
  if (document.body.dataset.loading) {
    if (key.length === 1 || key === "mod+enter" || key === "escape") event.preventDefault();
    return;
  }
  const pair = performance.now() - begunAt < SEQUENCE_MS ? `${begun} ${key}` : "";
  begun = modified || key.length > 1 ? "" : key;
  begunAt = performance.now();
  const found = controls();
  const control = found.find((one) => keysOf(one).includes(pair)) ?? found.find((one) => keysOf(one).includes(key));
  if (control) {
    event.preventDefault();
    begun = "";
    if (!event.repeat) use(control);
  } else if (MOVES[key] && !document.querySelector("dialog[open]") && move(MOVES[key])) {
    event.preventDefault();
  }
});

// A swap that takes the focused element away gives the focus to what took its place.
// Two swaps may overlap, so what had it is known until somebody takes the focus away.
let focused = null;
document.addEventListener("htmx:beforeSwap", () => {
  if (document.activeElement !== document.body) focused = document.activeElement;
});
document.addEventListener("focusout", (event) => {
  if (event.target === focused && focused.isConnected) focused = null;
});
document.addEventListener("htmx:afterSettle", () => {
  const isGone = focused?.id && !focused.isConnected;
  if (isGone && document.activeElement === document.body) document.getElementById(focused.id)?.focus({ preventScroll: true });
});

window.addEventListener("pageshow", () => { delete document.body.dataset.loading; });
