// Says which item this page shows and whether somebody writes on it, and shows who else is where:
// on the item by its own element, in a list by a face in each row's place for it.

import "./mentions.js";
import "./standing.js";
import { say } from "./live.js";

const HEARTBEAT_MS = 20_000;
const WRITING_MS = 30_000; // a hand that has been still for so long does not write
const MOST_ROWS = 100;

let typedAt = -Infinity;
let said = "";
let faces = new Map();

function state() {
  if (document.hidden) return "away";
  return performance.now() - typedAt < WRITING_MS ? "editing" : "looking";
}

function sayWhere({ again = false } = {}) {
  const item = Number(document.querySelector("[data-shows]")?.dataset.shows) || null;
  if (!item) return;
  const now = { item, state: state() };
  if (!again && JSON.stringify(now) === said) return;
  said = JSON.stringify(now);
  say(now);
}

function show() {
  for (const place of document.querySelectorAll(".faces[data-presence]")) {
    const there = faces.get(place.dataset.presence);
    if (place.innerHTML !== (there?.innerHTML ?? "")) place.replaceChildren(...(there?.cloneNode(true).childNodes ?? []));
  }
}

async function look() {
  const rows = [...document.querySelectorAll(".faces[data-presence]")];
  if (!rows.length || document.hidden) return;
  const items = rows.slice(0, MOST_ROWS).map((row) => row.dataset.presence).join();
  const answer = await fetch(`/presence/?items=${items}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok) return;
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  faces = new Map([...found.querySelectorAll("[data-presence]")].map((there) => [there.dataset.presence, there]));
  show();
}

document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-editor]")) return;
  typedAt = performance.now();
  sayWhere();
});
document.addEventListener("visibilitychange", () => sayWhere());
document.addEventListener("connected", () => sayWhere({ again: true }));
document.addEventListener("news", (event) => { if (!event.detail || event.detail === "presence") look(); });
document.addEventListener("htmx:afterSettle", show); // rows that came anew have empty places

setInterval(() => sayWhere({ again: true }), HEARTBEAT_MS);
setInterval(() => sayWhere(), 1000); // from editing back to looking
