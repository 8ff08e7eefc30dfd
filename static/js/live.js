// Tells every [data-live] element that something changed, so that htmx fetches it anew. A socket
// brings the news, a word at a time: an element hears its own word, or "changed" if it names none.
// While the socket is down, the page asks for everything by itself every few seconds.

import "./csrf.js";
import { toast } from "./toast.js";

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
    polling ??= setInterval(tellUnlessHidden, POLL_MS);
    setTimeout(() => connect(url), wait);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  });
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) tell();
});

const tellUnlessHidden = () => { if (!document.hidden) tell(); };

// What the page asks by itself, and asks again.
const isByItself = ({ triggeringEvent }) => !triggeringEvent || ["changed", "load", "input"].includes(triggeringEvent.type);

// What somebody asked for and did not get is said, until they get something they asked for.
function failed(event) {
  const { xhr, requestConfig } = event.detail;
  if (xhr.status === 401) return toast("You are logged out. Log in again in another tab; your text stays here.", "logged-out");
  if (isByItself(requestConfig)) return;
  toast(xhr.status ? "That did not work, and nothing was changed. Try again, or load the page anew." : "The console does not answer; nothing was changed. Try again in a moment.", "failed");
}

document.addEventListener("htmx:responseError", failed);
document.addEventListener("htmx:sendError", failed);
document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.successful) return;
  document.querySelector("#logged-out")?.remove();
  if (!isByItself(event.detail.requestConfig)) document.querySelector("#failed")?.remove();
});

setInterval(tellUnlessHidden, POLL_ANYWAY_MS);

const path = document.body.dataset.liveUrl;
if (path) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  connect(url);
}
