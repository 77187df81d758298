// What a figure shows, as a table for other programs: a row a point, plain numbers in the units that the header names.

/** Fields with a comma, a quote or a line break stand in quotes; what is absent is empty. */
function csvField(value) {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const csvText = rows => rows.map(row => `${row.map(csvField).join(",")}\r\n`).join("");

/** What a point is of: its series, the level of each factor that varies, the count. */
const PLACE_COLUMNS = ["series", ...factorLevels.keys(), analysis.count];
const placeFields = (series, count) =>
  [series.label, ...[...factorLevels.keys()].map(factor => series.factors[factor]), count];

/** The header of a metric's columns. */
function metricColumns(figure) {
  const column = (metric, what) => `${metric}_${what}_${figure.unit}`;
  return [
    column(figure.metric, "median"), column(figure.metric, "ci95_low"), column(figure.metric, "ci95_high"),
    ...(figure.band_of ?? []).map(metric => column(metric, "median")), "trials", "state",
  ];
}

/** The shown series' points of a figure. */
function tableOfFigure(figure) {
  const rows = shownSeries().flatMap(series => series.cells.map(i => {
    const summary = analysis.cells[i];
    const value = estimate(summary, figure.metric);
    return [
      ...placeFields(series, countOf(summary)), value?.median, ...(value?.interval ?? [undefined, undefined]),
      ...(figure.band_of ?? []).map(metric => estimate(summary, metric)?.median), value?.n ?? 0, stateOf(summary),
    ];
  }));
  return [[...PLACE_COLUMNS, ...metricColumns(figure)], ...rows];
}
