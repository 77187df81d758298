// Where the machine's CPU time went: a stack of kinds at each count, a panel a series.

const CPU_KINDS = [["user", 3], ["system", 2], ["interrupts", 1], ["stolen", 0]];

const CPU_MEASURES = {
  "share of window": { key: "of_window", column: "cpu_share_ratio", kind: quantity.percent },
  "per byte": { key: "per_byte_ns", column: "cpu_per_byte_ns", kind: quantity.cost },
  "per request": { key: "per_transaction_ns", column: "cpu_per_request_ns", kind: quantity.time },
};

function stacksPlan() {
  const words = Object.keys(CPU_MEASURES).filter(word =>
    (word !== "per byte" || !ofRequests) && analysis.cells.some(summary => summary.detail.cpu?.[CPU_MEASURES[word].key]));
  let measure = CPU_MEASURES[words[0]];
  const parts = summary => summary?.detail.cpu?.[measure.key];
  const has = series => counts.some(count => parts(cellAt(series, count)));
  return {
    name: "cpu", title: "Where CPU time went",
    hasData: () => words.length > 0 && shownSeries().some(has),
    caption: () => "User, system and interrupt time of the whole machine, and what its hypervisor took; means over a cell's trials. "
      + "Stolen time lies on top and is no part of the cost.",
    legend: () => CPU_KINDS.map(([label, hue]) => ({ label, mark: patch(colour(`hue-${hue}`)) })),
    controls: [segments("CPU time", words, word => { measure = CPU_MEASURES[word]; })],
    paint: (ctx, width) => (counts.length > 1
      ? { ...paintStacks(ctx, width, panelledSeries(has), { parts, kind: measure.kind }), note: panelNote(has) }
      : paintStackRows(ctx, width, shownSeries().filter(has), { parts, kind: measure.kind })),
    table: () => [
      [...PLACE_COLUMNS, ...CPU_KINDS.map(([name]) => `${measure.column.replace(/_(\w+)$/, `_${name}_$1`)}`)],
      ...shownSeries().flatMap(series => counts.filter(count => parts(cellAt(series, count)))
        .map(count => [...placeFields(series, count), ...parts(cellAt(series, count))])),
    ],
  };
}

const sum = values => values.reduce((all, value) => all + value, 0);

function paintStacks(ctx, width, list, { parts, kind }) {
  const { boxes, height } = panelBoxes(width, list.length);
  const all = list.flatMap(series => counts.map(count => parts(cellAt(series, count)))).filter(Boolean);
  const top = Math.max(...all.map(sum)) * 1.06;
  const spots = list.flatMap((series, i) => {
    const sheet = new Sheet(ctx, boxes[i], evenScale(counts), scaleOver([0, top], false));
    namePanel(ctx, boxes[i], series.label);
    drawValueAxis(sheet, kind, { labels: boxes[i].isFirst, most: 5 });
    drawEvenAxis(sheet, counts, boxes[i].isLast ? countNoun : "");
    return counts.map((count, index) => paintStack(sheet, index, { shares: parts(cellAt(series, count)), kind, series })).filter(Boolean);
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
function paintStack(sheet, index, { shares, kind, series }) {
  if (!shares) return undefined;
  const box = stripAround(sheet, index, counts.length);
  const width = Math.min(30, box[2] * 0.72);
  layParts(sheet.ctx, shares, (from, to) => {
    const [low, high] = [sheet.valToPos(from, "y"), sheet.valToPos(to, "y")];
    if (low - high > 0.1) sheet.ctx.fillRect(box[0] + (box[2] - width) / 2, high, width, Math.max(0.5, low - high - 1));
  });
  return stackSpot(box, counts[index], { shares, kind, series });
}

function stackSpot(box, count, { shares, kind, series }) {
  const rows = CPU_KINDS.map(([label, hue], i) => ({ label, mark: patch(colour(`hue-${hue}`)), values: [kind.exact(shares[i])] }));
  return {
    box, caption: `${series.label}, ${grouped(count)} ${countNoun}`,
    rows: [...rows.reverse(), { label: "all", values: [kind.exact(sum(shares))] }],
  };
}

/** Where there is one count: a stack a series, lying, its name left of it or, where that takes too much of the width, above. */
function paintStackRows(ctx, width, list, { parts, kind }) {
  const widest = Math.max(...list.map(series => textWidth(series.label, SHEET_FONT))) + 12;
  const isAbove = widest > width * 0.35;
  const [label, step, head] = isAbove ? [0, 46, 20] : [widest, BAR_STEP, 5];
  const all = list.map(series => parts(cellAt(series, counts[0])));
  const range = [0, Math.max(...all.map(sum)) * 1.03];
  const box = { left: label, top: 0, width: width - label - 24, height: step * list.length };
  const sheet = new Sheet(ctx, box, scaleOver(range, false), scaleOver([0, 1], false));
  drawBottomAxis(sheet, linearSplits(range, 6).map(split => [split, kind.tick(split)]), "");
  const spots = list.map((series, i) => {
    const y = step * i + head;
    Object.assign(ctx, { font: SHEET_FONT, textAlign: "start", fillStyle: colour("ink") });
    ctx.fillText(shortened(series.label, SHEET_FONT, width), 0, isAbove ? y - 5 : y + 14);
    layParts(ctx, all[i], (from, to) => {
      const [low, high] = [sheet.valToPos(from, "x"), sheet.valToPos(to, "x")];
      if (high - low > 0.1) ctx.fillRect(low, y, Math.max(0.5, high - low - 1), BAR_STEP - 10);
    });
    return stackSpot([label, y - 3, box.width, BAR_STEP - 4], counts[0], { shares: all[i], kind, series });
  });
  return { height: box.height + 28, spots };
}
