/* A rectangle drawn with a pointer fills the four fields of the place. Without it the fields are filled by hand. */
"use strict";
for (const map of document.querySelectorAll("svg[data-frame]")) {
  const [west, north, across, down] = map.dataset.frame.split(" ").map(Number);
  const fields = ["w", "s", "e", "n"].map((name) => map.closest("form").elements[name]);
  const box = document.createElementNS(map.namespaceURI, "rect"), { width, height } = map.viewBox.baseVal;
  const within = (value, most) => Math.min(Math.max(value, 0), most);
  const at = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
    return [within(point.x, width), within(point.y, height)];
  };
  let start = null;
  box.setAttribute("class", "box");
  map.style.cursor = "crosshair";
  map.style.touchAction = "none";
  map.parentElement.querySelector("[data-drawn]").hidden = false;
  map.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    start = at(event);
    map.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  map.addEventListener("pointermove", (event) => {
    if (!start) return;
    const end = at(event), [x, y] = [0, 1].map((side) => Math.min(start[side], end[side]));
    const sides = { x, y, width: Math.abs(end[0] - start[0]), height: Math.abs(end[1] - start[1]) };
    if (!sides.width || !sides.height) return;
    map.querySelectorAll(".box").forEach((old) => old !== box && old.remove());
    for (const [name, value] of Object.entries(sides)) box.setAttribute(name, value);
    map.append(box);
    const lines = [west + x * across, north - (y + sides.height) * down, west + (x + sides.width) * across, north - y * down];
    fields.forEach((field, side) => { field.value = lines[side].toFixed(4); });
  });
  for (const end of ["pointerup", "pointercancel"]) map.addEventListener(end, () => { start = null; });
}
