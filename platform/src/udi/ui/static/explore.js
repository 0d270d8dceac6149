/* Follows the links and forms of the page of a table without leaving it: fetches the region of the same address, puts it in
   place, keeps the focus where it was and lets the count be read out. Without it, or when the node is away, the browser follows. */
"use strict";
const region = document.getElementById("explore");
const isSamePage = (url) => url.origin === location.origin && url.pathname === location.pathname;
let turn = 0, typing = 0;
const restore = (id, place) => {
  const field = (id && document.getElementById(id)) || document.getElementById("result-count");
  if (!field) return;
  field.focus({ preventScroll: true });
  if (place !== null && field.setSelectionRange && field.type === "search") field.setSelectionRange(place, place);
};
const announce = () => {
  const count = document.getElementById("result-count");
  if (!count) return;
  const words = [...count.childNodes];
  count.replaceChildren();
  setTimeout(() => count.replaceChildren(...words), 60);
};
const load = async (url) => {
  const mine = ++turn;
  const rows = region.querySelector(".rows");
  if (rows) rows.setAttribute("aria-busy", "true");
  const answer = await fetch(url, { headers: { "X-Fragment": "explore" } });
  if (!answer.headers.get("content-type")?.startsWith("text/html") || answer.status >= 500) throw new Error();
  const text = await answer.text();
  return mine === turn ? { text, address: answer.headers.get("content-location") || answer.url } : null;
};
const fill = (root, text) => {
  const page = new DOMParser().parseFromString(text, "text/html"), part = page.getElementById("explore");
  if (!part || part.querySelector("script")) throw new Error();
  root.replaceChildren(...part.childNodes);
  return page.title;
};
const show = async (url, { push = true, id = "" } = {}) => {
  const place = document.activeElement?.selectionStart ?? null;
  try {
    const page = await load(url);
    if (!page) return;
    const open = [...region.querySelectorAll("details[open][id]")].map((box) => box.id);
    document.title = fill(region, page.text);
    for (const name of id ? open : []) {
      const box = document.getElementById(name);
      if (box && box.querySelector("#" + CSS.escape(id))) box.open = true;
    }
    if (push) history.pushState({}, "", page.address);
    restore(id, place);
    announce();
    document.dispatchEvent(new CustomEvent("explored"));
  } catch { location.assign(url); }
};
const panel = async (url, opener) => {
  try {
    const page = await load(url);
    if (!page) return;
    const box = document.createElement("dialog"), rest = document.createElement("div");
    fill(rest, page.text);
    const content = rest.querySelector("#panel");
    if (!content) throw new Error();
    content.querySelector("#result-count")?.removeAttribute("id");
    box.setAttribute("aria-labelledby", "panel-title");
    box.append(content);
    region.append(box);
    box.addEventListener("close", () => { box.remove(); document.getElementById(opener)?.focus(); });
    box.showModal();
    region.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  } catch { location.assign(url); }
};
region.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.id === "panel-close" && link.closest("dialog")) {
    event.preventDefault();
    link.closest("dialog").close();
    return;
  }
  const url = new URL(link.href);
  if (!isSamePage(url) || link.hash && link.getAttribute("href").startsWith("#") || link.target) return;
  event.preventDefault();
  if (link.classList.contains("panel-link") && "showModal" in HTMLDialogElement.prototype) panel(url, link.id);
  else show(url, { id: link.id });
});
region.addEventListener("submit", (event) => {
  const form = event.target;
  const url = new URL(form.action);
  if (form.method !== "get" || !isSamePage(url)) return;
  event.preventDefault();
  clearTimeout(typing);
  url.search = new URLSearchParams([...new FormData(form, event.submitter)].filter(([, value]) => typeof value === "string"));
  show(url, { id: document.activeElement?.id });
});
region.addEventListener("input", (event) => {
  if (event.target.id !== "q") return;
  clearTimeout(typing);
  typing = setTimeout(() => event.target.form?.requestSubmit(), 400);
});
region.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const box = event.target.closest("details.pop[open]");
  if (box) { box.open = false; box.querySelector("summary").focus(); }
});
addEventListener("popstate", () => show(location.href, { push: false }));
