// Lets [data-poll] elements fetch themselves anew every few seconds, while somebody looks.

const EVERY_MS = 3_000;

setInterval(() => {
  if (document.hidden) return;
  for (const element of document.querySelectorAll("[data-poll]")) window.htmx.trigger(element, "changed");
}, EVERY_MS);
