// A heat map where two counts vary: the curves' count across, the other one up, a metric as colour.

/** Counts beside that of the curves which may vary, and what they are called. */
const SECOND_COUNTS = {
  active: "active containers", rules: "rules", published: "published ports", services: "services", endpoints: "endpoints of each service",
};
const HEAT = { row: 26, ramp: 48 };

const secondOf = (summary, key) => summary.cell[key] ?? 0;

/** The other count that varies among the cells, if one does. */
const secondCount = Object.keys(SECOND_COUNTS).find(key =>
  key !== analysis.count && analysis.series.some(series => key in series.factors)
  && new Set(analysis.cells.map(summary => secondOf(summary, key))).size > 1);

/** The shown cells, by the series' levels of all factors but the second count. */
function heatGroups() {
  const groups = new Map();
  for (const series of shownSeries()) {
    const { [secondCount]: _, ...others } = series.factors;
    const name = Object.values(others).join(" ") || analysis.name;
    groups.set(name, [...(groups.get(name) ?? []), ...series.cells.map(i => analysis.cells[i])]);
  }
  return [...groups].map(([name, cells]) => ({ name, cells }));
}

function heatPlan() {
  let figure = plottable[0];
  return {
    name: "heat", title: "Two counts at once",
    hasData: () => secondCount !== undefined && counts.length > 1 && plottable.length > 0,
    caption: () => `${figure.title} over ${countNoun} and ${SECOND_COUNTS[secondCount]}; medians; lighter is more.`,
    legend: () => [],
    controls: [figureChooser(plottable, chosen => { figure = chosen; })],
    paint: (ctx, width) => paintHeat(ctx, width, figure),
    table: () => heatTable(figure),
  };
}

function paintHeat(ctx, width, figure) {
  const groups = heatGroups();
  const seconds = [...new Set(groups.flatMap(({ cells }) => cells.map(summary => secondOf(summary, secondCount))))].sort((a, b) => a - b);
  const shown = groups.flatMap(({ cells }) => cells).filter(summary => estimate(summary, figure.metric))
    .sort((a, b) => estimate(a, figure.metric).median - estimate(b, figure.metric).median);
  const ramp = rampOver(shown.map(summary => estimate(summary, figure.metric).median), figure.first === "log");
  const ends = [shown.at(0), shown.at(-1)].map(summary => textOf(summary, figure.metric)?.median ?? "");
  paintRamp(ctx, ramp, axisOf(figure, figure.first), { ends, width: Math.min(width, 420) });
  Object.assign(ctx, { textAlign: "start", fillStyle: colour("muted") });
  ctx.fillText(`${SECOND_COUNTS[secondCount]} up, ${countNoun} across`, 0, HEAT.ramp);
  const { boxes, height } = panelBoxes(width, groups.length, { height: HEAT.row * seconds.length, least: 320 });
  const spots = groups.flatMap(({ name, cells }, i) => {
    const box = { ...boxes[i], top: boxes[i].top + HEAT.ramp };
    const sheet = new Sheet(ctx, box, evenScale(counts), evenScale(seconds));
    namePanel(ctx, box, name);
    drawEvenAxis(sheet, counts);
    labelSeconds(sheet, seconds, box.isFirst);
    return cells.map(summary => paintHeatCell(sheet, seconds, summary, { figure, ramp }));
  });
  const failed = groups.some(({ cells }) => cells.some(summary => stateOf(summary) === "failed"));
  return { height: height + HEAT.ramp, spots, note: failed ? MARK_MEANING["×"] : "" };
}

function labelSeconds(sheet, seconds, isFirst) {
  if (!isFirst) return;
  const { ctx, bbox: { left } } = sheet;
  Object.assign(ctx, { font: SHEET_FONT, textAlign: "right", fillStyle: colour("ink-soft") });
  seconds.forEach((second, i) => ctx.fillText(grouped(second), left - 8, sheet.valToPos(i, "y") + 4));
}

/** A cell of the map, with its value written in where there is room. Gives its spot. */
function paintHeatCell(sheet, seconds, summary, { figure, ramp }) {
  const { ctx, bbox } = sheet;
  const [column, row] = [counts.indexOf(countOf(summary)), seconds.indexOf(secondOf(summary, secondCount))];
  const [width, height] = [bbox.width / counts.length, bbox.height / seconds.length];
  const [x, y] = [bbox.left + column * width, bbox.top + bbox.height - (row + 1) * height];
  const value = estimate(summary, figure.metric);
  const written = textOf(summary, figure.metric);
  const text = written ? written.median : { failed: "×", invalid: "?" }[stateOf(summary)] ?? "";
  const share = value && ramp.shareOf(value.median);
  Object.assign(ctx, { fillStyle: value ? rampColour(share) : colour("raised"), strokeStyle: colour("rule"), lineWidth: 1 });
  ctx.fillRect(x + 0.5, y + 0.5, width - 1, height - 1);
  ctx.stroke();
  Object.assign(ctx, { font: SHEET_FONT, textAlign: "center", fillStyle: value ? rampInk(share) : colour("bad") });
  if (textWidth(text, SHEET_FONT) < width - 6) ctx.fillText(text, x + width / 2, y + height / 2 + 4);
  return {
    box: [x, y, width, height],
    caption: `${grouped(countOf(summary))} ${countNoun}, ${grouped(secondOf(summary, secondCount))} ${SECOND_COUNTS[secondCount]}`,
    rows: [{
      label: figure.title,
      values: value ? [written.median, written.interval ?? "no interval", `n = ${value.n}`]
        : [reason(summary) || "not measured"],
    }],
  };
}

function heatTable(figure) {
  const rows = heatGroups().flatMap(({ name, cells }) => cells.map(summary => {
    const value = estimate(summary, figure.metric);
    return [name, countOf(summary), secondOf(summary, secondCount), value?.median, value?.n ?? 0, stateOf(summary)];
  }));
  return [["group", analysis.count, secondCount, `${figure.metric}_median_${figure.unit}`, "trials", "state"], ...rows];
}
