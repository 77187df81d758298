// Every shown cell as a row, sortable by any column. Absent figures sort last in either direction.

const metricColumn = ({ heading, metric }) => ({
  title: heading,
  key: ({ summary }) => estimate(summary, metric)?.median,
  show: ({ summary }) => metricText(textOf(summary, metric)),
});

const metricText = text => (text ? [text.median, text.interval ? make("small", {}, text.interval) : ""] : "");

const trialsText = ({ summary }) => [
  `${summary.measured}`,
  make("small", {}, [
    summary.failures.length > 0 ? `${summary.failures.length} failed` : "",
    summary.invalid > 0 ? `${summary.invalid} invalid` : "",
    summary.disturbed > 0 ? `${summary.disturbed} disturbed` : "",
    writtenOf(summary).never ? `never ±${writtenOf(summary).never}` : "",
  ].filter(Boolean).join(", ")),
];

// How far trials of a cell are apart, and how much of that is within each.
function scatterText({ summary }) {
  const [between, within] = writtenOf(summary).scatter ?? [];
  return between ? [between, make("small", {}, within)] : "";
}

const COLUMNS = [
  { title: "series", key: ({ series }) => series.label, show: ({ series }) => [swatch(series), series.label], header: true },
  { title: countNoun, key: ({ summary }) => countOf(summary), show: ({ summary }) => grouped(countOf(summary)) },
  { title: "pairs", key: ({ summary }) => summary.cell.pairs, show: ({ summary }) => grouped(summary.cell.pairs) },
  { title: "measured", key: ({ summary }) => summary.measured, show: trialsText },
  ...drawn.columns.map(metricColumn),
  {
    title: "scatter (within)",
    present: () => analysis.cells.some(summary => summary.scatter),
    key: ({ summary }) => summary.scatter?.between,
    show: scatterText,
  },
].filter(column => column.present?.() ?? true);

const sorting = { column: undefined, direction: 1 };
/** Rows that are shown at first: thousands of them take a browser longer than a reader waits. */
const FIRST_ROWS = 200;
const moreRows = document.getElementById("more-rows");
let showsAll = false;

function compareBy(column, direction) {
  return (a, b) => {
    const [left, right] = [column.key(a), column.key(b)];
    if (left === undefined || right === undefined) return (left === undefined) - (right === undefined);
    return direction * (typeof left === "string" ? left.localeCompare(right) : left - right);
  };
}

function sortBy(column) {
  sorting.direction = sorting.column === column ? -sorting.direction : 1;
  sorting.column = column;
  drawTable();
}

function headCell(column) {
  const button = make("button", { type: "button" }, column.title);
  button.addEventListener("click", () => sortBy(column));
  const order = sorting.column !== column ? "none" : sorting.direction > 0 ? "ascending" : "descending";
  return make("th", { scope: "col", "aria-sort": order }, button);
}

function bodyRow(row) {
  const cells = COLUMNS.map(column => make(column.header ? "th" : "td", column.header ? { scope: "row" } : {}, column.show(row)));
  return make("tr", { class: stateOf(row.summary), title: reason(row.summary) }, cells);
}

function drawTable() {
  const rows = shownSeries().flatMap(series => series.cells.map(i => ({ series, summary: analysis.cells[i] })));
  if (sorting.column) rows.sort(compareBy(sorting.column, sorting.direction));
  const table = document.getElementById("table");
  const focused = [...table.querySelectorAll("thead button")].indexOf(document.activeElement);
  table.replaceChildren(
    make("thead", {}, make("tr", {}, COLUMNS.map(headCell))),
    make("tbody", {}, rows.slice(0, showsAll ? rows.length : FIRST_ROWS).map(bodyRow)),
  );
  moreRows.hidden = showsAll || rows.length <= FIRST_ROWS;
  moreRows.textContent = `Show all ${grouped(rows.length)} cells`;
  table.querySelectorAll("thead button")[focused]?.focus();
}

moreRows.addEventListener("click", () => {
  showsAll = true;
  drawTable();
  document.getElementById("table").querySelector("thead button").focus();
});
