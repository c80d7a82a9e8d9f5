// A session's page, live: follows the stream from the position the page was drawn at, sends forms
// without leaving the page, brings older entries, and listens to keys.
//
// Nothing is missed and nothing doubled: the server names the position up to which it has told
// everything, the browser asks to go on from there, and every piece has an id by which it is put in
// place. Whatever comes from the server is HTML in which endpoints' output is text already.
"use strict";

const session = document.querySelector(".session");
const stream = document.getElementById("stream");
const scroller = document.querySelector(".stream-scroll");
const composer = document.getElementById("composer");
const line = document.getElementById("text");
const answer = document.getElementById("answer");
const lineState = document.getElementById("line");
const help = document.getElementById("help");
let position = session.dataset.position;

// -- following the stream -----------------------------------------------------------------------
function follow() {
  const source = new EventSource(`${session.dataset.live}?after=${position}`);
  source.onopen = () => say("");
  source.onmessage = (message) => place(message.data);
  source.addEventListener("reached", (message) => { position = message.lastEventId; });
  source.onerror = () => {
    say("The line is down; the page goes on by itself.");
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 2000); // the browser gave up
  };
}

function say(words) {
  lineState.textContent = words;
}

function place(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const piece of [...template.content.children]) {
    const there = document.getElementById(piece.id);
    if (piece.dataset.into) {
      if (!there) document.getElementById(piece.dataset.into)?.append(piece);
    } else if (there) {
      replace(there, piece);
    } else {
      insert(piece);
    }
  }
}

function replace(old, piece) {
  const held = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(piece);
  if (piece.id === "side") sideChanged(piece);
  if (held) (alike(piece, held) || line || scroller).focus({ preventScroll: true });
}

// What has the focus goes on having it, if it is still there.
function alike(piece, held) {
  return [...piece.querySelectorAll(held.localName)].find(
    (one) => one.textContent === held.textContent && one.title === held.title,
  );
}

// By version; what is older than everything on the page comes when one scrolls up to it.
function insert(entry) {
  const version = Number(entry.dataset.version);
  let next = null;
  for (let one = stream.lastElementChild; one; one = one.previousElementSibling) {
    if (!one.dataset.version) break;
    if (Number(one.dataset.version) < version) break;
    next = one;
  }
  if (next && next.previousElementSibling?.matches(".older")) return;
  stream.insertBefore(entry, next);
}

function sideChanged(side) {
  const select = document.getElementById("endpoint");
  if (!select) return;
  const chosen = select.value;
  const known = new Set([...select.options].map((option) => option.value));
  const names = JSON.parse(side.dataset.endpoints);
  if (names.every((name) => known.has(name))) return;
  select.replaceChildren(...names.map((name) => new Option(name, name)));
  select.value = chosen || names[names.length - 1];
}

// -- sending ------------------------------------------------------------------------------------
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-live]")) return;
  event.preventDefault();
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { "X-Live": "yes" },
    });
    told(response.ok ? "" : (await response.text()) || `The server answered ${response.status}.`);
    if (response.ok && form === composer) sent();
  } catch {
    told("The server cannot be reached. What you typed is still here: send it again.");
  } finally {
    form.removeAttribute("aria-busy");
  }
});

function told(words) {
  if (answer) answer.textContent = words;
}

// The same id until it was taken: a line that is sent twice is carried out once.
function sent() {
  composer.elements.request_id.value = crypto.randomUUID?.() ?? String(Math.random());
  document.getElementById("kind").value = "";
  line.value = "";
  recalled = null;
  scroller.scrollTo({ top: 0 });
}

// -- older entries ------------------------------------------------------------------------------
const seen = new IntersectionObserver(
  (entries) => entries.filter((one) => one.isIntersecting).forEach((one) => older(one.target)),
  { root: scroller, rootMargin: "1200px" },
);

async function older(link) {
  seen.unobserve(link);
  try {
    const response = await fetch(link.dataset.older);
    if (!response.ok) throw new Error(String(response.status));
    const template = document.createElement("template");
    template.innerHTML = await response.text();
    link.closest(".older").replaceWith(template.content);
    observeOlder();
  } catch {
    link.textContent = "That did not come. Try again";
  }
}

function observeOlder() {
  const link = stream.querySelector("a[data-older]");
  if (link) seen.observe(link);
}

stream.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-older]");
  if (!link) return;
  event.preventDefault();
  older(link);
});

// -- keys ---------------------------------------------------------------------------------------
let recalled = null;

function recall(step) {
  const typed = [...stream.querySelectorAll(".typed")].map((one) => one.textContent);
  if (!typed.length) return;
  recalled = Math.min(Math.max((recalled ?? typed.length) + step, 0), typed.length);
  line.value = typed[recalled] ?? "";
}

line?.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    if (line.value.trim() === "/help") { line.value = ""; showHelp(); }
    else if (line.value.trim()) composer.requestSubmit();
  } else if (event.key === "Escape") {
    scroller.focus();
  } else if (event.key === "ArrowUp" && (!line.value || recalled !== null)) {
    event.preventDefault();
    recall(-1);
  } else if (event.key === "ArrowDown" && recalled !== null) {
    event.preventDefault();
    recall(1);
  }
});
line?.addEventListener("input", () => { recalled = null; });

function showHelp() {
  help.showModal();
}

function step(by) {
  const entries = [...stream.querySelectorAll(".entry")];
  const at = entries.indexOf(document.activeElement.closest?.(".entry"));
  const next = entries[at < 0 ? entries.length - 1 : Math.min(Math.max(at + by, 0), entries.length - 1)];
  if (!next) return;
  next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

const KEYS = {
  "?": showHelp,
  i: () => line?.focus(),
  "/": () => line?.focus(),
  j: () => step(1),
  k: () => step(-1),
  g: () => stream.firstElementChild?.scrollIntoView(),
  G: () => scroller.scrollTo({ top: 0 }),
  x: () => [...stream.querySelectorAll(".going form button")].pop()?.click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  if (event.target.closest("input, select, textarea")) return;
  const button = document.querySelector(`.session [data-key="${CSS.escape(event.key)}"]`);
  const act = KEYS[event.key] ?? (button && (() => button.click()));
  if (!act) return;
  event.preventDefault();
  act();
});

const helpButton = document.getElementById("help-button");
if (helpButton) {
  helpButton.hidden = false;
  helpButton.addEventListener("click", showHelp);
}

// On a narrow page the side begins closed: the stream comes first.
const fold = document.querySelector(".side-fold");
if (fold && matchMedia("(max-width: 50rem)").matches) fold.open = false;

observeOlder();
if (session.dataset.live) follow();
