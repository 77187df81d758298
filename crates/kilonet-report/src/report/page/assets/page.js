// The page as a whole: which figures there are, and what makes them draw anew (factors, theme, width, print).

const figures = plottable.map(figure => (counts.length > 1 ? new Curve(figure) : new Bars(figure)));

/** The figure of the first answer stands by itself above all others. */
const lead = figures.filter(figure => figure.name === drawn.lead);
const others = figures.filter(figure => !lead.includes(figure));

/** Widths are read before anything is drawn: to read one after each drawing would lay the page out as often. */
function drawFigures() {
  const all = [...figures, ...CLOSER];
  const widths = all.map(figure => figure.width);
  all.forEach((figure, i) => figure.draw(widths[i]));
}

/** A chip a level; the last one standing of a factor cannot be switched off. */
function chip(factor, level, levels) {
  const box = make("input", { type: "checkbox", name: factor, value: level });
  box.checked = true;
  box.addEventListener("change", () => {
    const others = levels.filter(other => other !== level && !switchedOff.has(levelKey(factor, other)));
    if (!box.checked && others.length === 0) {
      box.checked = true;
      return;
    }
    switchedOff[box.checked ? "delete" : "add"](levelKey(factor, level));
    drawFigures();
    drawTable();
  });
  return make("label", { class: "chip" }, [box, make("span", {}, [...levelMarker(factor, level), level])]);
}

function drawSwitches() {
  const sets = manyLevelled.map(([factor, levels]) =>
    make("fieldset", {}, [make("legend", {}, factor), ...levels.map(level => chip(factor, level, levels))]));
  const form = document.getElementById("switches");
  form.replaceChildren(...sets);
  form.hidden = sets.length === 0;
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const themeButton = document.getElementById("theme");
const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";

/** What shows the theme outside the style sheet; drawn figures hold its colours. */
function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  resolved.clear();
  themeButton.textContent = isDark() ? "Light" : "Dark";
}

function changeTheme(theme) {
  setTheme(theme);
  drawFigures();
}

/** The first figure at once, all else when the reader has seen it. */
function drawInTurn() {
  (lead[0] ?? figures[0])?.draw();
  requestAnimationFrame(() => setTimeout(() => {
    drawFigures();
    drawTable();
    redrawOnResize();
  }));
}

/** Paper is white: print in the light theme and return to the reader's afterwards. */
function printInLight() {
  let chosen;
  addEventListener("beforeprint", () => {
    chosen = document.documentElement.dataset.theme;
    changeTheme("light");
  });
  addEventListener("afterprint", () => changeTheme(chosen));
}

function redrawOnResize() {
  const element = document.getElementById("figures");
  let width = element.clientWidth;
  new ResizeObserver(() => {
    if (element.clientWidth === width) return;
    width = element.clientWidth;
    drawFigures();
  }).observe(element);
}

document.getElementById("lead").replaceChildren(...lead.map(figure => figure.element));
document.getElementById("figures").replaceChildren(...others.map(figure => figure.element));
document.getElementById("closer").replaceChildren(...CLOSER.map(figure => figure.element));
document.getElementById("cells").hidden = analysis.cells.length === 0;
themeButton.hidden = false;
themeButton.addEventListener("click", () => changeTheme(isDark() ? "light" : "dark"));
dark.addEventListener("change", () => changeTheme(document.documentElement.dataset.theme));
drawSwitches();
setTheme();
printInLight();
drawInTurn();
