// Counts down to a reply's leaving and then takes its undo away; lets plain words pass, but no error.

const PASSING_MS = 6000;

for (const toast of document.querySelectorAll("[data-countdown]")) {
  const over = performance.now() + Number(toast.dataset.countdown) * 1000;
  const text = toast.querySelector("[data-left]");
  const timer = setInterval(() => {
    const left = Math.ceil((over - performance.now()) / 1000);
    if (left > 0) {
      if (text && text.textContent !== String(left)) text.textContent = String(left);
      return;
    }
    clearInterval(timer);
    toast.remove();
  }, 250);
}

for (const toast of document.querySelectorAll("[data-passing]:not([data-state=bad])")) {
  setTimeout(() => toast.remove(), PASSING_MS);
}

// A reason is kept without leaving the page; the answer is a sentence.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-why]") || !event.submitter) return;
  event.preventDefault();
  const request = { method: "POST", body: new FormData(form, event.submitter), headers: { "HX-Request": "true" } };
  const response = await fetch(form.action, request).catch(() => null);
  form.textContent = response?.ok ? await response.text() : "The reason was not kept.";
});
