// Counts a toast's seconds down and takes its undo away when they are over.

for (const toast of document.querySelectorAll("[data-countdown]")) {
  const text = toast.querySelector("span");
  let left = Number(/(\d+) s$/.exec(text.textContent)?.[1] ?? 0);
  const timer = setInterval(() => {
    left -= 1;
    if (left > 0) {
      text.textContent = text.textContent.replace(/\d+ s$/, `${left} s`);
      return;
    }
    clearInterval(timer);
    toast.remove();
  }, 1000);
}
