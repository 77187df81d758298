// One figure as bars, for a run with a single count: a bar a series, from zero, with its interval and its exact value.

class Bars {
  #figure;
  #parts;

  constructor(figure) {
    this.#figure = figure;
    this.#parts = frame(figure, [saveButtons(this)]);
    this.#parts.legend.remove();
  }

  get element() {
    return this.#parts.element;
  }

  get title() {
    return this.#figure.title;
  }

  get name() {
    return this.#figure.metric;
  }

  get caption() {
    return `${this.#parts.caption} At ${grouped(counts[0])} ${countNoun}.`;
  }

  get legend() {
    return [];
  }

  get table() {
    return tableOfFigure(this.#figure);
  }

  /** The bars as vectors; gives the height they take. */
  paint(ctx, width) {
    const rows = this.#rows();
    const label = Math.max(...rows.map(({ series }) => textWidth(series.label, SHEET_FONT))) + 48;
    const box = { left: label, top: 0, width: width - label - 230, height: BAR_STEP * rows.length };
    const sheet = new Sheet(ctx, box, scaleOf(axisOf(this.#figure, "linear")), scaleOver([0, rows.length]));
    rows.forEach((row, i) => paintBarRow(sheet, row, BAR_STEP * (i + 0.5)));
    return { height: box.height };
  }

  get width() {
    return this.#parts.plot.clientWidth;
  }

  draw() {
    const { high: top } = axisOf(this.#figure, "linear");
    this.#parts.plot.className = "bars";
    this.#parts.plot.replaceChildren(make("dl", {}, this.#rows().flatMap(row => this.#row(row, top))));
  }

  #rows() {
    return shownSeries().map(series => ({ series, ...pointAt(this.#figure, series, counts[0]) }));
  }

  #row(point, top) {
    const name = make("dt", { "data-series": point.series.label }, [swatch(point.series), point.series.label]);
    if (!point.value) {
      return [name, make("dd", {}, make("span", { class: "why" }, reason(point.summary) || "not measured"))];
    }
    const [exact, rest] = barTexts(point);
    return [name, make("dd", {}, [
      bar(point, top),
      make("span", { class: "bar-value" }, [make("b", {}, exact), ` ${rest}`]),
    ])];
  }
}

/** What is written beside a bar: its value, then its interval and trials. */
function barTexts({ value: { n }, text: { median, interval } }) {
  return [median, [interval, `n = ${n}`].filter(Boolean).join(", ")];
}

/** The bar, with the band as a lighter stretch and the interval as a whisker, all held within the scale. */
function bar({ series, value, band }, top) {
  const share = amount => 100 * Math.min(1, Math.max(0, amount / top));
  const stretch = (name, [low, high]) => make("span", {
    class: name, style: `left:${share(low)}%;width:${share(high) - share(low)}%`,
  });
  const parts = [stretch("bar-body", [0, value.median])];
  if (band) parts.push(stretch("bar-band", band));
  if (value.interval) parts.push(stretch("bar-whisker", value.interval));
  const hollow = lookOf(series).hollow ? " hollow" : "";
  return make("span", { class: `bar${hollow}`, style: `--hue:var(--hue-${lookOf(series).hue})` }, parts);
}

/** From a bar to the next, on a sheet. */
const BAR_STEP = 30;

/** A bar on a sheet, its name left of it and its value right. */
function paintBarRow(sheet, point, y) {
  const { ctx, bbox: { left, width } } = sheet;
  const { series, value } = point;
  ctx.insert(`<g transform="translate(14 ${y})">${swatchVectors(lookOf(series), SWATCH_LINE, colour)}</g>`);
  Object.assign(ctx, { font: SHEET_FONT, textAlign: "start", fillStyle: colour("ink") });
  ctx.fillText(series.label, 34, y + 4);
  if (!value) {
    ctx.fillStyle = colour("bad");
    ctx.fillText(reason(point.summary) || "not measured", left, y + 4);
    return;
  }
  paintBar(sheet, point, y);
  ctx.fillStyle = colour("ink");
  ctx.fillText(barTexts(point).join(" · "), left + width + 14, y + 4);
}

/** The bar alone: pale for a series whose marker is hollow, with the band over it and the interval as a whisker. */
function paintBar(sheet, { series, value, band }, y) {
  const { ctx } = sheet;
  const at = amount => sheet.valToPos(Math.min(sheet.scales.x.max, Math.max(0, amount)), "x");
  const stretch = ([low, high], half) => ctx.fillRect(at(low), y - half, at(high) - at(low), 2 * half);
  const alpha = (amount, ink, draw) => {
    Object.assign(ctx, { globalAlpha: amount, fillStyle: ink });
    draw();
    ctx.globalAlpha = 1;
  };
  alpha(lookOf(series).hollow ? 0.35 : 1, colourOf(series), () => stretch([0, value.median], 7));
  if (band) alpha(0.15, colour("ink"), () => stretch(band, 9));
  if (!value.interval) return;
  Object.assign(ctx, { strokeStyle: colour("ink"), lineWidth: 1.5 });
  ctx.beginPath();
  for (const end of value.interval) {
    ctx.moveTo(at(end), y - 4);
    ctx.lineTo(at(end), y + 4);
  }
  ctx.moveTo(at(value.interval[0]), y);
  ctx.lineTo(at(value.interval[1]), y);
  ctx.stroke();
}
