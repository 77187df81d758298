// The exact values under the cursor: every shown series at one count, with its interval and how many trials it rests on.

/** Series in the order of their values at a count, those without a figure last. */
function ranked(figure, count) {
  return shownSeries().filter(series => isOn(series, count))
    .map(series => ({ series, ...pointAt(figure, series, count) }))
    .sort((a, b) => (b.value?.median ?? -Infinity) - (a.value?.median ?? -Infinity));
}

function readoutRow(figure, { series, summary, value, text, bandText }) {
  const name = make("th", { scope: "row" }, [swatch(series), series.label]);
  if (!value) return make("tr", {}, [name, make("td", { colspan: "4", class: "why" }, reason(summary) || "not measured")]);
  return make("tr", {}, [
    name,
    make("td", { class: "median" }, text.median),
    make("td", {}, text.interval ?? "no interval"),
    ...(figure.band ? [make("td", {}, bandText ?? "")] : []),
    make("td", {}, grouped(value.n)),
  ]);
}

/** Rows that have room on a screen. */
const MOST_READ = 30;

/** The table for one count. */
function readoutTable(figure, count) {
  const heads = ["", "median", "95 % interval", ...(figure.band ? [figure.band] : []), "n"];
  const points = ranked(figure, count);
  const rows = points.slice(0, MOST_READ).map(point => readoutRow(figure, point));
  const left = points.length - MOST_READ;
  if (left > 0) rows.push(make("tr", {}, make("th", { colspan: String(heads.length) }, `and ${left} below`)));
  return make("table", {}, [
    make("caption", {}, `${grouped(count)} ${countNoun}`),
    make("thead", {}, make("tr", {}, heads.map(head => make("th", { scope: "col" }, head)))),
    make("tbody", {}, rows),
  ]);
}

/** Puts the readout beside the cursor, on the side that has room; a narrow screen sets it below the plot (style sheet). */
function placeReadout(readout, plot, left) {
  const over = plot.over;
  const room = over.clientWidth;
  const x = over.offsetLeft + left;
  readout.style.left = left < room / 2 ? `${x + 18}px` : "auto";
  readout.style.right = left < room / 2 ? "auto" : `${plot.root.clientWidth - x + 18}px`;
}
