// How the pairs of a cell differ: slowest, 5th percentile, median, 95th and fastest, a box at each count, a panel a series.

const SPREAD = ["pair_min", "pair_p5", "pair_p50", "pair_p95", "pair_max"];
const SPREAD_WORDS = ["slowest", "5th percentile", "median pair", "95th percentile", "fastest"];

function spreadPlan() {
  let isLog = true;
  const five = (series, count) => {
    const figures = SPREAD.map(metric => estimate(cellAt(series, count), metric)?.median);
    return figures.every(Number.isFinite) ? figures : undefined;
  };
  const has = series => counts.some(count => five(series, count));
  return {
    name: "spread", title: "Spread over the pairs",
    hasData: () => manyPairs && !ofRequests && counts.length > 1 && shownSeries().some(has),
    caption: () => "Goodput of a cell's pairs: the box from the 5th to the 95th percentile, a line at the median, whiskers to the slowest and "
      + "the fastest. Each is the median over the cell's trials.",
    legend: () => [],
    controls: [segments("Vertical axis", ["log", "linear"], word => { isLog = word === "log"; })],
    paint: (ctx, width) => paintSpread(ctx, width, panelledSeries(has), { five, isLog, note: panelNote(has) }),
    table: () => [
      [...PLACE_COLUMNS, ...SPREAD.map(metric => `${metric}_median_${drawn.closer.spread.unit}`)],
      ...shownSeries().flatMap(series => counts.filter(count => five(series, count))
        .map(count => [...placeFields(series, count), ...five(series, count)])),
    ],
  };
}

/** The axis that holds the pairs of some cells. */
const spreadAxis = (cells, isLog) => (isLog ? drawn.closer.spread.log
  : firstHolding(drawn.closer.spread.linear, Math.max(0, ...cells.map(figures => figures.at(-1)))));

function paintSpread(ctx, width, list, { five, isLog, note }) {
  const { boxes, height } = panelBoxes(width, list.length);
  const axis = withFew(spreadAxis(list.flatMap(series => counts.map(count => five(series, count))).filter(Boolean), isLog));
  const spots = list.flatMap((series, i) => {
    const sheet = new Sheet(ctx, boxes[i], evenScale(counts), scaleOf(axis));
    namePanel(ctx, boxes[i], series.label);
    drawValueAxis(sheet, axis, { labels: boxes[i].isFirst });
    drawEvenAxis(sheet, counts, boxes[i].isLast ? countNoun : "");
    return counts.map((count, index) => paintBox(sheet, index, { figures: five(series, count), series })).filter(Boolean);
  });
  const starved = isLog && list.some(series => counts.some(count => five(series, count)?.[0] === 0));
  return { height, spots, note: [starved ? "A whisker that leaves the plot ends at a pair that moved nothing." : "", note].filter(Boolean).join(" ") };
}

/** A box with whiskers. Gives its spot; nothing where there is no figure. */
function paintBox(sheet, index, { figures, series }) {
  if (!figures) return undefined;
  const { ctx } = sheet;
  const [left, , step] = stripAround(sheet, index, counts.length);
  const [middle, half] = [left + step / 2, Math.min(11, step * 0.34)];
  const [slowest, low, median, high, fastest] = figures.map(value => heightOf(sheet, value));
  inside(sheet, () => {
    Object.assign(ctx, { strokeStyle: colourOf(series), fillStyle: colourOf(series), lineWidth: 1.2 });
    ctx.beginPath();
    ctx.moveTo(middle, fastest);
    ctx.lineTo(middle, high);
    ctx.moveTo(middle, low);
    ctx.lineTo(middle, slowest);
    ctx.stroke();
    ctx.globalAlpha = 0.28;
    ctx.fillRect(middle - half, high, 2 * half, Math.max(1, low - high));
    Object.assign(ctx, { globalAlpha: 1, lineWidth: 2.2 });
    ctx.beginPath();
    ctx.moveTo(middle - half, median);
    ctx.lineTo(middle + half, median);
    ctx.stroke();
  });
  return {
    box: stripAround(sheet, index, counts.length),
    caption: `${series.label}, ${grouped(counts[index])} ${countNoun}`,
    rows: SPREAD.map((metric, i) => ({ label: SPREAD_WORDS[i], values: [textOf(cellAt(series, counts[index]), metric).median] })).reverse(),
  };
}
