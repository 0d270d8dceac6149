/* Checks the cells of a form of rows while somebody types, adds rows to a grid, and takes in several cells copied from a
   spreadsheet. Without it the node says the same once the rows are saved. */
"use strict";
const MOST_ROWS = 500, MOST_CELLS = 20000;
const numeric = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
const example = (say, field) => field.dataset.example ? " " + say.sayExample + " " + field.dataset.example : "";
/* Whatever is read of a form, a browser looks first for a field of that name among all of them: once, not for each cell. */
const partsOf = (form) => ({
  form, say: form.dataset, body: form.querySelector("tbody"), count: form.elements.rows, state: form.querySelector("[data-state]"),
});
const patterns = new Map();
const pattern = (text) => {
  if (!patterns.has(text)) {
    try { patterns.set(text, new RegExp("^(?:" + text + ")$", "u")); } catch { patterns.set(text, null); }
  }
  return patterns.get(text);
};
const fieldsOf = (field) => [...(field.closest("tr, form")).querySelectorAll("[data-kind]")];
const isBlank = (field) => {
  const row = field.closest("tr, form"), digest = row.querySelector("[name$='-digest']");
  return !digest.value && fieldsOf(field).every((one) => !one.value.trim());
};
const numberFault = (say, rules, value) => {
  const text = rules.mark ? value.replace(rules.mark, ".") : value;
  if (!numeric.test(text)) return "whole" in rules ? say.sayWhole : say.sayNumber;
  if ("whole" in rules && !/^[-+]?\d+$/.test(text)) return say.sayWhole;
  if (rules.min && Number(text) < Number(rules.min)) return say.sayLeast + " " + rules.min;
  if (rules.max && Number(text) > Number(rules.max)) return say.sayMost + " " + rules.max;
  return "";
};
const fault = (say, field) => {
  const rules = field.dataset, value = field.value;
  if (!value) return "required" in rules && !isBlank(field) ? say.sayRequired + example(say, field) : "";
  if (rules.kind === "number") {
    const words = numberFault(say, rules, value);
    return words && words + example(say, field);
  }
  if (rules.kind === "date" && !/^\d{4}-\d\d-\d\d$/.test(value)) return say.sayDate + example(say, field);
  if (rules.shortest && [...value].length < rules.shortest) return say.sayShortest + " " + rules.shortest;
  if (rules.longest && [...value].length > rules.longest) return say.sayLongest + " " + rules.longest;
  if (rules.pattern && pattern(rules.pattern)?.test(value) === false) return say.sayPattern + example(say, field);
  return "";
};
const describe = (field, id) => {
  const ids = [...["-h", "-n"].map((end) => document.getElementById(field.id + end)?.id), id].filter(Boolean);
  if (ids.length) field.setAttribute("aria-describedby", ids.join(" "));
  else field.removeAttribute("aria-describedby");
};
const show = (say, field) => {
  const words = fault(say, field), id = field.id + "-e", cell = field.closest("td, .field");
  let line = document.getElementById(id);
  if (!words) {
    line?.remove();
    field.removeAttribute("aria-invalid");
    describe(field, "");
  } else {
    if (!line) {
      line = document.createElement("p");
      line.className = "error";
      line.id = id;
      cell.append(line);
    }
    line.textContent = words;
    field.setAttribute("aria-invalid", "true");
    describe(field, id);
  }
  cell.classList.toggle(cell.matches("td") ? "bad" : "invalid", Boolean(words));
};
const tell = ({ form, say, state }, words = "") => {
  const invalid = form.querySelectorAll("[aria-invalid]").length;
  state.textContent = [words, invalid ? say.sayWrong + " " + invalid : say.sayRight].filter(Boolean).join(" ");
};
const rename = (text, from, to) => text.replace("r" + from + "-", "r" + to + "-");
const addRow = ({ body, count }) => {
  const rows = body.rows, last = rows[rows.length - 1];
  if (rows.length >= MOST_ROWS || (rows.length + 1) * fieldsOf(last.querySelector("[data-kind]")).length > MOST_CELLS) return null;
  const row = last.cloneNode(true), to = rows.length;
  for (const one of row.querySelectorAll(".error, .hint, .tick")) one.remove();
  for (const cell of row.querySelectorAll("td.bad")) cell.classList.remove("bad");
  for (const field of row.querySelectorAll("input, select, textarea")) {
    field.name = rename(field.name, to - 1, to);
    if (field.id) field.id = rename(field.id, to - 1, to);
    for (const name of ["aria-invalid", "aria-describedby"]) field.removeAttribute(name);
    if (field.name.endsWith("-gone")) field.remove();
    else if (field.name.endsWith("-number")) field.value = "0";
    else field.value = "";
    const label = field.getAttribute("aria-label");
    if (label) field.setAttribute("aria-label", label.replace(/\d+$/, String(to + 1)));
  }
  last.after(row);
  count.value = String(to + 1);
  return row;
};
const read = (text) => {
  const rows = [[""]];
  let quoted = false;
  const cells = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  for (let place = 0; place < cells.length; place++) {
    const sign = cells[place], row = rows[rows.length - 1];
    if (quoted && sign === '"' && cells[place + 1] === '"') { row[row.length - 1] += '"'; place++; }
    else if (quoted && sign === '"') quoted = false;
    else if (quoted) row[row.length - 1] += sign;
    else if (sign === '"' && !row[row.length - 1]) quoted = true;
    else if (sign === "\t") row.push("");
    else if (sign === "\n") rows.push([""]);
    else row[row.length - 1] += sign;
  }
  return rows;
};
const put = (field, value) => {
  let text = value.trim();
  if (field.type === "date") {
    const day = text.match(/^(\d\d?)[/.](\d\d?)[/.](\d{4})$/);
    if (day) text = day[3] + "-" + day[2].padStart(2, "0") + "-" + day[1].padStart(2, "0");
    field.value = text;
    if (field.value !== text) field.type = "text";
  } else if (field.tagName === "SELECT" && ![...field.options].some((one) => one.value === text)) {
    field.add(new Option(text, text));
  } else if (field.tagName === "INPUT" && text.includes("\n")) text = text.replace(/\n/g, " ");
  field.value = text;
};
const paste = (grid, field, text) => {
  const rows = [...grid.body.rows], first = field.closest("tr");
  const column = fieldsOf(field).indexOf(field), lines = read(text), touched = [];
  let place = rows.indexOf(first), done = 0;
  for (const line of lines) {
    const row = rows[place] || addRow(grid);
    if (!row) break;
    rows[place++] = row;
    done++;
    const fields = [...row.querySelectorAll("[data-kind]")];
    line.forEach((value, index) => {
      const one = fields[column + index];
      if (one) put(one, value);
    });
    touched.push(...fields);
  }
  for (const one of touched) show(grid.say, one);
  tell(grid, grid.say.sayPaste + " " + done + "." + (done < lines.length ? " " + grid.say.sayFull : ""));
};
for (const form of document.querySelectorAll("form[data-rows]")) {
  const grid = partsOf(form);
  form.addEventListener("input", ({ target }) => {
    if (!target.dataset.kind) return;
    show(grid.say, target);
    tell(grid);
  });
  form.addEventListener("focusout", ({ target }) => {
    if (!target.dataset?.kind || isBlank(target)) return;
    fieldsOf(target).filter((one) => one === target || one.hasAttribute("aria-invalid")).forEach((one) => show(grid.say, one));
    tell(grid);
  });
  if (!form.querySelector(".cells")) continue;
  form.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text/plain");
    if (!event.target.dataset?.kind || !/[\t\n]/.test(text.trimEnd())) return;
    event.preventDefault();
    paste(grid, event.target, text);
  });
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn quiet";
  button.textContent = form.dataset.sayAdd;
  button.addEventListener("click", () => addRow(grid)?.querySelector("[data-kind]").focus());
  grid.state.after(button);
}
