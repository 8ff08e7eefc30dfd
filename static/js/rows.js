// Brings the inbox's rows up to date with rows that came in, either way: with nothing that moves, or
// all in order. A row that stays is the same element, so that focus and selection stay with it.

export const rows = () => document.querySelector("#rows");

function linesOf(root) {
  return new Map([...root.querySelectorAll(".line")].map((line) => [line.dataset.id, line]));
}

function renew(line, fresh) {
  const link = line.querySelector(".item-row");
  const now = fresh.querySelector(".item-row");
  if (!line.dataset.gone && link.innerHTML === now.innerHTML) return;
  delete line.dataset.gone;
  link.innerHTML = now.innerHTML;
}

async function sayWhere(gone) {
  const ids = gone.map((line) => line.dataset.id).join();
  const answer = await fetch(`${rows().dataset.whereabouts}?ids=${ids}`).catch(() => null);
  if (!answer?.ok) return;
  const said = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const line of gone) {
    const words = said.querySelector(`[data-gone="${line.dataset.id}"]`)?.textContent;
    if (words && line.dataset.gone) line.querySelector(".why").textContent = words;
  }
}

// What a full page has pushed onto the next one stands at its end, and has not left the inbox.
function goneFrom(shown, coming, fresh) {
  const ids = [...shown.keys()];
  const end = fresh.querySelector("[rel=next]") ? ids.findLastIndex((id) => coming.has(id)) : ids.length;
  const gone = ids.filter((id, at) => at < end && !coming.has(id)).map((id) => shown.get(id));
  return gone.filter((line) => !line.dataset.gone);
}

// Rows change in place, what has left stays as a ghost, and only what belongs at the end is added.
// Returns how many wait to be shown.
export function keepStill(fresh) {
  const shown = linesOf(rows());
  const coming = linesOf(fresh);
  const order = [...coming.keys()];
  const end = order.findLastIndex((id) => shown.has(id)) + 1;
  const gone = goneFrom(shown, coming, fresh);
  for (const line of gone) line.dataset.gone = "yes";
  if (gone.length) sayWhere(gone);
  for (const [id, line] of shown) if (coming.has(id)) renew(line, coming.get(id));
  rows().querySelector(".items").append(...order.slice(end).map((id) => coming.get(id).cloneNode(true)));
  return order.slice(0, end).filter((id) => !shown.has(id)).length;
}

export function putInOrder(fresh) {
  const list = rows().querySelector(".items");
  const shown = linesOf(rows());
  const focused = document.activeElement.closest(".line");
  const place = [...shown.values()].indexOf(focused);
  const next = fresh.cloneNode(true);
  const coming = [...linesOf(next)].map(([id, line]) => {
    if (!shown.has(id)) return line;
    renew(shown.get(id), line);
    return shown.get(id);
  });
  if (list && coming.length) {
    for (const line of shown.values()) if (!coming.includes(line)) line.remove();
    coming.forEach((line, at) => { if (list.children[at] !== line) list.insertBefore(line, list.children[at] ?? null); });
    rows().querySelector(".after").replaceWith(next.querySelector(".after"));
  } else {
    rows().replaceChildren(...next.childNodes);
  }
  if (!focused || focused.contains(document.activeElement)) return;
  const heir = focused.isConnected ? focused : coming[Math.min(place, coming.length - 1)];
  heir?.querySelector(".item-row").focus({ preventScroll: true });
}
