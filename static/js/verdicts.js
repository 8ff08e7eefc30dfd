// A verdict leaves the page: until the next one is there, no key acts. It waits for files under way.

const PATIENCE_MS = 15_000;

document.addEventListener("submit", (event) => {
  if (!event.target.matches("#decision") || !document.querySelector("#attachments .htmx-request")) return;
  event.preventDefault();
  event.stopPropagation();
  document.querySelector("#files-limit").textContent = "A file is still being attached. Send again in a moment.";
}, { capture: true });

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method === "dialog") return;
  document.body.dataset.loading = "yes";
  setTimeout(() => { // it was stopped, or led nowhere
    delete document.body.dataset.loading;
    delete event.target.dataset.sent;
  }, PATIENCE_MS);
});
