// Saves what is written a second after the last key, and when the page is hidden or left. A link
// waits for it; what is still unsaved then is asked about. A refusal says why, and the text stays.
// What is written elsewhere in the form, in a panel or a typed form, is not saved, only asked about.

import { refreshTokens } from "./csrf.js";

const QUIET_MS = 1000;
const LONGEST_MS = 5000;
const AGAIN_MS = 5000;
const PATIENCE_MS = 8000;
const KEPT_ALIVE_CHARS = 15_000; // browsers send at most 64 KB on behalf of a page that is gone
const UNREACHABLE = "Not saved: the console does not answer. Your text stays here.";
const REFUSED = "Not saved: you may not write here any more. Your text stays here.";
const LOGGED_OUT = "Not saved: you are logged out. Log in again in another tab; your text stays here.";

let timer = 0;
let changedAt = 0;
let going = Promise.resolve();

const form = () => document.querySelector("form[data-save]");
const unsaved = () => (form()?.dataset.unsaved && !form().dataset.sent ? form() : null);

function say(text, problem = false) {
  const place = document.querySelector("#saved");
  if (!place) return;
  place.textContent = text;
  place.classList.toggle("bad", problem);
  if (problem) place.role = "alert";
  else place.removeAttribute("role");
}

function later(wait = QUIET_MS) {
  clearTimeout(timer);
  timer = setTimeout(() => save(), wait);
}

// One after the other, or an earlier text could arrive last.
function save(how) {
  going = going.then(() => send(how));
  return going;
}

function content(current) {
  const data = new FormData(current);
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
  return data;
}

async function send({ leaving = false } = {}) {
  clearTimeout(timer);
  const current = unsaved();
  if (!current) return;
  const mark = current.dataset.unsaved;
  refreshTokens();
  const body = content(current);
  changedAt = 0;
  const keepalive = leaving && String(body.get("text")).length < KEPT_ALIVE_CHARS;
  const request = { method: "POST", body, keepalive, headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(PATIENCE_MS) };
  const response = await fetch(current.dataset.save, request).catch(() => null);
  if (!response || response.status >= 500) {
    say(UNREACHABLE, true);
    later(AGAIN_MS);
  } else if (response.status === 401) {
    say(LOGGED_OUT, true);
    later(AGAIN_MS);
  } else if (!response.ok) {
    const isSentence = response.headers.get("Content-Type")?.startsWith("text/plain");
    say(isSentence ? await response.text() : REFUSED, true);
  } else {
    if (current.dataset.unsaved === mark) delete current.dataset.unsaved;
    say(await response.text());
  }
}

function changed(event) {
  const current = event.target.form;
  if (!current?.matches("#decision")) return;
  if (!current.matches("[data-save]") || event.target.closest("dialog, .proposal")) {
    current.dataset.loose = "yes";
    return;
  }
  current.dataset.unsaved = String(Number(current.dataset.unsaved ?? 0) + 1);
  changedAt ||= performance.now();
  later(Math.max(0, Math.min(QUIET_MS, changedAt + LONGEST_MS - performance.now())));
}

document.addEventListener("input", changed);
document.addEventListener("change", changed);

// At the window, after whatever opens a link on this page.
window.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href]");
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented || link?.target;
  if (!link || elsewhere || !unsaved()) return;
  event.preventDefault();
  await save();
  location.assign(link.href);
});

document.addEventListener("visibilitychange", () => { if (document.hidden) save({ leaving: true }); });
window.addEventListener("pagehide", () => send({ leaving: true }));
window.addEventListener("beforeunload", (event) => {
  if (unsaved() || document.querySelector("#decision[data-loose]:not([data-sent])")) event.preventDefault();
});

// A browser that goes back brings its own text along.
window.addEventListener("pageshow", () => {
  const text = form()?.querySelector("[data-editor]");
  if (text && text.value !== text.defaultValue) text.dispatchEvent(new Event("input", { bubbles: true }));
});
