// Keeps one part of the page fresh while work is under way: the element names the address of its
// own fragment in data-refresh; the fragment says with data-done that nothing more will change.
"use strict";

const PAUSE = 2000;

async function refresh(part) {
  const answer = await fetch(part.dataset.refresh, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-refresh], [data-done]");
  if (fresh === null) return;
  if (fresh.hasAttribute("data-done")) {
    window.location.reload();
    return;
  }
  part.replaceWith(document.adoptNode(fresh));
  watch();
}

function watch() {
  const part = document.querySelector("[data-refresh]");
  if (part !== null) setTimeout(() => refresh(part).catch(() => setTimeout(watch, PAUSE)), PAUSE);
}

watch();
