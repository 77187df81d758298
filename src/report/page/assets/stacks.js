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
    paint: (ctx, width) => ({ ...paintStacks(ctx, width, panelledSeries(has), { parts, kind: measure.kind }), note: panelNote(has) }),
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

/** One stack, from user time up, with a line of paper between its parts. Gives its spot; nothing where there is no figure. */
function paintStack(sheet, index, { shares, kind, series }) {
  if (!shares) return undefined;
  const { ctx } = sheet;
  const [x, , step] = stripAround(sheet, index, counts.length);
  const width = Math.min(30, step * 0.72);
  let floor = 0;
  CPU_KINDS.forEach(([, hue], i) => {
    const [low, high] = [sheet.valToPos(floor, "y"), sheet.valToPos(floor + shares[i], "y")];
    floor += shares[i];
    ctx.fillStyle = colour(`hue-${hue}`);
    if (low - high > 0.1) ctx.fillRect(x + (step - width) / 2, high, width, Math.max(0.5, low - high - 1));
  });
  return {
    box: stripAround(sheet, index, counts.length),
    caption: `${series.label}, ${grouped(counts[index])} ${countNoun}`,
    rows: [
      ...CPU_KINDS.map(([label, hue], i) => ({ label, mark: patch(colour(`hue-${hue}`)), values: [kind.exact(shares[i])] })).reverse(),
      { label: "all", values: [kind.exact(floor)] },
    ],
  };
}
