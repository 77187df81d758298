// Where the machine's CPU time went: a stack of kinds at each count, a panel a series.

const CPU_KINDS = [["user", 3], ["system", 2], ["interrupts", 1], ["stolen", 0]];

function stacksPlan() {
  const measures = drawn.closer.cpu;
  let measure = measures[0];
  const parts = summary => summary?.detail.cpu?.[measure.key];
  const has = series => measure && counts.some(count => parts(cellAt(series, count)));
  return {
    name: "cpu", title: "Where CPU time went",
    hasData: () => shownSeries().some(has),
    caption: () => "User, system and interrupt time of the whole machine, and the time its hypervisor took; means over a cell's trials. "
      + "Stolen time is drawn on top and is not part of the cost.",
    legend: () => CPU_KINDS.map(([label, hue]) => ({ label, mark: patch(colour(`hue-${hue}`)) })),
    controls: [segments("CPU time", measures.map(({ word }) => word), chosen => { measure = measures.find(({ word }) => word === chosen); })],
    paint: (ctx, width) => (counts.length > 1
      ? { ...paintStacks(ctx, width, panelledSeries(has), { parts, measure }), note: panelNote(has) }
      : paintStackRows(ctx, width, shownSeries().filter(has), { parts, measure })),
    table: () => [
      [...PLACE_COLUMNS, ...CPU_KINDS.map(([name]) => `${measure.column[0]}_${name}_${measure.column[1]}`)],
      ...shownSeries().flatMap(series => counts.filter(count => parts(cellAt(series, count)))
        .map(count => [...placeFields(series, count), ...parts(cellAt(series, count))])),
    ],
  };
}

/** How a cell's stack is written, and how high it is. */
const stackOf = (measure, summary) => measure.cells[placeOf.get(summary)];

/** The axis that holds the stacks of some cells. */
const stackAxis = (measure, cells) =>
  firstHolding(measure.axes, Math.max(0, ...cells.map(summary => stackOf(measure, summary)?.all ?? 0)));

function paintStacks(ctx, width, list, { parts, measure }) {
  const { boxes, height } = panelBoxes(width, list.length);
  const axis = withFew(stackAxis(measure, list.flatMap(series => counts.map(count => cellAt(series, count)))));
  const spots = list.flatMap((series, i) => {
    const sheet = new Sheet(ctx, boxes[i], evenScale(counts), scaleOf(axis));
    namePanel(ctx, boxes[i], series.label);
    drawValueAxis(sheet, axis, { labels: boxes[i].isFirst });
    drawEvenAxis(sheet, counts, boxes[i].isLast ? countNoun : "");
    return counts.map((count, index) => {
      const summary = cellAt(series, count);
      return paintStack(sheet, index, { shares: parts(summary), text: stackOf(measure, summary), series });
    }).filter(Boolean);
  });
  return { height, spots };
}

/** Lays the parts of a stack along an axis, a line of paper between them: `fill` gets the ends of each that can be seen. */
function layParts(ctx, shares, fill) {
  shares.reduce((floor, share, i) => {
    ctx.fillStyle = colour(`hue-${CPU_KINDS[i][1]}`);
    fill(floor, floor + share);
    return floor + share;
  }, 0);
}

/** One stack, from user time up. Gives its spot; nothing where there is no figure. */
function paintStack(sheet, index, { shares, text, series }) {
  if (!shares) return undefined;
  const box = stripAround(sheet, index, counts.length);
  const width = Math.min(30, box[2] * 0.72);
  layParts(sheet.ctx, shares, (from, to) => {
    const [low, high] = [sheet.valToPos(from, "y"), sheet.valToPos(to, "y")];
    if (low - high > 0.1) sheet.ctx.fillRect(box[0] + (box[2] - width) / 2, high, width, Math.max(0.5, low - high - 1));
  });
  return stackSpot(box, counts[index], { text, series });
}

function stackSpot(box, count, { text, series }) {
  const rows = CPU_KINDS.map(([label, hue], i) => ({ label, mark: patch(colour(`hue-${hue}`)), values: [text.parts[i]] }));
  return {
    box, caption: `${series.label}, ${grouped(count)} ${countNoun}`,
    rows: [...rows.reverse(), { label: "all", values: [text.sum] }],
  };
}

/** Where there is one count: a stack a series, lying, its name left of it or, where that takes too much of the width, above. */
function paintStackRows(ctx, width, list, { parts, measure }) {
  const widest = Math.max(...list.map(series => textWidth(series.label, SHEET_FONT))) + 12;
  const isAbove = widest > width * 0.35;
  const [label, step, head] = isAbove ? [0, 46, 20] : [widest, BAR_STEP, 5];
  const cells = list.map(series => cellAt(series, counts[0]));
  const all = cells.map(parts);
  const axis = stackAxis(measure, cells);
  const box = { left: label, top: 0, width: width - label - 24, height: step * list.length };
  const sheet = new Sheet(ctx, box, scaleOf(axis), scaleOver([0, 1], false));
  drawBottomAxis(sheet, axis.ticks, "");
  const spots = list.map((series, i) => {
    const y = step * i + head;
    Object.assign(ctx, { font: SHEET_FONT, textAlign: "start", fillStyle: colour("ink") });
    ctx.fillText(shortened(series.label, SHEET_FONT, width), 0, isAbove ? y - 5 : y + 14);
    layParts(ctx, all[i], (from, to) => {
      const [low, high] = [sheet.valToPos(from, "x"), sheet.valToPos(to, "x")];
      if (high - low > 0.1) ctx.fillRect(low, y, Math.max(0.5, high - low - 1), BAR_STEP - 10);
    });
    return stackSpot([label, y - 3, box.width, BAR_STEP - 4], counts[0], { text: stackOf(measure, cells[i]), series });
  });
  return { height: box.height + 28, spots };
}
