// Ctrl or Cmd with Enter sends, Enter in a note does not; leaving with unsent changes is asked
// about; a form is sent once.

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  if (!(event.ctrlKey || event.metaKey)) {
    if (event.target.matches("[data-note]")) event.preventDefault();
    return;
  }
  const send = document.querySelector("[data-send]");
  if (!send) return;
  event.preventDefault();
  send.click();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

window.addEventListener("beforeunload", (event) => {
  const editor = document.querySelector("[data-editor]");
  const leaving = editor && !editor.readOnly && !editor.form.dataset.sent;
  if (leaving && editor.value !== editor.defaultValue) event.preventDefault();
});
