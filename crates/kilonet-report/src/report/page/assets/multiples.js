// Small multiples: one metric, a panel for each level of a factor, all with the same axes.

function multiplesPlan() {
  const factors = manyLevelled.map(([factor]) => factor);
  let [figure, factor] = [plottable[0], factors[0]];
  const levels = () => factorLevels.get(factor).filter(level => shownSeries().some(series => series.factors[factor] === level));
  return {
    name: "multiples", title: "Side by side",
    hasData: () => counts.length > 1 && factors.length > 0 && plottable.length > 0,
    caption: () => `${figure.title}, a panel for each level of ${factor}, on the same axes. ${figure.caption}`,
    legend: () => seriesLegend(shownSeries()),
    controls: [
      figureChooser(plottable, chosen => { figure = chosen; }),
      chooser("A panel for each level of", factors.map(name => [name, `by ${name}`]), name => { factor = name; }),
    ],
    paint: (ctx, width) => paintMultiples(ctx, width, figure, levels().map(level => ({
      level, list: shownSeries().filter(series => series.factors[factor] === level),
    }))),
    table: () => tableOfFigure(figure),
  };
}

function paintMultiples(ctx, width, figure, panels) {
  const { boxes, height } = panelBoxes(width, panels.length);
  const axis = withFew(axisOf(figure, figure.first));
  const marks = new Set();
  const spots = panels.flatMap(({ level, list }, i) => {
    const sheet = countSheet(ctx, axis, boxes[i]);
    namePanel(ctx, boxes[i], level);
    drawValueAxis(sheet, axis, { labels: boxes[i].isFirst });
    drawCountAxis(sheet, { name: boxes[i].isLast ? countNoun : "" });
    for (const mark of paintCurves(sheet, figure, figure.first, list)) marks.add(mark);
    return counts.map(count => countSpot(sheet, figure, list, count));
  });
  return { height, spots, note: meaningOf(marks) };
}

/** What a panel's series say at a count. */
function countSpot(sheet, figure, list, count) {
  const { bbox: { top, height } } = sheet;
  const at = index => sheet.valToPos(counts[index], "x");
  const index = counts.indexOf(count);
  const left = index > 0 ? (at(index - 1) + at(index)) / 2 : sheet.bbox.left;
  const right = index < counts.length - 1 ? (at(index) + at(index + 1)) / 2 : sheet.bbox.left + sheet.bbox.width;
  return {
    box: [left, top, right - left, height],
    caption: `${grouped(count)} ${countNoun}`,
    rows: seriesLegend(list).map(({ label, mark }, i) => {
      const { summary, text } = pointAt(figure, list[i], count);
      return { mark, label, values: [text ? text.median : reason(summary) || "not measured"] };
    }),
  };
}
