// "CSV" on every table that has a name, "CSV" and "PNG" on every chart, also on those that come later.

offer(document);
document.addEventListener("studio:shown", (event) => offer(event.target));

function offer(part) {
  for (const figure of every(part, "figure.plot[data-name]")) {
    const buttons = [button("PNG", figure.dataset.name, () => savePicture(figure))];
    const table = figure.querySelector("table");
    if (table) buttons.unshift(button("CSV", figure.dataset.name, () => saveTable(table, figure.dataset.name)));
    place(figure, "beforeend", buttons);
  }
  for (const table of every(part, "table[data-name]")) {
    if (table.closest("figure.plot[data-name]") || !table.querySelector("tbody tr")) continue;
    const around = table.closest(".scroll") ?? table;
    place(around, "afterend", [button("CSV", table.dataset.name, () => saveTable(table, table.dataset.name))]);
  }
}

function every(part, selector) {
  const found = [...part.querySelectorAll(selector)];
  if (part !== document && part.matches(selector)) found.push(part);
  return found.filter((one) => !one.dataset.saves && (one.dataset.saves = "yes"));
}

function place(beside, where, buttons) {
  const line = document.createElement("p");
  line.className = "saves";
  line.append(...buttons);
  beside.insertAdjacentElement(where, line);
}

function button(kind, name, save) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "plain small";
  made.textContent = kind;
  made.setAttribute("aria-label", `${kind}: download ${name}`);
  made.addEventListener("click", save);
  return made;
}

function saved(blob, name, ending) {
  const { project, today } = document.documentElement.dataset;
  const link = document.createElement("a");
  link.download = `${project}-${name}-${today}.${ending}`.replace(/[^\p{L}\p{N}._-]+/gu, "-");
  link.href = URL.createObjectURL(blob);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// ------------------------------------------------------------------------------------ tables

function saveTable(table, name) {
  const rows = [...table.rows].filter((row) => !row.hidden);
  const text = rows.map((row) => [...row.cells].flatMap(cellsOf).join(",")).join("\r\n");
  saved(new Blob(["\ufeff", text, "\r\n"], { type: "text/csv;charset=utf-8" }), name, "csv");
}

function cellsOf(cell) {
  const said = cell.dataset.value ?? textOf(cell);
  return [written(said), ...Array(cell.colSpan - 1).fill("")];
}

// What is read: nothing of drawings, one space for several.
function textOf(cell) {
  const copy = cell.cloneNode(true);
  for (const drawing of copy.querySelectorAll("svg, button, form")) drawing.remove();
  for (const end of copy.querySelectorAll("br, div, p, li, .sentence")) end.prepend(" ");
  const text = copy.textContent.replace(/\s+/g, " ").trim();
  return text === "–" ? "" : text;
}

// Numbers as programs read them. Whatever a spreadsheet would take for a formula is made a text.
function written(text) {
  const number = text.replaceAll("−", "-").replace(/(?<=\d),(?=\d{3}\b)/g, "");
  if (/^[+-]?\d+(\.\d+)?( ?%)?$/.test(number)) return number.replace(" ", "");
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

// ---------------------------------------------------------------------------------- pictures

const KEPT = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "opacity",
  "font-family", "font-size", "font-weight", "text-anchor", "paint-order", "vector-effect", "visibility",
];
const EDGE = 24;

async function savePicture(figure) {
  const drawn = figure.querySelector(".plotly");
  const blob = drawn ? await drawn.picture?.() : await picture(figure);
  if (blob) saved(blob, figure.dataset.name, "png");
}

// What the figure says above it and shows, on the colour of the page, twice as fine as on the screen.
async function picture(figure) {
  const svg = figure.querySelector("svg.chart, svg");
  const { width, height } = svg.getBoundingClientRect();
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(alone(svg, width, height))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  const style = getComputedStyle(figure);
  const font = `14px ${style.fontFamily}`;
  pen.font = font;
  const lines = wrapped(pen, captionOf(figure), width);
  const keys = [...figure.querySelectorAll(".key")];
  const head = EDGE + 20 * (lines.length + (keys.length ? 1 : 0)) + 8;
  canvas.width = 2 * (width + 2 * EDGE);
  canvas.height = 2 * (head + height + EDGE);
  pen.scale(2, 2);
  pen.fillStyle = getComputedStyle(document.body).backgroundColor;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.font = font;
  pen.fillStyle = style.color;
  lines.forEach((line, i) => pen.fillText(line, EDGE, EDGE + 12 + 20 * i));
  drawKeys(pen, keys, EDGE + 12 + 20 * lines.length, style.color);
  pen.drawImage(image, EDGE, head, width, height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function captionOf(figure) {
  const copy = figure.querySelector("figcaption")?.cloneNode(true);
  copy?.querySelector(".legend")?.remove();
  return copy?.textContent.replace(/\s+/g, " ").trim() ?? "";
}

function wrapped(pen, text, width) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (pen.measureText(longer).width > width && lines.at(-1)) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function drawKeys(pen, keys, y, ink) {
  let x = EDGE;
  for (const key of keys) {
    pen.fillStyle = getComputedStyle(key, "::before").backgroundColor;
    pen.fillRect(x, y - 10, 10, 10);
    pen.fillStyle = ink;
    pen.fillText(key.textContent, x + 16, y);
    x += pen.measureText(key.textContent).width + 36;
  }
}

// The drawing by itself: what the stylesheet says of it, said by its own elements.
function alone(svg, width, height) {
  const copy = svg.cloneNode(true);
  const [from, to] = [svg, copy].map((root) => [root, ...root.querySelectorAll("*")]);
  from.forEach((element, i) => {
    const style = getComputedStyle(element);
    to[i].removeAttribute("class");
    for (const name of KEPT) to[i].setAttribute(name, style.getPropertyValue(name));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  return new XMLSerializer().serializeToString(copy);
}
