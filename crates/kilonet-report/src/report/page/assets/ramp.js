// Colours for amounts: from dark to light with every step told apart by eyes of any kind (cividis, by Nuñez, Anderton and
// Renslow), on dark paper as on white.

const CIVIDIS = [[0, 34, 78], [18, 53, 112], [59, 73, 108], [87, 93, 109], [112, 113, 115], [138, 134, 121], [165, 156, 117],
  [195, 180, 105], [225, 204, 85], [254, 232, 56]];

/** The colour at a share from 0 to 1. */
function rampColour(share) {
  const at = share * (CIVIDIS.length - 1);
  const [low, high] = [CIVIDIS[Math.floor(at)], CIVIDIS[Math.ceil(at)]];
  return `rgb(${low.map((from, i) => Math.round(from + (high[i] - from) * (at % 1))).join(", ")})`;
}

/** Ink that is read on that colour. */
const rampInk = share => (share < 0.55 ? "#ffffff" : "#111418");

/** Where values lie on the ramp: from the least to the most, by their logarithms where asked and possible. */
function rampOver(values, wantsLog) {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const scale = { min, max, distr: wantsLog && min > 0 ? 3 : 1 };
  return { scale, shareOf: value => (max > min ? Math.min(1, Math.max(0, shareOf(scale, value))) : 0.5) };
}

const RAMP_STEPS = 64;

/** The ramp as a legend: a strip of its colours over the values they stand for, the least and the most of these by their texts. */
function paintRamp(ctx, { scale }, axis, { ends, width }) {
  if (!Number.isFinite(scale.min)) return;
  const step = width / RAMP_STEPS;
  for (let i = 0; i < RAMP_STEPS; i += 1) {
    ctx.fillStyle = rampColour(i / (RAMP_STEPS - 1));
    ctx.fillRect(i * step, 0, step + 0.5, 10);
  }
  Object.assign(ctx, { font: SHEET_FONT, fillStyle: colour("ink-soft") });
  let free = textWidth(ends[0], SHEET_FONT) + 12;
  const last = width - textWidth(ends[1], SHEET_FONT) - 12;
  for (const [text, x, textAlign] of [[ends[0], 0, "start"], [ends[1], width, "right"]]) {
    ctx.textAlign = textAlign;
    ctx.fillText(text, x, 25);
  }
  ctx.textAlign = "center";
  for (const [value, text] of axis.ticks) {
    const [x, half] = [width * shareOf(scale, value), textWidth(text, SHEET_FONT) / 2];
    if (!(x - half >= free && x + half <= last)) continue;
    ctx.fillText(text, x, 25);
    free = x + half + 12;
  }
}
