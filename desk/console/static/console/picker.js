// The file picker: the whole field takes a click or a dropped file and shows its name.
// Without this script the browser's own picker is there and works.
"use strict";

for (const picker of document.querySelectorAll(".picker")) {
  const input = picker.querySelector("input[type=file]");
  const text = picker.querySelector("[data-picked]");
  const empty = text.textContent;
  const show = () => {
    const names = Array.from(input.files, (file) => file.name);
    const more = names.length > 1 ? ` + ${names.length - 1}` : "";
    text.textContent = names.length ? names[0] + more : empty;
    picker.classList.toggle("picked", names.length > 0);
  };
  picker.classList.add("ready");
  text.hidden = false;
  input.addEventListener("change", show);
  window.addEventListener("pageshow", show);
}
