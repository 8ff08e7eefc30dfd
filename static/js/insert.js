// Puts text into the editor as typing would: at the caret, undoable, with its input event.

export const editor = () => document.querySelector("[data-editor]");

export function insert(text, { whole = false } = {}) {
  const field = editor();
  if (!field || field.readOnly) return;
  field.focus();
  if (whole) field.select();
  if (document.execCommand(text ? "insertText" : "delete", false, text)) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
