// Tells every [data-live] element that something changed, so that htmx fetches it anew. A socket
// brings the news, a word at a time: an element hears its own word, or "changed" if it names none.
// While the socket is down, the page asks for everything by itself every few seconds.

const POLL_MS = 10_000;
const POLL_ANYWAY_MS = 20_000; // Redis may forget who listens while the socket stays open
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

let wait = FIRST_WAIT_MS;
let polling = null;
let socket = null;

// Says something to the server; lost if the socket is down.
export function say(words) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(words));
}

function tell(word) {
  for (const element of document.querySelectorAll("[data-live]")) {
    if (!word || word === (element.dataset.live || "changed")) window.htmx.trigger(element, "changed");
  }
  document.dispatchEvent(new CustomEvent("news", { detail: word }));
}

function connect(url) {
  socket = new WebSocket(url);
  socket.addEventListener("open", () => {
    wait = FIRST_WAIT_MS;
    clearInterval(polling);
    polling = null;
    document.body.dataset.live = "socket";
    document.dispatchEvent(new CustomEvent("connected"));
    tell(); // what happened while nobody listened
  });
  socket.addEventListener("message", (event) => tell(event.data));
  socket.addEventListener("close", () => {
    document.body.dataset.live = "polling";
    polling ??= setInterval(tell, POLL_MS);
    setTimeout(() => connect(url), wait);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  });
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) tell();
});

document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status !== 401 || document.querySelector("#logged-out")) return;
  const notice = document.createElement("p");
  notice.id = "logged-out";
  notice.className = "toast";
  notice.dataset.state = "bad";
  notice.textContent = "You are logged out. Log in again in another tab; your text stays here.";
  document.querySelector(".toasts").append(notice);
});

setInterval(tell, POLL_ANYWAY_MS);

const path = document.body.dataset.liveUrl;
if (path) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  connect(url);
}
