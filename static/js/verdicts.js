// A verdict leaves the page: until the next one is there, no key acts.

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("#decision, [data-onward]")) return;
  document.body.dataset.loading = "yes";
});
