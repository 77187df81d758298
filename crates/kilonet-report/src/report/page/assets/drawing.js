// A figure that is vectors on the screen too. What it draws names its spots: boxes that can be pointed at or stepped to, each
// with what there is to read.

class Drawing {
  #plan;
  #parts;
  #spots = [];
  #at = -1;
  #frame = make("div", { class: "spot", hidden: "" });
  #marks = make("p", { class: "marks" });
  #readout = make("div", { class: "readout", role: "status", hidden: "" });

  /** `plan` has a `name`, a `title`, `hasData()`, `caption()`, `legend()`, `paint(ctx, width)`, `table()`, and may have `controls`. */
  constructor(plan) {
    this.#plan = plan;
    const controls = (plan.controls ?? []).map(control => control(() => this.draw()));
    const id = `figure-${plan.name}`;
    this.#parts = frame({ metric: plan.name, title: plan.title, caption: plan.caption(), wide: true }, [...controls, saveButtons(this)]);
    this.#parts.plot.after(this.#marks);
    const { plot } = this.#parts;
    Object.assign(plot, { tabIndex: 0, role: "group", ariaLabel: `${plan.title}: arrow keys step through its points` });
    plot.addEventListener("pointermove", event => this.#point(event));
    plot.addEventListener("pointerleave", () => this.#show(-1));
    plot.addEventListener("keydown", event => this.#step(event));
    plot.addEventListener("blur", () => this.#show(-1));
    plot.setAttribute("aria-describedby", `${id}-caption`);
    this.#parts.element.querySelector("figcaption").id = `${id}-caption`;
  }

  get element() {
    return this.#parts.element;
  }

  get title() {
    return this.#plan.title;
  }

  get name() {
    return this.#plan.name;
  }

  get caption() {
    return this.#plan.caption();
  }

  get legend() {
    return this.#plan.legend();
  }

  get table() {
    return this.#plan.table();
  }

  paint(ctx, width) {
    return this.#plan.paint(ctx, width);
  }

  /** As wide as the page's column, even while the figure is hidden. */
  get width() {
    return this.element.parentElement.clientWidth;
  }

  draw(width = this.width) {
    this.element.hidden = !this.#plan.hasData();
    if (this.element.hidden) return;
    const { plot, legend, element } = this.#parts;
    this.#show(-1);
    const ink = new VectorInk();
    const { height, spots = [], note = "" } = this.paint(ink, width);
    this.#spots = spots;
    plot.innerHTML = vectorFile(ink.drawn, width, height);
    plot.firstChild.setAttribute("aria-hidden", "true");
    plot.append(this.#frame, this.#readout);
    legend.replaceChildren(...legendItems(this.legend, legendEntry));
    element.querySelector("figcaption").textContent = this.caption;
    this.#marks.textContent = note;
  }

  #point({ offsetX, offsetY, target }) {
    if (!this.#parts.plot.firstChild?.contains(target)) return;
    this.#show(this.#spots.findIndex(({ box: [x, y, width, height] }) =>
      offsetX >= x && offsetX < x + width && offsetY >= y && offsetY < y + height));
  }

  #step(event) {
    if (event.key === "Escape") return this.#show(-1);
    const target = { Home: 0, End: this.#spots.length - 1 }[event.key] ?? this.#towards(event.key);
    if (target === undefined) return;
    event.preventDefault();
    this.#show(target);
  }

  /** The spot that lies next in the direction of an arrow key; the first where none is chosen. */
  #towards(key) {
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
    if (!way || this.#spots.length === 0) return undefined;
    if (this.#at < 0) return 0;
    return nearest(this.#spots, this.#at, way) ?? this.#at;
  }

  #show(at) {
    this.#at = at;
    const spot = this.#spots[at];
    this.#frame.hidden = !spot;
    this.#readout.hidden = !spot;
    if (!spot) return;
    const [x, y, width, height] = spot.box;
    Object.assign(this.#frame.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
    this.#readout.replaceChildren(spotTable(spot));
    const room = this.#parts.plot.clientWidth;
    const isLeft = x + width / 2 < room / 2;
    Object.assign(this.#readout.style, {
      top: `${y}px`, left: isLeft ? `${x + width + 12}px` : "auto", right: isLeft ? "auto" : `${room - x + 12}px`,
    });
  }
}

const centre = ({ box: [x, y, width, height] }) => [x + width / 2, y + height / 2];

/** The index of the spot nearest to another in a direction, straight ahead before aside; none at the edge. */
function nearest(spots, from, [right, down]) {
  const [x, y] = centre(spots[from]);
  const ahead = spots.map((spot, i) => {
    const [dx, dy] = [centre(spot)[0] - x, centre(spot)[1] - y];
    return { i, forward: dx * right + dy * down, aside: Math.abs(dx * down) + Math.abs(dy * right) };
  }).filter(({ forward }) => forward > 0.5);
  return ahead.sort((a, b) => a.forward + 4 * a.aside - b.forward - 4 * b.aside)[0]?.i;
}

/** What there is to read at a spot: `caption`, and `rows` of a label (after a mark, if any) and values. */
function spotTable({ caption, rows }) {
  return make("table", {}, [
    make("caption", {}, caption),
    make("tbody", {}, rows.map(({ mark, label, values }) => make("tr", {}, [
      make("th", { scope: "row" }, [...(mark ? [markElement(mark)] : []), label]),
      ...values.map(value => make("td", {}, value)),
    ]))),
  ]);
}

function markElement(mark) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ class: "swatch", viewBox: "-14 -7 28 14", "aria-hidden": "true" })) {
    svg.setAttribute(name, value);
  }
  svg.innerHTML = mark;
  return svg;
}

const legendEntry = ({ label, mark }) => make("li", {}, [markElement(mark), label]);

/** A patch of colour for a legend. */
const patch = ink => `<rect x="-7" y="-6" width="14" height="12" fill="${ink}"/>`;
