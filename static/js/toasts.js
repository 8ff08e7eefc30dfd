// Counts down to a reply's leaving and then takes its undo away; lets plain words pass.

const PASSING_MS = 6000;

for (const toast of document.querySelectorAll("[data-countdown]")) {
  const over = performance.now() + Number(toast.dataset.countdown) * 1000;
  const text = toast.querySelector("[data-left]");
  const timer = setInterval(() => {
    const left = Math.ceil((over - performance.now()) / 1000);
    if (left > 0) {
      text.textContent = String(left);
      return;
    }
    clearInterval(timer);
    toast.remove();
  }, 250);
}

for (const toast of document.querySelectorAll("[data-passing]")) {
  setTimeout(() => toast.remove(), PASSING_MS);
}
