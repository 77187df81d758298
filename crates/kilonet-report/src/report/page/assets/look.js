// How a series looks, the same in every plot, legend and table, and on paper: as the page carries it.

const lookOf = series => drawn.looks.series[placeOf.get(series)];
const probe = document.body.appendChild(make("span", { hidden: "" }));

/** Colours that were asked for: asking makes the browser settle the whole page's style. Forgotten with the theme. */
const resolved = new Map();

/** Runs `draw` with the colours of the light theme, whatever the reader's is: what is saved lies on white paper. */
function inLight(draw) {
  probe.style.colorScheme = "light";
  resolved.clear();
  try {
    return draw();
  } finally {
    probe.style.colorScheme = "";
    resolved.clear();
  }
}

/** A colour of the style sheet as the current theme resolves it. */
function colour(name) {
  if (!resolved.has(name)) {
    probe.style.color = `var(--${name})`;
    resolved.set(name, getComputedStyle(probe).color);
  }
  return resolved.get(name);
}

const colourOf = series => colour(`hue-${lookOf(series).hue}`);

/** The outline of a look's marker of a radius around (0, 0), as SVG path data: its corners, or a circle where it has none. */
function outlineData({ marker }, r) {
  if (marker.length === 0) return `M${r} 0A${r} ${r} 0 1 1 ${-r} 0A${r} ${r} 0 1 1 ${r} 0Z`;
  return `M${marker.map(corner => corner.map(v => v * r).join(" ")).join("L")}Z`;
}

/** A line with its marker, as it appears in the plots. */
const SWATCH_LINE = "M-14 0H14";
const swatch = series => drawSwatch(lookOf(series), "-14 -7 28 14", SWATCH_LINE);

function drawSwatch(look, viewBox, line) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ class: "swatch", viewBox, "aria-hidden": "true" })) {
    svg.setAttribute(name, value);
  }
  svg.innerHTML = swatchVectors(look, line, name => `var(--${name})`);
  return svg;
}

/** The line and the marker of a swatch around (0, 0); `ink` gives a colour of the style sheet. */
function swatchVectors(look, line, ink) {
  const stroke = ink(`hue-${look.hue}`);
  const fill = look.hollow ? ink("paper") : stroke;
  return `<path d="${line}" style="fill:none;stroke:${stroke}" stroke-width="2" stroke-dasharray="${look.dash.join(" ")}"/>`
    + `<path d="${outlineData(look, 4.2)}" style="stroke:${stroke};fill:${fill}" stroke-width="1.6"/>`;
}

/** The marker of a level of the factor that colours; nothing for the levels of others. */
function levelMarker(factor, level) {
  if (factor !== drawn.looks.by) return [];
  const series = analysis.series.find(candidate => candidate.factors[factor] === level);
  return [drawSwatch({ ...lookOf(series), hollow: false }, "-6 -7 12 14", "")];
}
