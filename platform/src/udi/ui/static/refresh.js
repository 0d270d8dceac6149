/* Asks a page that waits for something again, and replaces its moving part when it changed. Without it the page says how to look. */
"use strict";
let tag = "", turn = 0;
const find = (root) => root.querySelector("[data-refresh]");
const plan = () => {
  const part = find(document);
  clearTimeout(turn);
  if (part && !document.hidden) turn = setTimeout(look, Number(part.dataset.refresh) * 1000);
};
const look = async () => {
  const part = find(document);
  try {
    const answer = await fetch(location.href, { cache: "no-store", headers: { "UDI-Refresh": "1", "If-None-Match": tag } });
    if (answer.ok && !answer.redirected) {
      tag = answer.headers.get("ETag") || "";
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const renewed = page.getElementById(part.id);
      if (renewed && renewed.outerHTML !== part.outerHTML && !part.contains(document.activeElement)) {
        part.replaceWith(document.adoptNode(renewed));
        document.title = page.title;
      }
    }
  } catch { /* away: asked again at the next turn */ }
  plan();
};
document.addEventListener("visibilitychange", plan);
plan();
