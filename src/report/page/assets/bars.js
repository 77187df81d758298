// One figure as bars, for a run with a single count: a bar a series, from zero, with its interval and its exact value.

class Bars {
  #figure;
  #parts;

  constructor(figure) {
    this.#figure = figure;
    this.#parts = frame(figure);
    this.#parts.legend.remove();
  }

  get element() {
    return this.#parts.element;
  }

  draw() {
    const rows = shownSeries().map(series => ({ series, ...pointAt(this.#figure, series, counts[0]) }));
    const [, top] = linearRange(this.#figure);
    this.#parts.plot.className = "bars";
    this.#parts.plot.replaceChildren(make("dl", {}, rows.flatMap(row => this.#row(row, top))));
  }

  #row(point, top) {
    const name = make("dt", { "data-series": point.series.label }, [swatch(point.series), point.series.label]);
    if (!point.value) {
      return [name, make("dd", {}, make("span", { class: "why" }, reason(point.summary) || "not measured"))];
    }
    const { exact } = this.#figure.kind;
    const { value: { median, interval: bounds, n } } = point;
    const rest = [bounds ? span(bounds, this.#figure.kind) : undefined, `n = ${n}`].filter(Boolean).join(", ");
    return [name, make("dd", {}, [
      bar(point, top),
      make("span", { class: "bar-value" }, [make("b", {}, exact(median)), ` ${rest}`]),
    ])];
  }
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
