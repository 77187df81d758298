// Taking a figure away: as vectors (SVG), as a picture of these (PNG), as a table (CSV). A figure that can be saved has a
// `title`, a `name`, a `caption`, a `legend`, a `table` and `paint(ctx, width)`.

/** Dots of a saved picture to one of its vectors' pixels. */
const PICTURE_DENSITY = 2;

const vectorsFrom = async figure => new Blob([pictureOf(figure).text], { type: "image/svg+xml" });

async function dotsFrom(figure) {
  const { text, height } = pictureOf(figure);
  const image = new Image(PICTURE_WIDTH * PICTURE_DENSITY, height * PICTURE_DENSITY);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  canvas.getContext("2d").drawImage(image, 0, 0, image.width, image.height);
  return new Promise(resolve => canvas.toBlob(resolve, "image/png"));
}

const tableFrom = async figure => new Blob([csvText(figure.table)], { type: "text/csv" });

const WAYS = { SVG: vectorsFrom, PNG: dotsFrom, CSV: tableFrom };

/** Gives a file to the reader, under the run's and the figure's name. */
async function save(figure, form) {
  const address = URL.createObjectURL(await WAYS[form](figure));
  make("a", { href: address, download: `${analysis.name}-${figure.name}.${form.toLowerCase()}` }).click();
  // The browser reads the file after the click.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function saveButtons(figure) {
  const buttons = Object.keys(WAYS).map(form => {
    const button = make("button", { type: "button", "aria-label": `Save ${figure.title} as ${form}` }, form);
    button.addEventListener("click", () => save(figure, form));
    return button;
  });
  return make("div", { class: "segments save", role: "group", "aria-label": "Save" }, buttons);
}
