// What uPlot does not draw by itself: bands, intervals, markers, the guide, and marks where a cell has no figure.
// Everything is drawn in canvas pixels inside the plot's box.

/** Lengths in the units of what is drawn on: canvas pixels, or those of a sheet. */
const pixels = (plot, number) => number * (plot.density ?? devicePixelRatio);

/** Runs `draw` clipped to the plotting area. */
function inside(plot, draw) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left - pixels(plot, 6), bbox.top - pixels(plot, 6), bbox.width + pixels(plot, 12), bbox.height + pixels(plot, 12));
  ctx.clip();
  draw(ctx);
  ctx.restore();
}

/** Position of a value, held to the plot's box so that no end runs to infinity on a log axis. */
function heightOf(plot, value) {
  const { min, max } = plot.scales.y;
  return plot.valToPos(Math.min(max, Math.max(min, value)), "y", true);
}

/** Runs of counts without a gap between. */
function runs(points) {
  const found = [[]];
  for (const point of points) {
    if (point.band) found.at(-1).push(point);
    else if (found.at(-1).length > 0) found.push([]);
  }
  return found.filter(run => run.length > 0);
}

function paintBand(plot, figure, series) {
  const points = counts.filter(count => isOn(series, count))
    .map(count => ({ count, ...pointAt(figure, series, count) }));
  inside(plot, ctx => {
    ctx.fillStyle = colourOf(series);
    ctx.globalAlpha = Math.min(0.12, 0.4 / shownSeries().length);
    for (const run of runs(points)) {
      ctx.beginPath();
      for (const { count, band } of run) ctx.lineTo(plot.valToPos(count, "x", true), heightOf(plot, band[1]));
      for (const { count, band } of [...run].reverse()) ctx.lineTo(plot.valToPos(count, "x", true), heightOf(plot, band[0]));
      ctx.fill();
    }
  });
}

/** A whisker; an end beyond the axis is left open, without its cap. */
function paintInterval(plot, x, [low, high]) {
  const { ctx, scales: { y } } = plot;
  const cap = pixels(plot, 3);
  const [bottom, top] = [heightOf(plot, low), heightOf(plot, high)];
  ctx.beginPath();
  ctx.moveTo(x, bottom);
  ctx.lineTo(x, top);
  for (const [value, height] of [[low, bottom], [high, top]]) {
    if (value < y.min || value > y.max) continue;
    ctx.moveTo(x - cap, height);
    ctx.lineTo(x + cap, height);
  }
  ctx.stroke();
}

/** Path data as a canvas takes it, which remembers them for those that take nothing else. */
const outlineOf = data => Object.assign(new Path2D(data), { data });

function paintMarker(ctx, outline, x, y) {
  ctx.save();
  ctx.translate(x, y);
  ctx.fill(outline);
  ctx.stroke(outline);
  ctx.restore();
}

/** The markers of a series and their intervals. */
function paintPoints(plot, figure, series) {
  const look = lookOf(series);
  const outline = outlineOf(outlineData(look, pixels(plot, 3.4)));
  const log = plot.scales.y.distr === 3;
  inside(plot, ctx => {
    ctx.setLineDash([]);
    ctx.strokeStyle = colourOf(series);
    ctx.fillStyle = look.hollow ? colour("paper") : ctx.strokeStyle;
    for (const count of counts) {
      const { value } = pointAt(figure, series, count);
      if (!value || (log && value.median <= 0)) continue;
      const x = plot.valToPos(count, "x", true);
      ctx.lineWidth = pixels(plot, 1.2);
      ctx.globalAlpha = 0.6;
      if (value.interval) paintInterval(plot, x, value.interval);
      ctx.globalAlpha = 1;
      ctx.lineWidth = pixels(plot, 1.5);
      paintMarker(ctx, outline, x, heightOf(plot, value.median));
    }
  });
}

/** What to write on the floor of the plot where a series has no point to draw. */
function floorMark(figure, series, count, scale) {
  const { summary, value } = pointAt(figure, series, count);
  if (value) return scale === "log" && value.median <= 0 ? "0" : "";
  return { failed: "×", invalid: "?" }[stateOf(summary)] ?? "";
}

/** Marks on the floor, stacked where several series have one at the same count. Gives the kinds it drew. */
function paintFloor(plot, figure, scale, list) {
  const drawn = new Set();
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.font = `600 ${pixels(plot, 14)}px system-ui, sans-serif`;
  ctx.textAlign = "center";
  for (const count of counts) {
    let height = bbox.top + bbox.height - pixels(plot, 5);
    for (const series of list) {
      const mark = floorMark(figure, series, count, scale);
      if (!mark) continue;
      ctx.fillStyle = colourOf(series);
      ctx.fillText(mark, plot.valToPos(count, "x", true), height);
      height -= pixels(plot, 13);
      drawn.add(mark);
    }
  }
  ctx.restore();
  return drawn;
}

