// Says something in the corner, once; what is bad stays until the page is left.

export function toast(text, id) {
  if (document.getElementById(id)) return;
  const notice = document.createElement("p");
  Object.assign(notice, { id, className: "toast", textContent: text });
  notice.dataset.state = "bad";
  document.querySelector(".toasts").append(notice);
}
