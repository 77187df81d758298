// Numbers as people read them. Nothing here knows what a number is about.

const DECIMAL = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""]];
const BINARY = [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]];
const TIMES = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];

/** Three significant digits and no exponent: 9.13, 41.2, 512, 0.0312. */
function threeDigits(value) {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const decimals = Math.min(9, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toFixed(decimals);
}

/** The same without trailing zeros, for axes: 9.1, 40, 0.03. */
const brief = value => String(Number(threeDigits(value)));

/** A whole number with its thousands set apart. */
const grouped = number => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

/** Writes values in the largest unit that leaves at least one whole; `unitOf(1)` says it for a whole axis. */
function inUnits(units, suffix) {
  const pick = size => units.find(([factor]) => size >= factor) ?? units.at(-1);
  const write = digits => (value, size = Math.abs(value)) => {
    if (value === 0) return "0";
    const [factor, unit] = pick(size);
    return `${digits(value / factor)} ${unit}${suffix}`.trim();
  };
  return { exact: write(threeDigits), tick: write(brief) };
}

/** Both ends of an interval in the unit of the larger, which is written once: `45.6 to 48.4 Gb/s`. */
function span([low, high], { exact }) {
  const size = Math.max(Math.abs(low), Math.abs(high));
  const [first, last] = [exact(low, size), exact(high, size)];
  const unit = last.indexOf(" ");
  return `${unit > 0 && first.endsWith(last.slice(unit)) ? first.slice(0, first.indexOf(" ")) : first} to ${last}`;
}

/** How each kind of quantity is written: exactly in readouts and tables, briefly on axes. */
const quantity = {
  rate: inUnits(DECIMAL, "b/s"),
  requests: inUnits(DECIMAL, "/s"),
  time: inUnits(TIMES, ""),
  bytes: inUnits(BINARY, ""),
  share: { exact: value => value.toFixed(4), tick: brief },
  percent: { exact: value => `${threeDigits(value * 100)} %`, tick: value => `${brief(value * 100)} %` },
  plain: { exact: threeDigits, tick: brief },
  whole: { exact: value => (Number.isInteger(value) ? grouped(value) : threeDigits(value)), tick: brief },
  cost: { exact: inUnits(TIMES, "/B").exact, tick: inUnits(TIMES, "").tick },
};

/** Makes an element; `content` is text or a list of elements and texts. */
function make(tag, attributes = {}, content = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...[content].flat());
  return element;
}
