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

/** Shown series that have something at a count, with it. */
const linesAt = (count, read) =>
  shownSeries().map(series => ({ series, points: read(cellAt(series, count)) })).filter(({ points }) => points?.length > 0);

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
function lineSpots(sheet, lines, { places, name, kind }) {
  const { bbox: { top, height } } = sheet;
  const marks = seriesLegend(lines.map(({ series }) => series));
  return places.map(x => ({
    box: [sheet.valToPos(x, "x") - 5, top, 10, height],
    caption: name(x),
    rows: lines.map(({ points }, i) => ({ ...marks[i], values: [points.find(([at]) => at === x)?.[1]] }))
      .filter(({ values }) => values[0] !== undefined)
      .sort((a, b) => b.values[0] - a.values[0])
      .map(row => ({ ...row, values: row.values.map(value => kind.exact(value)) })),
  }));
}

const placesOf = lines => [...new Set(lines.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);

/** How rare a request is that takes longer, by which latencies are laid out: 1 of 2, of 10, of 100 ... */
const rarity = share => 1 / (1 - share);
const LATENCY_SHARES = [0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999];
const shareName = share => (share === 1 ? "the longest" : `${Number((share * 100).toPrecision(7))} %`);

function latencyPlan() {
  const choice = countChoice(summary => summary?.detail.latency?.length > 0);
  const lines = () => linesAt(choice.count, summary => summary?.detail.latency);
  return {
    name: "latency", title: "How long requests took",
    hasData: () => lines().length > 0,
    caption: () => `The time that each share of requests does not exceed at ${grouped(choice.count)} ${countNoun}, all trials of a cell together; `
      + "to the right, the rarer ones.",
    legend: () => seriesLegend(lines().map(({ series }) => series)),
    controls: [choice.control],
    paint: (ctx, width) => paintLatency(ctx, width, lines()),
    table: () => [[...PLACE_COLUMNS, "share_ratio", "latency_ns"], ...lines().flatMap(({ series, points }) =>
      points.map(point => [...placeFields(series, choice.count), ...point]))],
  };
}

function paintLatency(ctx, width, lines) {
  const shares = placesOf(lines).filter(share => share < 1);
  const last = rarity(shares.at(-1)) * 3;
  // The longest has no share beyond it: it stands at the end.
  const at = share => (share === 1 ? last : rarity(share));
  const laid = lines.map(({ series, points }) => ({ series, points: points.map(([share, time]) => [at(share), Math.max(1, time)]) }));
  const times = laid.flatMap(({ points }) => points.map(([, time]) => time));
  const sheet = new Sheet(ctx, { left: 72, top: 12, width: width - 100, height: 300 },
    scaleOver([0.94, last * 1.06], true), scaleOver([Math.min(...times) / 1.2, Math.max(...times) * 1.2], true));
  drawValueAxis(sheet, quantity.time);
  const ticks = LATENCY_SHARES.filter(share => rarity(share) <= last / 2.5).map(share => [rarity(share), shareName(share)]);
  drawBottomAxis(sheet, [...ticks, [last, "all"]], "share of requests");
  paintLines(sheet, laid);
  const names = new Map(placesOf(lines).map(share => [at(share), shareName(share)]));
  return { height: 356, spots: lineSpots(sheet, laid, { places: [...names.keys()], name: x => names.get(x), kind: quantity.time }) };
}

function timelinePlan() {
  const choice = countChoice(summary => summary?.detail.timeline);
  const lines = () => linesAt(choice.count, summary => summary?.detail.timeline?.goodput_bps
    .map((goodput, i) => [(i + 1) * summary.detail.timeline.interval_ns, goodput]));
  return {
    name: "timeline", title: "One trial over its window",
    hasData: () => lines().length > 0,
    caption: () => `Aggregate goodput of each interval at ${grouped(choice.count)} ${countNoun}, in the trial of each cell whose goodput is nearest `
      + "to the median.",
    legend: () => seriesLegend(lines().map(({ series }) => series)),
    controls: [choice.control],
    paint: (ctx, width) => paintTimeline(ctx, width, lines()),
    table: () => [[...PLACE_COLUMNS, "interval_end_ns", "goodput_bps"], ...lines().flatMap(({ series, points }) =>
      points.map(point => [...placeFields(series, choice.count), ...point]))],
  };
}

function paintTimeline(ctx, width, lines) {
  const places = placesOf(lines);
  const end = places.at(-1);
  const top = Math.max(...lines.flatMap(({ points }) => points.map(([, goodput]) => goodput))) * 1.06;
  const sheet = new Sheet(ctx, { left: 72, top: 12, width: width - 100, height: 260 },
    scaleOver([0, end * 1.01], false), scaleOver([0, top], false));
  drawValueAxis(sheet, quantity.rate);
  drawBottomAxis(sheet, linearSplits([0, end], 8).map(time => [time, quantity.time.tick(time)]), "time since the window began");
  paintLines(sheet, lines);
  return { height: 316, spots: lineSpots(sheet, lines, { places, name: x => `to ${quantity.time.exact(x)}`, kind: quantity.rate }) };
}
