// The figures of the report, in reading order. A figure whose metric no cell has is left out.

const FIGURES = [
  {
    metric: "goodput", title: "Aggregate goodput", ofBytes: true, kind: quantity.rate, scale: "linear", wide: true,
    caption: "Payload delivered to all receivers in the one window they share.",
  },
  {
    metric: "pair_p50", band: ["pair_p5", "pair_p95"], guide: true,
    title: "Goodput of one pair", ofBytes: true, manyPairs: true, kind: quantity.rate, scale: "log", wide: true,
    caption: "The median pair; the band holds the pairs from the 5th to the 95th percentile.",
    guideNote: "The dotted guide is what equal shares of the fastest first point would be, falling as 1/N.",
  },
  {
    metric: "transactions", title: "Requests answered", kind: quantity.requests, scale: "linear", wide: true,
    caption: "Responses received whole in the window, all pairs together.",
  },
  {
    metric: "latency_p50", title: "Latency, median", kind: quantity.time, scale: "log",
    caption: "From the moment a request was meant to be sent to its whole response.",
  },
  {
    metric: "latency_p99", band: ["latency_p50", "latency_p999"], title: "Latency, 99th percentile", kind: quantity.time, scale: "log",
    caption: "The band reaches from the median to the 99.9th percentile.",
  },
  {
    metric: "cpu_per_transaction", title: "CPU time per request", kind: quantity.time, scale: "fitting",
    caption: "The whole machine's user, system and interrupt time over the window, per response.",
  },
  {
    metric: "datagrams", title: "Datagrams received", kind: quantity.requests, scale: "linear", wide: true,
    caption: "Datagrams that receivers took in the window, all pairs together, each once.",
  },
  {
    metric: "loss", title: "Datagrams lost", kind: quantity.percent, scale: "linear",
    caption: "The share that receivers found missing, as later ones came.",
  },
  {
    metric: "baseline_ratio", title: "Ratio to loopback", kind: quantity.share, scale: "linear",
    caption: "Aggregate over that of the same block's loopback baseline; 1 is as fast as lo.",
  },
  {
    metric: "jain", title: "Fairness among pairs", manyPairs: true, kind: quantity.share, scale: "linear", top: 1,
    caption: "Jain's index: 1 when all pairs get the same, 1/n when one has it all.",
  },
  {
    metric: "cpu_per_byte", title: "CPU time per byte", ofBytes: true, kind: quantity.cost, scale: "fitting",
    caption: "The whole machine's user, system and interrupt time over the window, per payload byte.",
  },
  {
    metric: "starved", title: "Starved pairs", kind: quantity.whole, scale: "linear", positiveOnly: true,
    caption: "Pairs that moved no byte in the window.",
  },
  {
    metric: "kernel_memory", title: "Kernel memory per container", kind: quantity.bytes, scale: "linear",
    caption: "Growth of slab, per-CPU, page-table, stack and vmalloc memory over the containers.",
  },
  {
    metric: "setup", title: "Set-up", kind: quantity.time, scale: "log",
    caption: "From the first act to the lab being ready.",
  },
  {
    metric: "teardown", title: "Teardown", kind: quantity.time, scale: "log",
    caption: "From the first close until the kernel has destroyed everything.",
  },
];

/** With one pair a cell, a pair is the aggregate and fairness has no meaning. */
const manyPairs = analysis.cells.some(summary => summary.cell.pairs > 1);

/** Where every cell is of requests, their bytes say little. */
const ofRequests = analysis.of_requests;

const hasData = figure => (manyPairs || !figure.manyPairs) && !(ofRequests && figure.ofBytes)
  && estimates(figure.metric).some(({ median }) => (figure.positiveOnly ? median > 0 : Number.isFinite(median)));

/** Values further apart than this are read better on a logarithmic axis: the same as of the figures that stand alone. */
const WIDE = 20;

/** A figure with the axis that it begins with: one that is "fitting" asks its values. */
function withAxis(figure) {
  if (figure.scale !== "fitting") return figure;
  const medians = estimates(figure.metric).map(({ median }) => median).filter(median => median > 0);
  const far = Math.max(...medians) / Math.min(...medians);
  return { ...figure, scale: far < WIDE ? "linear" : "log" };
}

/** What the page shows, in reading order. */
const plottable = FIGURES.filter(hasData).map(withAxis);

/** What a figure shows of a series at a count. */
function pointAt(figure, series, count) {
  const summary = cellAt(series, count);
  const value = estimate(summary, figure.metric);
  const band = figure.band?.map(metric => estimate(summary, metric)?.median);
  return { summary, value, band: band?.every(Number.isFinite) ? band : undefined };
}

/** The frame of a figure: title and controls, caption, legend, plot. */
function frame(figure, controls) {
  const legend = make("ul", { class: "legend" });
  const plot = make("div", { class: "plot" });
  const hasGuide = counts.length > 1 && analysis.count !== "rules";
  const caption = [figure.caption, hasGuide ? figure.guideNote : undefined].filter(Boolean).join(" ");
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
