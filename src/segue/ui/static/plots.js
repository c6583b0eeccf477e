// Draws the figures of a page with Plotly, which is loaded only where there is one. A figure is the
// data of a script element; its colours are those of the page, light or dark. See ui/plots.py.

const dark = matchMedia("(prefers-color-scheme: dark)");
let loading;

drawAll(document);
document.addEventListener("studio:shown", (event) => drawAll(event.target));
dark.addEventListener("change", () => drawAll(document));
document.addEventListener("studio:theme", () => drawAll(document));

async function drawAll(part) {
  const places = [...part.querySelectorAll(".plotly[data-figure]")];
  if (part !== document && part.matches(".plotly[data-figure]")) places.push(part);
  for (const place of places) await draw(place);
}

function plotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.querySelector('meta[name="plotly"]').content;
    script.onload = () => resolve(window.Plotly);
    script.onerror = reject;
    document.head.append(script);
  });
  return loading;
}

async function draw(place) {
  const figure = JSON.parse(document.getElementById(place.dataset.figure).textContent);
  const library = await plotly();
  const isNew = !place.picture;
  if (isNew) place.replaceChildren();
  dress(figure, place.clientWidth < 500);
  await library.react(place, figure.data, figure.layout, { displayModeBar: false, responsive: true });
  if (!isNew) return;
  place.picture = () => picture(library, place);
  place.on("plotly_click", ({ points }) => follow(place, points[0]));
  place.addEventListener("keydown", (event) => step(library, place, event));
}

// The page's own colours; its caption is the title; nothing is moved by a finger that scrolls.
function dress({ data, layout }, isNarrow) {
  const style = getComputedStyle(document.documentElement);
  const [ink, soft, card, line, rule] = ["ink", "soft", "card", "line", "rule"].map((name) =>
    style.getPropertyValue(`--${name}`).trim(),
  );
  const common = layout.template.layout;
  common.font.color = soft;
  common.hoverlabel = { bgcolor: card, bordercolor: rule, font: { color: ink } };
  for (const axis of [common.xaxis, common.yaxis]) {
    Object.assign(axis, { gridcolor: line, linecolor: rule, zerolinecolor: rule });
  }
  for (const one of data) {
    if (one.type === "sankey") one.textfont = { ...one.textfont, color: ink, size: isNarrow ? 11 : 13 };
  }
  delete layout.title;
  layout.dragmode = false;
  layout.margin = { ...common.margin, t: 12, ...(isNarrow ? { l: 8, r: 8 } : {}) };
  layout.autosize = true;
}

// Where a mark leads to: to the people behind it.
function linkOf(place, point) {
  const links = place.layout.meta?.links;
  if (!links || !point) return undefined;
  if (point.data?.type === "sankey" || place.data[0].type === "sankey") {
    return links["source" in point && "target" in point ? "link" : "node"]?.[point.pointNumber];
  }
  return links[point.curveNumber]?.[point.pointNumber];
}

function follow(place, point) {
  const link = linkOf(place, point);
  if (link) location.assign(link);
}

// The arrows go from mark to mark, Enter follows one, Escape lets go.
function step(library, place, event) {
  const drawn = place.data.map((one, curve) => ({ one, curve, size: place.calcdata[curve]?.length ?? 0 }));
  const marks = drawn.filter(({ one, size }) => size && one.y && one.hoverinfo !== "skip");
  if (!marks.length) return;
  const at = place.at ?? { line: 0, mark: -1 };
  const moves = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
  if (event.key === "Enter") {
    follow(place, { curveNumber: marks[at.line].curve, pointNumber: at.mark });
  } else if (event.key === "Escape") {
    place.at = undefined;
    library.Fx.unhover(place);
  } else if (moves[event.key]) {
    event.preventDefault();
    at.line = (at.line + moves[event.key][0] + marks.length) % marks.length;
    const { curve, size } = marks[at.line];
    at.mark = Math.min(Math.max(at.mark + moves[event.key][1], 0), size - 1);
    place.at = at;
    library.Fx.hover(place, [{ curveNumber: curve, pointNumber: at.mark }]);
  }
}

// A PNG of what is seen, on the colour of the page. (Plotly's own would be drawn from an address
// that pages do not let in.)
async function picture(library, place) {
  const { clientWidth: width, clientHeight: height } = place;
  const image = new Image();
  image.src = await library.toImage(place, { format: "svg", width, height });
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * width, height: 2 * height });
  const context = canvas.getContext("2d");
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
