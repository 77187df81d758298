// The analysis this page carries, and which of it is switched on. A figure that is absent stays absent: `estimate` then
// gives nothing, and `reason` says why.

const countNoun = drawn.counts.noun;
/** What the run's requests are called. */
const [, manyRequests] = drawn.requests;
// A record leaves out what is at its default, and no rules is one.
const countOf = summary => summary.cell[analysis.count] ?? 0;

/** Planned counts of a series, between those it has, of which no trial is recorded. */
const lostOf = series => series.lost ?? [];

/** Every count any series has, or should have, smallest first. */
const counts = drawn.counts.ticks.map(([count]) => count);

/** Levels switched off, as `factor level`. */
const switchedOff = new Set();
const levelKey = (factor, level) => `${factor} ${level}`;

const isShown = series =>
  !Object.entries(series.factors).some(([factor, level]) => switchedOff.has(levelKey(factor, level)));
const shownSeries = () => analysis.series.filter(isShown);

/** Factor -> its levels, in the order in which the series bring them up; the topology first. */
const factorLevels = (() => {
  const factors = new Map();
  for (const series of analysis.series) {
    for (const [factor, level] of Object.entries(series.factors)) {
      if (!factors.has(factor)) factors.set(factor, new Set());
      factors.get(factor).add(level);
    }
  }
  const byTopologyFirst = (a, b) => (b[0] === "topology") - (a[0] === "topology");
  return new Map([...factors].sort(byTopologyFirst).map(([factor, levels]) => [factor, [...levels]]));
})();

/** Those of the factors that have more than one level. */
const manyLevelled = [...factorLevels].filter(([, levels]) => levels.length > 1);

/** The places of series, and of cells, in what the page carries. */
const placeOf = new Map([analysis.series, analysis.cells].flatMap(all => all.map((one, place) => [one, place])));

/** Of each series, by count, which of its cells is there. */
const pointsByCount = new Map(analysis.series.map(series =>
  [series, new Map(series.cells.map((i, point) => [countOf(analysis.cells[i]), point]))]));

/** A series' cell at a count, if the run has one. */
const cellAt = (series, count) => analysis.cells[series.cells[pointsByCount.get(series).get(count)]];

/** Whether a series has a cell at a count, or should have: its line passes over other counts, and breaks where this has no value. */
const isOn = (series, count) => cellAt(series, count) !== undefined || lostOf(series).includes(count);

const estimate = (summary, metric) => summary?.metrics[metric];

/** What is written of a cell beside its values. */
const writtenOf = summary => drawn.cells[placeOf.get(summary)];

/** How a cell's estimate of a metric is written: its `median` and, where there is one, its `interval`. */
function textOf(summary, metric) {
  const written = drawn.texts[metric]?.[placeOf.get(summary)];
  return written && { median: written[0], interval: written[1] };
}

/** `measured`, `failed`, `invalid`, or `absent` when no trial of the cell has run. */
function stateOf(summary) {
  if (!summary) return "absent";
  if (summary.measured > 0) return "measured";
  if (summary.failures.length > 0) return "failed";
  return summary.invalid > 0 ? "invalid" : "absent";
}

/** Why a cell has no figure. */
function reason(summary) {
  const state = stateOf(summary);
  if (state === "invalid") return "invalid: witnesses disagree";
  if (state !== "failed") return "";
  const { act, object, reason: cause, errno } = summary.failures[0];
  const tail = cause ?? errno;
  return `failed: ${act} ${object}${tail ? `: ${tail}` : ""}`;
}
