// An internal comment: Ctrl+Enter posts it and never the reply, a name begun with @ is completed,
// and what is not posted yet survives a reload.

const QUIET_MS = 120;

let timer = 0;

const box = (target) => target.closest?.("[data-mentions]");
const list = () => document.querySelector("#mentions");
const options = () => [...list().querySelectorAll("[role=option]")];
const chosen = () => list().querySelector("[aria-selected=true]");
const kept = (text) => `comment ${text.form.action}`;

function begun(text) {
  return /(?:^|[^\w@.+-])@([\w.+-]{0,60})$/.exec(text.value.slice(0, text.selectionStart))?.[1];
}

function close(text) {
  list().hidden = true;
  text.removeAttribute("aria-activedescendant");
}

function choose(text, option) {
  for (const one of options()) one.ariaSelected = String(one === option);
  text.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function complete(text, option) {
  const start = text.selectionStart - begun(text).length;
  text.setRangeText(`${option.dataset.name} `, start, text.selectionStart, "end");
  close(text);
  text.dispatchEvent(new Event("input", { bubbles: true }));
}

async function offer(text) {
  const name = begun(text);
  if (name === undefined) return close(text);
  const answer = await fetch(`${text.dataset.mentions}?q=${encodeURIComponent(name)}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || begun(text) !== name) return;
  list().replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.children);
  if (!options().length) return close(text);
  list().hidden = false;
  choose(text, options()[0]);
}

function keydown(event) {
  const form = event.target.closest?.("[data-comment-form]");
  if (!form) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (!event.repeat) form.requestSubmit();
    return;
  }
  const text = box(event.target);
  if (!text || event.isComposing) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (list().hidden) {
    if (event.key === "Escape") text.blur();
  } else if (step) {
    event.preventDefault();
    const all = options();
    choose(text, all[(all.indexOf(chosen()) + step + all.length) % all.length]);
  } else if (event.key === "Enter" || event.key === "Tab") {
    event.preventDefault();
    complete(text, chosen());
  } else if (event.key === "Escape") {
    event.preventDefault();
    close(text);
  }
}

document.addEventListener("keydown", keydown, { capture: true });
document.addEventListener("input", (event) => {
  const text = box(event.target);
  if (!text) return;
  sessionStorage.setItem(kept(text), text.value);
  clearTimeout(timer);
  timer = setTimeout(offer, QUIET_MS, text);
});
document.addEventListener("focusout", (event) => { if (box(event.target)) close(event.target); });
document.addEventListener("pointerdown", (event) => {
  const option = event.target.closest("#mentions [role=option]");
  if (!option) return;
  event.preventDefault(); // or the text would lose the focus
  complete(document.querySelector("[data-mentions]"), option);
});
document.addEventListener("commented", () => {
  const text = document.querySelector("[data-mentions]");
  text.form.reset();
  sessionStorage.removeItem(kept(text));
});

const text = document.querySelector("[data-mentions]");
if (text) text.value ||= sessionStorage.getItem(kept(text)) ?? "";
