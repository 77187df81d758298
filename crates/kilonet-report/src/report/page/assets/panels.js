// Panels side by side with the same axes: where each lies, and what it is called.

const PANEL = { least: 250, height: 150, head: 28, foot: 28, name: 20, labels: 68, gap: 18 };

/** Where panels lie in a width: as many in a row as have room. */
function panelBoxes(width, count, { height = PANEL.height, least = PANEL.least } = {}) {
  const most = Math.max(1, Math.floor((width - PANEL.labels) / least));
  const columns = Math.ceil(count / Math.ceil(count / most));
  const step = (width - PANEL.labels) / columns;
  const rows = Math.ceil(count / columns);
  const pitch = PANEL.head + height + PANEL.foot;
  const boxes = Array.from({ length: count }, (_, i) => ({
    left: PANEL.labels + (i % columns) * step, top: Math.floor(i / columns) * pitch + PANEL.head, width: step - PANEL.gap, height,
    isFirst: i % columns === 0, isLast: i + columns >= count,
  }));
  return { boxes, height: rows * pitch + PANEL.name };
}

/** A text as far as it has room. */
function shortened(text, font, width) {
  if (textWidth(text, font) <= width) return text;
  let length = text.length;
  while (length > 1 && textWidth(`${text.slice(0, length)}…`, font) > width) length -= 1;
  return `${text.slice(0, length)}…`;
}

function namePanel(ctx, { left, top, width }, name) {
  const font = `600 ${SHEET_FONT}`;
  Object.assign(ctx, { font, textAlign: "start", fillStyle: colour("ink") });
  ctx.fillText(shortened(name, font, width), left, top - 10);
}

/** A scale on which the counts lie evenly, by their places in a list. */
const evenScale = list => scaleOver([-0.5, list.length - 0.5], false);

/** An axis of evenly spaced counts, labelled as often as there is room. */
function drawEvenAxis(sheet, list, name) {
  const widest = Math.max(...list.map(count => textWidth(grouped(count), SHEET_FONT))) + 8;
  const stride = Math.ceil(widest * list.length / sheet.bbox.width);
  const labelled = i => (list.length - 1 - i) % stride === 0;
  drawBottomAxis(sheet, list.map((count, i) => [i, labelled(i) ? grouped(count) : ""]), name);
}

/** The strip of a panel around a place of its horizontal axis, as a spot's box. */
function stripAround({ bbox: { left, top, width, height } }, index, count) {
  const step = width / count;
  return [left + index * step, top, step, height];
}

/** Series beyond this many have no panel: the reader chooses which by the factors. */
const MOST_PANELS = 12;
const panelledSeries = hasData => shownSeries().filter(hasData).slice(0, MOST_PANELS);

/** Says so where not every series has a panel. */
function panelNote(hasData) {
  const all = shownSeries().filter(hasData).length;
  return all > MOST_PANELS ? `The first ${MOST_PANELS} of ${all} series; switch factors off to see others.` : "";
}
