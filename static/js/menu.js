// Closes an open menu by Escape or a click elsewhere; brings the section one is in into view.

const open = () => document.querySelectorAll("details.account[open], details[data-menu][open]");

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("pointerdown", (event) => {
  for (const menu of open()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.querySelector(".bar [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
