// Keys for lists and reviews. Everything they do, a link or a button on the page does too.
//   j, k    the next and the previous row of a list, or closure of the queue
//   a letter in data-key   presses that button, opens that field, follows that link
// Who speaks to the machine or presses letters by mistake turns them off, for this browser.
"use strict";
(() => {
  let on = localStorage.getItem("keys") !== "off";
  const toggle = document.querySelector("[data-keys]");
  const tell = () => { toggle.textContent = on ? "Keys are on: turn off" : "Keys are off: turn on"; };
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    on = !on;
    localStorage.setItem("keys", on ? "on" : "off");
    tell();
  });
  tell();

  const rows = () => [...document.querySelectorAll("[data-row]")];
  const types = (element) =>
    element.closest("input, textarea, select, [contenteditable]") !== null;

  const step = (by) => {
    const all = rows();
    const at = all.indexOf(document.activeElement);
    const to = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
    to?.focus();
    to?.scrollIntoView({ block: "nearest" });
    return to !== undefined;
  };

  const press = (key) => {
    const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (target === null) return false;
    target.closest("details")?.setAttribute("open", "");
    target.matches("input, textarea, select") ? target.focus() : target.click();
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
      // Ctrl+Enter sends the form one writes in.
      if (event.key === "Enter" && event.target.form) event.target.form.requestSubmit();
      return;
    }
    if (types(event.target)) {
      if (event.key === "Escape") event.target.blur();
      if (event.key === "Enter" && !event.shiftKey && "enter" in event.target.dataset) {
        event.preventDefault();
        event.target.form.requestSubmit();
      }
      return;
    }
    if (!on) return;
    const moves = { j: 1, k: -1 };
    const done = event.key in moves && rows().length > 0 ? step(moves[event.key]) : press(event.key);
    if (done) event.preventDefault();
  });

  // In the queue the first row is chosen, so that Enter opens the oldest.
  if (document.activeElement === document.body && document.querySelector("[data-choose]"))
    rows()[0]?.focus({ preventScroll: true });
})();
