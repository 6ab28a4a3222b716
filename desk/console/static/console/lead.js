// Keys of the officer's lead page: J next, K previous, 1 shortlist, 2 dismiss (then a reason),
// 4 authorised, E preserve. Bound to the physical key, silent while an input method composes.
"use strict";

const FIELDS = "input, select, textarea, [contenteditable]";

function press(selector) {
  const target = document.querySelector(selector);
  if (target === null || target.disabled) return false;
  target.click();
  return true;
}

function chooseReason(event) {
  const open = document.querySelector("details.choose[open]");
  if (open === null) return false;
  if (event.code === "Escape") {
    open.open = false;
    open.querySelector("summary").focus();
    return true;
  }
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
  return digit !== null && press(`details.choose[open] [data-choice="${digit[1]}"]`);
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || event.repeat) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.target instanceof Element && event.target.closest(FIELDS) !== null) return;
  if (chooseReason(event) || press(`[data-code~="${CSS.escape(event.code)}"]`)) {
    event.preventDefault();
  }
});

document.addEventListener("click", (event) => {
  for (const panel of document.querySelectorAll("details.choose[open]")) {
    if (!panel.contains(event.target)) panel.open = false;
  }
});

// A verdict is sent once: a second press while the first is on its way decides nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent === "yes") {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});

window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
