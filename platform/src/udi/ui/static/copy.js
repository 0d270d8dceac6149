/* Adds a button that copies to each field made to be copied. Without it the field is selected by hand. */
"use strict";
const addButtons = () => { for (const box of navigator.clipboard ? document.querySelectorAll("[data-copy]:not(:has(button))") : []) {
  const field = box.querySelector("input, textarea"), button = document.createElement("button");
  button.type = "button";
  button.className = "btn quiet";
  button.textContent = box.dataset.copy;
  button.setAttribute("aria-describedby", box.querySelector("label").id);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = box.dataset.copied;
    } catch { field.select(); }
  });
  box.append(button);
} };
addButtons();
document.addEventListener("explored", addButtons);
