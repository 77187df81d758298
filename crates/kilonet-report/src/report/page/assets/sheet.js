// A plot as vectors: a box with two scales, on which the painters of the curves paint as they do on uPlot's canvas.

const SHEET_FONT = "12px system-ui, sans-serif";

/** Position within a scale, from 0 to 1. */
function shareOf({ min, max, distr }, value) {
  return distr === 3 ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);
}

class Sheet {
  density = 1;
  ctx;
  bbox;
  scales;

  /** `box` is where the plot lies, `x` and `y` are its scales: `{ min, max, distr }`, with 3 for a log one as in uPlot. */
  constructor(ctx, box, x, y) {
    Object.assign(this, { ctx, bbox: box, scales: { x, y } });
  }

  valToPos(value, axis) {
    const { left, top, width, height } = this.bbox;
    const share = shareOf(this.scales[axis], value);
    return axis === "x" ? left + share * width : top + (1 - share) * height;
  }
}

const scaleOver = ([min, max], isLog) => ({ min, max, distr: isLog ? 3 : 1 });

/** The values' axis: a line across at each tick, its label left of the plot unless there is no room for it. */
function drawValueAxis(sheet, { ticks }, { labels = true } = {}) {
  const { ctx, bbox: { left, width } } = sheet;
  Object.assign(ctx, { font: SHEET_FONT, textAlign: "right", lineWidth: 1, strokeStyle: colour("grid"), fillStyle: colour("ink-soft") });
  for (const [value, label] of ticks) {
    const y = sheet.valToPos(value, "y");
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + width, y);
    ctx.stroke();
    if (labels) ctx.fillText(label, left - 8, y + 4);
  }
}

/** An axis with the ticks that stand where there is little room. */
const withFew = axis => ({ ...axis, ticks: fewTicks(axis) });

/** The counts' axis: a tick at each count that has room for its label, and what is counted. */
function drawCountAxis(sheet, { labels = true, name = countNoun } = {}) {
  drawBottomAxis(sheet, countSplits(sheet).map(count => [count, labels ? grouped(count) : ""]), name);
}

/** An axis at the bottom, with a tick and a label at each place. */
function drawBottomAxis(sheet, ticks, name) {
  const { ctx, bbox: { left, top, width, height } } = sheet;
  const floor = top + height;
  Object.assign(ctx, { font: SHEET_FONT, textAlign: "center", lineWidth: 1, strokeStyle: colour("rule"), fillStyle: colour("ink-soft") });
  ctx.beginPath();
  for (const [value] of ticks) {
    ctx.moveTo(sheet.valToPos(value, "x"), floor);
    ctx.lineTo(sheet.valToPos(value, "x"), floor + 5);
  }
  ctx.stroke();
  for (const [value, label] of ticks) if (label) ctx.fillText(label, sheet.valToPos(value, "x"), floor + 18);
  if (name) ctx.fillText(name, left + width / 2, floor + 37);
}

/** The name of the values' axis, above its labels. */
function nameValueAxis(sheet, name) {
  const { ctx, bbox: { top } } = sheet;
  Object.assign(ctx, { font: SHEET_FONT, textAlign: "start", fillStyle: colour("muted") });
  ctx.fillText(name, 0, top - 12);
}

/** The line of a series, broken where a cell of it has no value or is not there. */
function paintLine(sheet, figure, series) {
  const { ctx } = sheet;
  const isLog = sheet.scales.y.distr === 3;
  inside(sheet, () => {
    Object.assign(ctx, { strokeStyle: colourOf(series), lineWidth: 1.75 });
    ctx.setLineDash(lookOf(series).dash);
    ctx.beginPath();
    let isDown = false;
    for (const count of counts.filter(one => isOn(series, one))) {
      const { value } = pointAt(figure, series, count);
      const isDrawn = value && (!isLog || value.median > 0);
      if (isDrawn) ctx[isDown ? "lineTo" : "moveTo"](sheet.valToPos(count, "x"), heightOf(sheet, value.median));
      isDown = isDrawn;
    }
    ctx.stroke();
  });
}

/** A sheet with an axis of values over the counts. */
const countSheet = (ctx, axis, box) => new Sheet(ctx, box, scaleOf(drawn.counts), scaleOf(axis));

/** All that a figure's curves are made of, from the bottom up. Gives the kinds of marks it drew. */
function paintCurves(sheet, figure, scale, list = shownSeries()) {
  paintOne(sheet, figure);
  if (figure.guide) paintGuide(sheet, figure, list);
  if (figure.band) for (const series of list) paintBand(sheet, figure, series);
  for (const series of list) paintLine(sheet, figure, series);
  return paintPointsAndMarks(sheet, figure, scale, list);
}