/** Equal shares of the fastest first point of some series. */
function guidePoints(figure, list) {
  const guides = list.map(series => lineOf(figure, series).guide).filter(Boolean);
  return guides.sort(([[, a]], [[, b]]) => b - a)[0] ?? [];
}

function paintGuide(plot, figure, list) {
  inside(plot, ctx => {
    ctx.strokeStyle = colour("muted");
    ctx.lineWidth = pixels(plot, 1.2);
    ctx.setLineDash([pixels(plot, 1), pixels(plot, 4)]);
    ctx.lineCap = "round";
    ctx.beginPath();
    for (const [count, value] of guidePoints(figure, list)) {
      ctx.lineTo(plot.valToPos(count, "x", true), plot.valToPos(value, "y", true));
    }
    ctx.stroke();
  });
}

/** A line at 1, where that has a name. */
function paintOne(plot, { one }) {
  const { min, max } = plot.scales.y;
  if (!one || min > 1 || max < 1) return;
  const { ctx, bbox: { left, width } } = plot;
  const y = plot.valToPos(1, "y", true);
  ctx.save();
  Object.assign(ctx, { strokeStyle: colour("muted"), fillStyle: colour("muted"), lineWidth: pixels(plot, 1), textAlign: "right" });
  ctx.font = `${pixels(plot, 12)}px system-ui, sans-serif`;
  ctx.setLineDash([pixels(plot, 5), pixels(plot, 4)]);
  ctx.beginPath();
  ctx.moveTo(left, y);
  ctx.lineTo(left + width, y);
  ctx.stroke();
  ctx.fillText(one, left + width - pixels(plot, 4), y - pixels(plot, 5));
  ctx.restore();
}

/** A line from the axis to the top, with the series' marker there: colour alone does not tell whose it is. */
function paintUpright(plot, series, count) {
  const { ctx, bbox } = plot;
  const x = plot.valToPos(count, "x", true);
  const { top } = bbox;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top + bbox.height);
  ctx.lineTo(x, top);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.lineWidth = pixels(plot, 1.5);
  ctx.fillStyle = lookOf(series).hollow ? colour("paper") : colourOf(series);
  paintMarker(ctx, outlineOf(outlineData(lookOf(series), pixels(plot, 3.4))), x, top);
}

/** The signs of what may be found of a series. */
const SIGNS = { peak: "∧", knee: "○", wall: "┃" };

/** A roof over a peak, a ring around a knee, a wall where something refuses. Gives the kinds it drew. */
function paintFound(plot, figure, series) {
  const { marks } = lineOf(figure, series);
  inside(plot, ctx => {
    for (const { kind, count } of marks) {
      ctx.strokeStyle = colourOf(series);
      ctx.lineWidth = pixels(plot, kind === "wall" ? 3 : 1.5);
      ctx.setLineDash([]);
      if (kind === "wall") paintUpright(plot, series, count);
      else (kind === "peak" ? paintRoof : paintRing)(plot, count, pointAt(figure, series, count).value);
    }
  });
  return marks.map(({ kind }) => SIGNS[kind]);
}

function paintRoof(plot, count, value) {
  if (!value) return;
  const { ctx } = plot;
  const [x, y] = [plot.valToPos(count, "x", true), heightOf(plot, value.median) - pixels(plot, 6)];
  const [wide, high] = [pixels(plot, 8), pixels(plot, 7)];
  ctx.beginPath();
  ctx.moveTo(x - wide, y);
  ctx.lineTo(x, y - high);
  ctx.lineTo(x + wide, y);
  ctx.stroke();
}

function paintRing(plot, count, value) {
  if (!value) return;
  const { ctx } = plot;
  ctx.beginPath();
  ctx.arc(plot.valToPos(count, "x", true), heightOf(plot, value.median), pixels(plot, 8), 0, 2 * Math.PI);
  ctx.stroke();
}

/** Points, intervals and marks of some series, over their lines. Gives the kinds of marks it drew. */
function paintPointsAndMarks(plot, figure, scale, list) {
  for (const series of list) paintPoints(plot, figure, series);
  const drawn = paintFloor(plot, figure, scale, list);
  for (const series of list) for (const mark of paintFound(plot, figure, series)) drawn.add(mark);
  return drawn;
}
