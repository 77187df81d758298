// One figure as curves over the count, on an axis that names the counts. It is drawn anew whenever what it shows
// changes: a few hundred points take a millisecond or two, and there is no state to keep in step.

const HEIGHT = { wide: 400, normal: 300, narrow: 280 };
const FONT = "12px system-ui, sans-serif";
const MARK_MEANING = {
  "×": "× failed", "?": "? invalid", "0": "0 is below a log axis", "∧": "∧ peak", "○": "○ knee", "┃": "┃ refused beyond",
};

const meaningOf = marks => [...marks].map(mark => MARK_MEANING[mark]).join(" · ");

class Curve {
  #figure;
  #scale;
  #plot;
  #parts;
  #marks = make("p", { class: "marks" });
  #readout = make("div", { class: "readout", role: "status", hidden: "" });

  constructor(figure) {
    this.#figure = figure;
    this.#scale = figure.first;
    this.#parts = frame(figure, [this.#scaleSwitch(), saveButtons(this)]);
    this.#parts.plot.after(this.#marks);
    this.#parts.plot.tabIndex = 0;
    this.#parts.plot.setAttribute("role", "group");
    this.#parts.plot.setAttribute("aria-label", `${figure.title}: arrow keys step through the counts`);
    this.#parts.plot.addEventListener("keydown", event => this.#step(event));
    this.#parts.plot.addEventListener("blur", () => this.#hideReadout());
  }

  get element() {
    return this.#parts.element;
  }

  get title() {
    return this.#figure.title;
  }

  get name() {
    return this.#figure.metric;
  }

  get caption() {
    return this.#parts.caption;
  }

  get legend() {
    return seriesLegend(shownSeries());
  }

  get table() {
    return tableOfFigure(this.#figure);
  }

  /** The curves as vectors; gives the height they take, and what their marks mean. */
  paint(ctx, width) {
    const axis = axisOf(this.#figure, this.#scale);
    const sheet = countSheet(ctx, axis, { left: 72, top: 24, width: width - 90, height: 400 });
    nameValueAxis(sheet, this.#figure.title);
    drawValueAxis(sheet, axis);
    drawCountAxis(sheet);
    const marks = paintCurves(sheet, this.#figure, this.#scale);
    return { height: 470, note: meaningOf(marks) };
  }

  get width() {
    return this.#parts.plot.clientWidth;
  }

  draw(width = this.width) {
    const { plot, legend } = this.#parts;
    this.#plot?.destroy();
    this.#hideReadout();
    fillLegend(legend);
    this.#plot = new uPlot(this.#options(width), this.#data(), plot);
    plot.append(this.#readout);
  }

  #data() {
    const drawable = value => (value && (this.#scale === "linear" || value.median > 0) ? value.median : null);
    // uPlot breaks a line at null, and passes over what is undefined.
    return [counts, ...shownSeries().map(series => counts.map(count =>
      (isOn(series, count) ? drawable(pointAt(this.#figure, series, count).value) : undefined)))];
  }

  #options(width) {
    const { min, max, distr } = scaleOf(drawn.counts);
    const axis = axisOf(this.#figure, this.#scale);
    const height = innerWidth < 640 ? HEIGHT.narrow : HEIGHT[this.#figure.wide ? "wide" : "normal"];
    return {
      width, height, padding: [12, 14, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false }, move: snapToCount },
      scales: {
        x: { time: false, distr, log: 2, range: () => [min, max] },
        y: { distr: scaleOf(axis).distr, log: 10, range: () => [axis.low, axis.high] },
      },
      axes: [this.#countAxis(), valueAxis(axis)],
      series: [{}, ...shownSeries().map(series => ({
        label: series.label, stroke: colourOf(series), width: 1.75, dash: lookOf(series).dash, points: { show: false },
      }))],
      hooks: {
        drawAxes: [plot => this.#paintUnder(plot)],
        draw: [plot => this.#paintOver(plot)],
        setCursor: [plot => this.#read(plot)],
      },
    };
  }

  #countAxis() {
    return {
      stroke: colour("ink-soft"), font: FONT, size: 34, gap: 6,
      label: countNoun, labelFont: FONT, labelSize: 20, labelGap: 2,
      grid: { show: false }, ticks: { stroke: colour("rule"), size: 5, width: 1 },
      splits: countSplits, filter: (_, splits) => splits, values: (_, splits) => splits.map(grouped),
    };
  }

  #paintUnder(plot) {
    paintOne(plot, this.#figure);
    if (this.#figure.guide) paintGuide(plot, this.#figure, shownSeries());
    if (this.#figure.band) for (const series of shownSeries()) paintBand(plot, this.#figure, series);
  }

  #paintOver(plot) {
    this.#marks.textContent = meaningOf(paintPointsAndMarks(plot, this.#figure, this.#scale, shownSeries()));
  }

  #read(plot) {
    const { idx, left } = plot.cursor;
    if (idx == null || left < 0) return this.#hideReadout();
    this.#readout.replaceChildren(readoutTable(this.#figure, counts[idx]));
    this.#readout.hidden = false;
    placeReadout(this.#readout, plot, left);
  }

  #hideReadout() {
    this.#readout.hidden = true;
  }

  #step(event) {
    const at = this.#readout.hidden ? -1 : this.#plot.cursor.idx;
    const target = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: counts.length - 1 }[event.key];
    if (event.key === "Escape") return this.#plot.setCursor({ left: -10, top: -10 });
    if (target === undefined) return;
    event.preventDefault();
    const count = counts[Math.max(0, Math.min(counts.length - 1, target))];
    this.#plot.setCursor({ left: this.#plot.valToPos(count, "x"), top: 0 });
  }

  #scaleSwitch() {
    const control = segments("Vertical axis", ["linear", "log"], scale => { this.#scale = scale; }, this.#scale);
    return control(() => this.draw());
  }
}

/** The values' axis, with the ticks that the page carries. */
function valueAxis(axis) {
  return {
    stroke: colour("ink-soft"), font: FONT, size: 66, gap: 6,
    grid: { stroke: colour("grid"), width: 1 }, ticks: { show: false },
    splits: () => axis.ticks.map(([value]) => value), filter: (_, splits) => splits, values: () => axis.ticks.map(([, text]) => text),
  };
}

/** The cursor stands on measured counts only. */
function snapToCount(plot, left, top) {
  if (left < 0) return [left, top];
  return [plot.valToPos(counts[plot.posToIdx(left)], "x"), top];
}
