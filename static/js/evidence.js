// Opens what a [data-beside] link leads to beside the draft, so that nobody leaves it to read on,
// and takes files that are dropped on a [data-drop] part.

const beside = () => document.querySelector("#beside");
let opener = null;

async function open(link) {
  const panel = beside();
  const place = panel.querySelector("#beside-text");
  const answer = await fetch(link.href, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (answer?.ok) {
    place.innerHTML = await answer.text(); // made by our own templates, which escape every value
  } else {
    const sorry = document.createElement("p");
    sorry.textContent = answer ? "It could not be opened. It may be gone, or you are logged out." : "The console cannot be reached. Try again in a moment.";
    place.replaceChildren(sorry);
  }
  opener = link;
  panel.hidden = false;
  panel.scrollTop = 0;
  panel.focus({ preventScroll: true });
}

function close() {
  beside().hidden = true;
  opener?.focus({ preventScroll: true });
  opener = null;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-beside]");
  if (link && beside() && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
    event.preventDefault();
    if (link === opener && !beside().hidden) close();
    else open(link);
  } else if (event.target.closest("[data-beside-close]")) {
    close();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (beside() && !beside().hidden) close();
});

function input(event) {
  const part = event.target.closest?.("[data-drop]") ?? document.querySelector("[data-drop]");
  const isFile = event.dataTransfer?.types.includes("Files");
  return isFile && part ? document.querySelector(part.dataset.drop) : null;
}

// What is too large need not travel to be refused.
document.addEventListener("change", (event) => {
  const { files, dataset } = event.target;
  if (!dataset.largest || ![...files].some((file) => file.size > Number(dataset.largest))) return;
  event.stopPropagation();
  event.target.value = "";
  document.querySelector("#files-limit").textContent = "A file is larger than 5 MB. Nothing was attached.";
}, { capture: true });

document.addEventListener("dragover", (event) => {
  if (input(event)) event.preventDefault();
});

document.addEventListener("drop", (event) => {
  const files = input(event);
  if (!files) return;
  event.preventDefault(); // a browser would leave the page for the file
  files.files = event.dataTransfer.files;
  files.dispatchEvent(new Event("change", { bubbles: true }));
});
