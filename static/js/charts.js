// Draws each [data-chart] with Plotly from the JSON beside it. A colour in the JSON is a custom
// property; it is read anew when the theme changes. Without this script the tables stand open.

const CONFIG = { displayModeBar: false, displaylogo: false, responsive: true, scrollZoom: false, doubleClick: false, showTips: false };
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

// Plotly reads neither light-dark() nor oklch(): a canvas turns them into what it does.
function color(name, element) {
  element.style.color = `var(${name})`;
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = getComputedStyle(element).color;
  element.style.color = "";
  canvas.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
  return `rgba(${red},${green},${blue},${alpha / 255})`;
}

function coloured(value, element) {
  if (Array.isArray(value)) return value.map((one) => coloured(one, element));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, coloured(one, element)]));
  }
  const name = typeof value === "string" && /^var\((--[\w-]+)\)$/.exec(value);
  return name ? color(name[1], element) : value;
}

function axis(own) {
  return { fixedrange: true, zeroline: false, automargin: false, gridcolor: "var(--line)", linecolor: "var(--line)", tickfont: { color: "var(--ink-3)" }, ...own };
}

function draw(figure) {
  const place = figure.querySelector(".plot");
  const { data, layout } = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  const whole = coloured({
    ...layout,
    xaxis: axis(layout.xaxis),
    yaxis: axis(layout.yaxis),
    margin: { l: 44, t: 8, b: 40, ...layout.margin },
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: "var(--ink-2)" },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    hoverlabel: { bgcolor: "var(--raised)", bordercolor: "var(--line-strong)", font: { color: "var(--ink)" } },
    showlegend: false,
    dragmode: false,
  }, place);
  return window.Plotly.react(place, coloured(data, place), whole, CONFIG);
}

const figures = [...document.querySelectorAll("[data-chart]")];

async function drawAll() {
  for (const figure of figures) {
    await draw(figure);
    if (figure.dataset.drawn) continue;
    figure.dataset.drawn = "yes";
    figure.querySelector("details").open = false;
  }
}

if (window.Plotly) {
  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
} else {
  for (const figure of figures) figure.dataset.drawn = "no";
}
