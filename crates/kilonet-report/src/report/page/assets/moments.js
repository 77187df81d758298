// One count looked at closely, every shown series as a line: how long requests took at each share of them, and how a trial
// went over its window.

/** A choice among the counts at which any series has something to show, the last of them at first. */
function countChoice(has) {
  const list = counts.filter(count => analysis.series.some(series => has(cellAt(series, count))));
  const choice = { count: list.at(-1) };
  choice.control = chooser("At the count", list.toReversed().map(count => [count, `at ${grouped(count)} ${countNoun}`]), value => {
    choice.count = Number(value);
  });
  return choice;
}

/** Shown series that have something at a count, with it, and how each point of it is written. */
const linesAt = (count, read, texts) => shownSeries().map(series => {
  const summary = cellAt(series, count);
  return { series, points: read(summary), texts: texts[placeOf.get(summary)] };
}).filter(({ points }) => points?.length > 0);

/** Lines of points `[x, y]`, each in its series' look. */
function paintLines(sheet, lines) {
  const { ctx } = sheet;
  inside(sheet, () => {
    for (const { series, points } of lines) {
      Object.assign(ctx, { strokeStyle: colourOf(series), lineWidth: 1.75 });
      ctx.setLineDash(lookOf(series).dash);
      ctx.beginPath();
      for (const [x, y] of points) ctx.lineTo(sheet.valToPos(x, "x"), heightOf(sheet, y));
      ctx.stroke();
    }
  });
}

/** Spots at places of the horizontal axis: what each line says there. */
function lineSpots(sheet, lines, { places, name }) {
  const { bbox: { top, height } } = sheet;
  const marks = seriesLegend(lines.map(({ series }) => series));
  return places.map(x => ({
    box: [sheet.valToPos(x, "x") - 5, top, 10, height],
    caption: name(x),
    rows: lines.map(({ points, texts }, i) => ({ mark: marks[i], texts, points, at: points.findIndex(([at]) => at === x) }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => b.points[b.at][1] - a.points[a.at][1])
      .map(({ mark, texts, at }) => ({ ...mark, values: [texts[at]] })),
  }));
}

const placesOf = lines => [...new Set(lines.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);

function latencyPlan() {
  const choice = countChoice(summary => summary?.detail.latency?.length > 0);
  const lines = () => linesAt(choice.count, summary => summary?.detail.latency, drawn.closer.latency.cells);
  return {
    name: "latency", title: `How long ${manyRequests} took`,
    hasData: () => lines().length > 0,
    caption: () => `The latency that each share of ${manyRequests} does not exceed at ${grouped(choice.count)} ${countNoun}, all trials of a cell together; `
      + "to the right, the rarer ones.",
    legend: () => seriesLegend(lines().map(({ series }) => series)),
    controls: [choice.control],
    paint: (ctx, width) => paintLatency(ctx, width, lines()),
    table: () => [[...PLACE_COLUMNS, "share_ratio", "latency_ns"], ...lines().flatMap(({ series, points }) =>
      points.map(point => [...placeFields(series, choice.count), ...point]))],
  };
}

function paintLatency(ctx, width, lines) {
  const { across, axis, shares } = drawn.closer.latency;
  const at = new Map(shares.map(([share, where]) => [share, where]));
  const names = new Map(shares.map(([, where, name]) => [where, name]));
  const laid = lines.map(line => ({ ...line, points: line.points.map(([share, time]) => [at.get(share), time]) }));
  const sheet = new Sheet(ctx, { left: 72, top: 12, width: width - 100, height: 300 }, scaleOf(across), scaleOf(axis));
  drawValueAxis(sheet, axis);
  drawBottomAxis(sheet, across.ticks, `share of ${manyRequests}`);
  paintLines(sheet, laid);
  return { height: 356, spots: lineSpots(sheet, laid, { places: placesOf(laid), name: x => names.get(x) }) };
}

function timelinePlan() {
  const choice = countChoice(summary => summary?.detail.timeline);
  const lines = () => linesAt(choice.count, summary => summary?.detail.timeline?.goodput_bps
    .map((goodput, i) => [(i + 1) * summary.detail.timeline.interval_ns, goodput]), drawn.closer.timeline.cells);
  return {
    name: "timeline", title: "One trial over its window",
    hasData: () => lines().length > 0,
    caption: () => `Aggregate goodput of each interval at ${grouped(choice.count)} ${countNoun}, of the trial of each cell whose goodput is nearest `
      + "to the median.",
    legend: () => seriesLegend(lines().map(({ series }) => series)),
    controls: [choice.control],
    paint: (ctx, width) => paintTimeline(ctx, width, lines()),
    table: () => [[...PLACE_COLUMNS, "interval_end_ns", "goodput_bps"], ...lines().flatMap(({ series, points }) =>
      points.map(point => [...placeFields(series, choice.count), ...point]))],
  };
}

function paintTimeline(ctx, width, lines) {
  const { across, axes, moments } = drawn.closer.timeline;
  const axis = firstHolding(axes, Math.max(...lines.flatMap(({ points }) => points.map(([, goodput]) => goodput))));
  const sheet = new Sheet(ctx, { left: 72, top: 12, width: width - 100, height: 260 }, scaleOf(across), scaleOf(axis));
  drawValueAxis(sheet, axis);
  drawBottomAxis(sheet, across.ticks, "time since the window began");
  paintLines(sheet, lines);
  return { height: 316, spots: lineSpots(sheet, lines, { places: placesOf(lines), name: x => `to ${moments[x]}` }) };
}
