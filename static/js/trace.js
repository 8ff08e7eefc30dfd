// Up and down move between the steps of a trace; what was opened comes into view.

const rows = () => [...document.querySelectorAll("[data-steps] a")];
const ways = {
  ArrowDown: (at) => at + 1,
  ArrowUp: (at) => at - 1,
  Home: () => 0,
  End: () => Infinity,
};

document.addEventListener("keydown", (event) => {
  const way = ways[event.key];
  const links = rows();
  const at = links.indexOf(event.target);
  if (!way || at < 0) return;
  event.preventDefault();
  links[Math.min(Math.max(way(at), 0), links.length - 1)].focus();
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "trace") return;
  const step = document.querySelector("#step");
  if (step.getBoundingClientRect().top > window.innerHeight * 0.8) step.scrollIntoView();
});
