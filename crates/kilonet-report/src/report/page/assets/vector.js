// What painters draw on when vectors are wanted: as much of a canvas's context as they use, written down as SVG.

const escapeText = text => String(text).replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`);

/** Places to a hundredth of a pixel, which is finer than any screen or printer. */
const place = number => String(Math.round(number * 100) / 100);

/** Names of clips, which all drawings of a page share. */
let clipsMade = 0;

class VectorInk {
  #parts = [];
  #clips = new Map();
  #saved = [];
  #path = "";
  #dash = [];
  #clip = "";
  #shift = "";
  strokeStyle = "#000";
  fillStyle = "#000";
  lineWidth = 1;
  lineCap = "butt";
  globalAlpha = 1;
  font = "12px sans-serif";
  textAlign = "start";

  /** All that was drawn, as the inside of an `svg` element. */
  get drawn() {
    const clips = [...this.#clips].map(([path, id]) => `<clipPath id="${id}"><path d="${path}"/></clipPath>`);
    return (clips.length > 0 ? `<defs>${clips.join("")}</defs>` : "") + this.#parts.join("");
  }

  save() {
    const { strokeStyle, fillStyle, lineWidth, lineCap, globalAlpha, font, textAlign } = this;
    const [dash, clip, shift] = [this.#dash, this.#clip, this.#shift];
    this.#saved.push(() => {
      Object.assign(this, { strokeStyle, fillStyle, lineWidth, lineCap, globalAlpha, font, textAlign });
      [this.#dash, this.#clip, this.#shift] = [dash, clip, shift];
    });
  }

  restore() {
    this.#saved.pop()();
  }

  beginPath() {
    this.#path = "";
  }

  moveTo(x, y) {
    this.#path += `M${place(x)} ${place(y)}`;
  }

  lineTo(x, y) {
    this.#path += `${this.#path ? "L" : "M"}${place(x)} ${place(y)}`;
  }

  rect(x, y, width, height) {
    this.#path += `M${place(x)} ${place(y)}h${place(width)}v${place(height)}h${place(-width)}Z`;
  }

  /** A whole circle; painters draw no others. */
  arc(x, y, radius) {
    const [r, across] = [place(radius), place(2 * radius)];
    this.#path += `M${place(x - radius)} ${place(y)}a${r} ${r} 0 1 0 ${across} 0a${r} ${r} 0 1 0 -${across} 0Z`;
  }

  clip() {
    if (!this.#clips.has(this.#path)) this.#clips.set(this.#path, `clip-${clipsMade += 1}`);
    this.#clip = ` clip-path="url(#${this.#clips.get(this.#path)})"`;
  }

  translate(x, y) {
    this.#shift = ` transform="translate(${place(x)} ${place(y)})"`;
  }

  setLineDash(dash) {
    this.#dash = dash;
  }

  /** The path so far, or an outline. */
  fill(outline) {
    this.#add(outline, `fill="${this.fillStyle}"`);
  }

  stroke(outline) {
    const dash = this.#dash.length > 0 ? ` stroke-dasharray="${this.#dash.map(place).join(" ")}"` : "";
    const cap = this.lineCap === "butt" ? "" : ` stroke-linecap="${this.lineCap}"`;
    this.#add(outline, `fill="none" stroke="${this.strokeStyle}" stroke-width="${place(this.lineWidth)}"${dash}${cap}`);
  }

  fillRect(x, y, width, height) {
    this.beginPath();
    this.rect(x, y, width, height);
    this.fill();
  }

  fillText(text, x, y) {
    const [, weight, size] = this.font.match(/^(?:(\d+) )?([\d.]+)px/);
    const anchor = { center: "middle", right: "end", end: "end" }[this.textAlign];
    this.#parts.push(`<text x="${place(x)}" y="${place(y)}" fill="${this.fillStyle}" font-size="${size}"`
      + `${weight ? ` font-weight="${weight}"` : ""}${anchor ? ` text-anchor="${anchor}"` : ""}${this.#shift}>`
      + `${escapeText(text)}</text>`);
  }

  /** What is vectors already. */
  insert(vectors) {
    this.#parts.push(vectors);
  }

  // A clip lies in the coordinates of what it clips: it goes on a group around what is moved.
  #add(outline, look) {
    const alpha = this.globalAlpha === 1 ? "" : ` opacity="${this.globalAlpha}"`;
    const path = `<path d="${outline?.data ?? this.#path}" ${look}${alpha}`;
    if (this.#shift && this.#clip) this.#parts.push(`<g${this.#clip}>${path}${this.#shift}/></g>`);
    else this.#parts.push(`${path}${this.#shift}${this.#clip}/>`);
  }
}

/** An `svg` element of a drawing, whole in itself. */
const vectorFile = (drawn, width, height) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${place(width)}" height="${place(height)}"`
  + ` viewBox="0 0 ${place(width)} ${place(height)}" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif">${drawn}</svg>`;
