// What a reader turns on a figure: each control, given how to draw anew, makes its element.

/** A control that chooses one of several: `options` are pairs of a value and its name. */
const chooser = (label, options, choose) => redraw => {
  const select = make("select", { "aria-label": label }, options.map(([value, name]) => make("option", { value }, name)));
  select.addEventListener("change", () => {
    choose(select.value);
    redraw();
  });
  return select;
};

/** A control that chooses one of some figures. */
const figureChooser = (figures, choose) =>
  chooser("Figure", figures.map(({ metric, title }) => [metric, title]), metric => choose(figures.find(one => one.metric === metric)));

/** A control that switches between a few words, of which one is chosen at first. */
const segments = (label, words, choose, chosen = words[0]) => redraw => {
  const buttons = words.map(word => {
    const button = make("button", { type: "button", "aria-pressed": String(word === chosen) }, word);
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      choose(word);
      redraw();
    });
    return button;
  });
  return make("div", { class: "segments", role: "group", "aria-label": label }, buttons);
};
