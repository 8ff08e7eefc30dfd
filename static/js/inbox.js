// The inbox stays as it is while somebody reads it: what is new waits behind a line, what has left
// stays as a quiet ghost. Once nobody reads, everything is put in order.

import { keepStill, putInOrder, rows } from "./rows.js";

const READING_MS = 60_000; // a hand that has been still for so long does not read
const FIGURES = "#inbox-tabs [id], #inbox-whose [id], #waiting-count, #results, #take-next";

let lastUse = -Infinity;
let latest = null; // the newest rows that came in, while they are not all shown

const said = (words) => { document.querySelector("#said").textContent = words; };
const isRead = () => performance.now() - lastUse < READING_MS && (rows().matches(":hover") || rows().contains(document.activeElement));

function settle() {
  let waiting = 0;
  if (isRead() && rows().querySelector(".items")) waiting = keepStill(latest);
  else putInOrder(latest);
  const button = document.querySelector("#fresh");
  button.hidden = !waiting;
  button.firstElementChild.textContent = `${waiting} new · show`;
  if (!waiting && !rows().querySelector("[data-gone]")) latest = null;
  rows().dispatchEvent(new Event("rows:changed", { bubbles: true }));
}

function renewFigures(root) {
  for (const old of document.querySelectorAll(FIGURES)) {
    const fresh = root.getElementById(old.id);
    if (!fresh) continue;
    old.hidden = fresh.hidden;
    if ("disabled" in old) old.disabled = fresh.disabled;
    else if (old.innerHTML !== fresh.innerHTML) old.innerHTML = fresh.innerHTML;
  }
}

// News come in by the rows' own request; the answer to any other is swapped as usual.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { requestConfig, serverResponse, xhr } = event.detail;
  if (requestConfig?.elt.id !== "rows" || xhr.status !== 200) return;
  event.detail.shouldSwap = false;
  const root = new DOMParser().parseFromString(serverResponse, "text/html");
  latest = root.querySelector("#rows");
  if (!latest) return;
  renewFigures(root);
  settle();
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (!["rows", "inbox"].includes(event.target.id)) return;
  latest = null;
  document.querySelector("#fresh").hidden = true;
  said(document.querySelector("#results").textContent.split(" ·")[0]);
});

for (const kind of ["pointermove", "keydown", "wheel"]) {
  document.addEventListener(kind, () => { lastUse = performance.now(); }, { passive: true });
}
const settleUnread = () => { if (latest && rows() && !isRead()) settle(); };
for (const kind of ["pointerout", "focusout"]) {
  document.addEventListener(kind, () => requestAnimationFrame(settleUnread));
}
setInterval(settleUnread, 5000);

document.addEventListener("click", (event) => {
  const button = event.target.closest("#fresh");
  if (!button) return;
  const focused = document.activeElement.closest(".item-row");
  said(button.firstElementChild.textContent.replace(" · show", " shown"));
  lastUse = -Infinity;
  settle();
  (focused?.isConnected ? focused : document.querySelector(".item-row"))?.focus({ preventScroll: true });
});
