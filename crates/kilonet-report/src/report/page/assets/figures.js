// The figures of metrics, as the page carries them, and what they show of a series at a count.

/** With one pair a cell there is no spread over pairs. */
const manyPairs = analysis.cells.some(summary => summary.cell.pairs > 1);

/** Where every cell is of requests, their bytes say little. */
const ofRequests = analysis.of_requests;

/** What the page shows, in reading order. */
const plottable = drawn.figures.filter(figure => !figure.says_little);

/** A figure's own of a series: its marks, its guide, how high it reaches. */
const lineOf = (figure, series) => figure.series[placeOf.get(series)];

/** What a figure shows of a series at a count, and how that is written. */
function pointAt(figure, series, count) {
  const summary = cellAt(series, count);
  const value = estimate(summary, figure.metric);
  const band = figure.band_of?.map(metric => estimate(summary, metric)?.median);
  return {
    summary, value, text: textOf(summary, figure.metric),
    band: band?.every(Number.isFinite) ? band : undefined,
    bandText: figure.band && summary && lineOf(figure, series).bands[pointsByCount.get(series).get(count)],
  };
}

/** Of axes, the lowest first, that which holds a value. */
const firstHolding = (axes, top) => axes.find(axis => axis.high >= top) ?? axes.at(-1);

/** The axis of a figure's values, for the series that are shown: the logarithmic one holds all, of the linear ones one is chosen. */
const axisOf = (figure, scale, list = shownSeries()) => (scale === "log" ? figure.log
  : firstHolding(figure.linear, Math.max(0, ...list.map(series => lineOf(figure, series).top))));

/** The frame of a figure: title and controls, caption, legend, plot. */
function frame(figure, controls) {
  const legend = make("ul", { class: "legend" });
  const plot = make("div", { class: "plot" });
  const caption = [figure.caption, counts.length > 1 ? figure.guide : undefined].filter(Boolean).join(" ");
  const element = make("figure", { id: `figure-${figure.metric}`, class: figure.wide ? "wide" : "" }, [
    make("div", { class: "figure-head" }, [make("h2", {}, figure.title), make("div", { class: "controls" }, controls)]),
    make("figcaption", { class: "caption" }, caption), legend, plot,
  ]);
  return { element, caption, legend, plot };
}

/** A legend longer than this is no help: the readout names what the reader points at. */
const LONGEST_LEGEND = 32;

function legendItems(entries, item) {
  const left = entries.length - LONGEST_LEGEND;
  const items = entries.slice(0, LONGEST_LEGEND).map(item);
  return left > 0 ? [...items, make("li", {}, `and ${left} more: switch factors off, or point at the plot`)] : items;
}

function fillLegend(legend) {
  legend.replaceChildren(...legendItems(shownSeries(), series =>
    make("li", { "data-series": series.label }, [swatch(series), series.label])));
}
