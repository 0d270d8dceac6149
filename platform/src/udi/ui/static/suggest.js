/* Offers words of the catalogue under a search field while someone types. Without it the field does the same, less one list. */
"use strict";
for (const field of document.querySelectorAll("input[data-suggest]")) {
  const list = document.createElement("datalist");
  list.id = field.id + "-words";
  field.after(list);
  field.setAttribute("list", list.id);
  let waiting = 0, latest = "";
  const ask = async () => {
    const text = latest = field.value;
    if (text.trim().length < 2) return list.replaceChildren();
    try {
      const answer = await fetch(field.dataset.suggest + "?q=" + encodeURIComponent(text));
      const [, words] = await answer.json();
      if (text === latest) list.replaceChildren(...words.map((word) => new Option(word, word)));
    } catch { list.replaceChildren(); }
  };
  field.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, 150); });
}
