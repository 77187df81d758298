// How a series looks, the same in every plot, legend and table: colour and marker by its main factor, dash and filling by
// the others. No two series rely on colour alone.

const KNOWN_TOPOLOGIES = ["loopback", "shared", "veth", "bridge"];
const HUE_ORDER = [3, 2, 1, 4, 6, 5, 7, 0];
const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3], [14, 4], [5, 2, 1, 2]];
const MARKERS = ["circle", "square", "triangle", "diamond", "wedge", "cross", "bar", "hexagon"];

/** The factor that colours: the topology where it varies, else the one with most levels. */
function mainFactor(factors) {
  if (factors.has("topology")) return "topology";
  return [...factors.keys()].sort((a, b) => factors.get(b).length - factors.get(a).length)[0];
}

/** Hue of each level. Known topologies keep theirs in every report; grey is the baseline's, so others come to it last. */
function assignHues(factor, levels) {
  if (factor !== "topology") return new Map(levels.map((level, i) => [level, HUE_ORDER[i % HUE_ORDER.length]]));
  const known = KNOWN_TOPOLOGIES.map((level, hue) => [level, hue]);
  const others = levels.filter(level => !KNOWN_TOPOLOGIES.includes(level));
  return new Map([...known, ...others.map((level, i) => [level, known.length + i % (HUE_ORDER.length - known.length)])]);
}

function assignLooks() {
  const factors = factorLevels;
  const main = mainFactor(factors);
  const hues = main ? assignHues(main, factors.get(main)) : new Map();
  const variants = [];
  return new Map(analysis.series.map(series => {
    const { [main]: level, ...others } = series.factors;
    const variant = JSON.stringify(others);
    if (!variants.includes(variant)) variants.push(variant);
    const hue = hues.get(level) ?? HUE_ORDER[0];
    const order = variants.indexOf(variant);
    return [series.label, {
      hue,
      marker: MARKERS[hue],
      hollow: order % 2 === 1,
      dash: DASHES[order % DASHES.length],
    }];
  }));
}

const looks = assignLooks();
const lookOf = series => looks.get(series.label);
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

/** The outline of a marker of the given radius around (0, 0), as SVG path data. */
const OUTLINES = {
  circle: r => `M${r} 0A${r} ${r} 0 1 1 ${-r} 0A${r} ${r} 0 1 1 ${r} 0Z`,
  square: r => polygon([[-r, -r], [r, -r], [r, r], [-r, r]], 0.88),
  triangle: r => polygon([[0, -r], [r, 0.8 * r], [-r, 0.8 * r]], 1.18),
  diamond: r => polygon([[0, -r], [r, 0], [0, r], [-r, 0]], 1.22),
  wedge: r => polygon([[0, r], [r, -0.8 * r], [-r, -0.8 * r]], 1.18),
  cross: r => polygon([[-r, -r / 3], [-r / 3, -r / 3], [-r / 3, -r], [r / 3, -r], [r / 3, -r / 3], [r, -r / 3],
    [r, r / 3], [r / 3, r / 3], [r / 3, r], [-r / 3, r], [-r / 3, r / 3], [-r, r / 3]], 1.1),
  bar: r => polygon([[-r, -r / 2.2], [r, -r / 2.2], [r, r / 2.2], [-r, r / 2.2]], 1.1),
  hexagon: r => polygon([0, 1, 2, 3, 4, 5].map(i => [r * Math.cos(i * Math.PI / 3), r * Math.sin(i * Math.PI / 3)]), 1.05),
};

function polygon(points, grow) {
  return `M${points.map(point => point.map(v => (v * grow).toFixed(2)).join(" ")).join("L")}Z`;
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
    + `<path d="${OUTLINES[look.marker](4.2)}" style="stroke:${stroke};fill:${fill}" stroke-width="1.6"/>`;
}

/** The marker of a level of the factor that colours; nothing for the levels of others. */
function levelMarker(factor, level) {
  if (factor !== mainFactor(factorLevels)) return [];
  const series = analysis.series.find(candidate => candidate.factors[factor] === level);
  return [drawSwatch({ ...lookOf(series), hollow: false }, "-6 -7 12 14", "")];
}
