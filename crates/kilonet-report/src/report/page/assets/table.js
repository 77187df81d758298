// Every shown cell as a row, sortable by any column. Absent figures sort last in either direction.

const metricColumn = (title, metric, kind) => ({
  title, metric, present: () => estimates(metric).length > 0,
  key: ({ summary }) => estimate(summary, metric)?.median,
  show: ({ summary }) => metricText(estimate(summary, metric), kind),
});

function metricText(value, kind) {
  if (!value) return "";
  const bounds = value.interval ? make("small", {}, span(value.interval, kind)) : "";
  return [kind.exact(value.median), bounds];
}

const trialsText = ({ summary }) => [
  `${summary.measured}`,
  make("small", {}, [
    summary.failures.length > 0 ? `${summary.failures.length} failed` : "",
    summary.invalid > 0 ? `${summary.invalid} invalid` : "",
    summary.disturbed > 0 ? `${summary.disturbed} disturbed` : "",
    summary.precision?.reach === "never" ? `never ±${quantity.percent.exact(summary.precision.within)}` : "",
  ].filter(Boolean).join(", ")),
];

// How far trials of a cell are apart, and how much of that is within each.
function scatterText({ summary: { scatter } }) {
  if (!scatter) return "";
  return [quantity.percent.exact(scatter.between), make("small", {}, quantity.percent.exact(scatter.within))];
}

const COLUMNS = [
  { title: "series", key: ({ series }) => series.label, show: ({ series }) => [swatch(series), series.label], header: true },
  { title: countNoun, key: ({ summary }) => countOf(summary), show: ({ summary }) => grouped(countOf(summary)) },
  { title: "pairs", key: ({ summary }) => summary.cell.pairs, show: ({ summary }) => grouped(summary.cell.pairs) },
  { title: "measured", key: ({ summary }) => summary.measured, show: trialsText },
  metricColumn("goodput", "goodput", quantity.rate),
  {
    title: "scatter (within)",
    present: () => analysis.cells.some(summary => summary.scatter),
    key: ({ summary }) => summary.scatter?.between,
    show: scatterText,
  },
  metricColumn("requests", "transactions", quantity.requests),
  metricColumn("latency p50", "latency_p50", quantity.time),
  metricColumn("p99", "latency_p99", quantity.time),
  metricColumn("p99.9", "latency_p999", quantity.time),
  metricColumn("CPU a request", "cpu_per_transaction", quantity.time),
  metricColumn("datagrams", "datagrams", quantity.requests),
  metricColumn("lost", "loss", quantity.percent),
  metricColumn("ratio to lo", "baseline_ratio", quantity.share),
  metricColumn("median pair", "pair_p50", quantity.rate),
  metricColumn("slowest pair", "pair_min", quantity.rate),
  metricColumn("fastest pair", "pair_max", quantity.rate),
  metricColumn("Jain", "jain", quantity.share),
  metricColumn("starved", "starved", quantity.whole),
  metricColumn("CPU", "cpu_per_byte", quantity.cost),
  metricColumn("set-up", "setup", quantity.time),
  metricColumn("teardown", "teardown", quantity.time),
  metricColumn("memory each", "kernel_memory", quantity.bytes),
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
