// A figure as it is saved: its drawing with all that the page says around it, so that it can stand alone.

const PICTURE_WIDTH = 960;
const PICTURE_MARGIN = 28;
const ruler = document.createElement("canvas").getContext("2d");

function textWidth(text, font) {
  ruler.font = font;
  return ruler.measureText(text).width;
}

/** A text in lines that fit. */
function linesOf(text, font, width) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (textWidth(longer, font) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** How series look, as a legend has it. */
const seriesLegend = list => list.map(series => ({ label: series.label, mark: swatchVectors(lookOf(series), SWATCH_LINE, colour) }));

/** Entries of a legend and where they stand, row by row. */
function placeEntries(entries, width) {
  let [x, row] = [0, 0];
  const placed = entries.map(entry => {
    const length = textWidth(entry.label, SHEET_FONT) + 54;
    if (x > 0 && x + length > width) [x, row] = [0, row + 1];
    x += length;
    return { ...entry, x: x - length, row };
  });
  return { placed, rows: placed.length > 0 ? row + 1 : 0 };
}

/** Writes from the top down, and knows how far it has come. */
class Column {
  y = PICTURE_MARGIN;

  constructor(ctx, width) {
    Object.assign(this, { ctx, width });
  }

  text(text, ink, font = SHEET_FONT, leading = 17) {
    Object.assign(this.ctx, { font, textAlign: "start", fillStyle: colour(ink) });
    for (const line of linesOf(text, font, this.width)) {
      this.y += leading;
      this.ctx.fillText(line, PICTURE_MARGIN, this.y - 4);
    }
  }

  legend(entries) {
    const { placed, rows } = placeEntries(entries, this.width);
    Object.assign(this.ctx, { font: SHEET_FONT, textAlign: "start", fillStyle: colour("ink-soft") });
    for (const { label, mark, x, row } of placed) {
      const y = this.y + 18 + 19 * row;
      this.ctx.insert(`<g transform="translate(${place(PICTURE_MARGIN + x + 14)} ${place(y - 4)})">${mark}</g>`);
      this.ctx.fillText(label, PICTURE_MARGIN + x + 34, y);
    }
    this.y += rows > 0 ? 19 * rows + 8 : 0;
  }

  /** A drawing of its own width, set in. Gives what it says of itself. */
  drawing(figure) {
    const ink = new VectorInk();
    const { height, note } = figure.paint(ink, this.width);
    this.y += 12;
    this.ctx.insert(`<g transform="translate(${PICTURE_MARGIN} ${place(this.y)})">${ink.drawn}</g>`);
    this.y += height;
    return note;
  }
}

/** The figure as a file of vectors, in the colours of paper. */
function pictureOf(figure) {
  return inLight(() => {
    const ink = new VectorInk();
    const column = new Column(ink, PICTURE_WIDTH - 2 * PICTURE_MARGIN);
    column.text(figure.title, "ink", "600 19px system-ui, sans-serif", 24);
    column.text(document.getElementById("figures").dataset.machine, "muted");
    column.text(figure.caption, "ink-soft");
    column.legend(figure.legend);
    const note = column.drawing(figure);
    if (note) column.text(note, "muted");
    const height = column.y + PICTURE_MARGIN;
    const paper = `<rect width="${PICTURE_WIDTH}" height="${place(height)}" fill="${colour("paper")}"/>`;
    return { text: vectorFile(`<title>${escapeText(figure.title)}</title>${paper}${ink.drawn}`, PICTURE_WIDTH, height), height };
  });
}
