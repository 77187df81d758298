// Axes: where they begin and end and what they are labelled with. Wide intervals may not squeeze the curves: the range
// follows the medians, and lets bands and intervals stretch it only so far.

const STRETCH_LINEAR = 1.35;
const STRETCH_LOG = 4;

/** Counts lie on a log axis, where each doubling is as long as the others; on a linear one where they begin at none. */
const countsAreLog = counts[0] > 0;

/** Room left and right of the outermost counts, as a factor on the log axis. */
function countRange() {
  if (!countsAreLog) return [-0.025 * counts.at(-1), 1.025 * counts.at(-1)];
  const room = Math.max(1.08, (counts.at(-1) / counts[0]) ** 0.025);
  return [counts[0] / room, counts.at(-1) * room];
}

/** Medians of the shown series, and the ends of their bands and intervals. */
function extents(figure) {
  const points = shownSeries().flatMap(series => counts.map(count => pointAt(figure, series, count)))
    .filter(point => point.value);
  return {
    medians: points.map(point => point.value.median),
    ends: points.flatMap(point => [...(point.value.interval ?? []), ...(point.band ?? [])]),
  };
}

function linearRange(figure) {
  const { medians, ends } = extents(figure);
  const highest = Math.max(0, ...medians);
  const top = figure.top ?? Math.max(highest, Math.min(Math.max(0, ...ends), highest * STRETCH_LINEAR));
  return [0, top > 0 ? top * 1.06 : 1];
}

function logRange(figure) {
  const { medians, ends } = extents(figure);
  const positive = medians.filter(value => value > 0);
  if (positive.length === 0) return [0.1, 1];
  const [lowest, highest] = [Math.min(...positive), Math.max(...positive)];
  const low = Math.max(Math.min(lowest, ...ends.filter(value => value > 0)), lowest / STRETCH_LOG);
  const high = Math.min(Math.max(highest, ...ends), highest * STRETCH_LOG);
  return [low / 1.25, high * 1.25];
}

const valueRange = (figure, scale) => (scale === "log" ? logRange(figure) : linearRange(figure));

/** The steps of an axis of bytes, which people count in powers of two. */
const BINARY_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power);

/** Powers of two, and of these as many as are read with ease. */
function binarySplits([low, high]) {
  const inside = BINARY_STEPS.filter(step => step >= low && step <= high);
  const stride = Math.ceil(inside.length / 8);
  return inside.filter((_, i) => i % stride === 0);
}

/** 1-2-5 steps over a short log axis, whole decades over a long one. */
function logSplits([low, high]) {
  const decades = Math.log10(high / low);
  const steps = decades < 1.2 ? [1, 2, 3, 5, 7] : decades < 3 ? [1, 2, 5] : [1];
  const splits = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    splits.push(...steps.map(step => Number(`${step}e${power}`)));
  }
  return splits.filter(split => split >= low && split <= high);
}

/** Whether labels at these counts stand clear of each other. */
function standClear(plot, labelled) {
  const half = count => (grouped(count).length * 7 + 12) / 2;
  return labelled.every((count, i) => {
    if (i === 0) return true;
    const before = labelled[i - 1];
    return plot.valToPos(count, "x") - plot.valToPos(before, "x") >= half(before) + half(count);
  });
}

/** Whether the counts are evenly spaced on the log axis. */
const isEven = countsAreLog && counts.every((count, i) => i === 0 || Math.abs(count / counts[i - 1] / (counts[1] / counts[0]) - 1) < 0.01);

/** Of evenly spaced counts every one, every second, third ..., from the last back, until the labels stand clear. */
function evenSplits(plot) {
  const strides = counts.map((_, i) => i + 1);
  const everyNth = stride => counts.filter((_, i) => (counts.length - 1 - i) % stride === 0);
  return everyNth(strides.find(stride => standClear(plot, everyNth(stride))));
}

/** The measured counts, as far as their labels stand clear of each other. */
function countSplits(plot) {
  if (isEven) return evenSplits(plot);
  return counts.toReversed()
    .reduce((kept, count) => (standClear(plot, [count, ...kept]) ? [count, ...kept] : kept), []);
}
