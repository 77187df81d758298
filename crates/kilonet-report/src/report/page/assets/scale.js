// Axes as the page carries them: laid on what is drawn on, and labelled as far as labels have room.

/** An axis as uPlot has its scales, with 3 for a log one. */
const scaleOf = ({ low, high, kind }) => ({ min: low, max: high, distr: kind === "log" ? 3 : 1 });

/** The ticks of an axis that stand where there is little room. */
const fewTicks = ({ ticks, few }) => few.map(i => ticks[i]);

/** Whether labels at these counts stand clear of each other. */
function standClear(plot, labelled) {
  const half = count => (grouped(count).length * 7 + 12) / 2;
  return labelled.every((count, i) => {
    if (i === 0) return true;
    const before = labelled[i - 1];
    return plot.valToPos(count, "x") - plot.valToPos(before, "x") >= half(before) + half(count);
  });
}

/** Of evenly spaced counts every one, every second, third ..., from the last back, until the labels stand clear. */
function evenSplits(plot) {
  const strides = counts.map((_, i) => i + 1);
  const everyNth = stride => counts.filter((_, i) => (counts.length - 1 - i) % stride === 0);
  return everyNth(strides.find(stride => standClear(plot, everyNth(stride))));
}

/** The measured counts, as far as their labels stand clear of each other. */
function countSplits(plot) {
  if (drawn.counts.even) return evenSplits(plot);
  return counts.toReversed()
    .reduce((kept, count) => (standClear(plot, [count, ...kept]) ? [count, ...kept] : kept), []);
}
