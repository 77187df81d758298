// The report page of a run of which cells are missing: no line, on the screen or in a file, joins the cells on both sides of
// one. Run by scripts/test-page, which gives the page in LOST where it makes one.
"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { cellOf, median, open, saved, withBrowser } = require("./harness.js");

withBrowser();
const skip = process.env.LOST ? false : "no page was made for it";

/** In how many parts the data allow a series' line. */
function partsOf(data, metric, series) {
  const own = series.cells.map(i => data.cells[i].cell.containers);
  const counts = [...own, ...(series.lost ?? [])].sort((a, b) => a - b);
  const there = counts.map(count => own.includes(count) && median(cellOf(data, series.label, count), metric) !== undefined);
  return there.filter((is, i) => is && !there[i - 1]).length;
}

/** Where a count lies on the axis, from 0 to 1: a log one with as much room at its ends as the page leaves. */
function shareAt(data, count) {
  const counts = data.series.flatMap(series => series.cells.map(i => data.cells[i].cell.containers));
  const [first, last] = [Math.min(...counts), Math.max(...counts)];
  const room = Math.max(1.08, (last / first) ** 0.025);
  return Math.log(count * room / first) / Math.log(last * room ** 2 / first);
}

/** Pixels of a colour on a figure's canvas, in the columns next to a place of the axis. */
const inkAt = (page, figure, rgb, share) => page.evaluate(([id, colour, at]) => {
  const canvas = document.querySelector(`#${id} canvas`);
  const over = document.querySelector(`#${id} .u-over`).getBoundingClientRect();
  const box = canvas.getBoundingClientRect();
  const x = over.left - box.left + over.width * at;
  const density = canvas.width / box.width;
  const { data } = canvas.getContext("2d").getImageData(Math.round((x - 4) * density), 0, 8 * density, canvas.height);
  const [red, green, blue] = colour.match(/\d+/g).map(Number);
  let found = 0;
  for (let i = 0; i < data.length; i += 4) found += data[i] === red && data[i + 1] === green && data[i + 2] === blue && data[i + 3] === 255;
  return found;
}, [figure, rgb, share]);

test("on the screen a line breaks where a cell is missing, and passes over what was never asked for", { skip }, async () => {
  const { page, data, main } = await open(process.env.LOST);
  const rgbOf = label => page.locator(`#${main} [data-series="${label}"] path`).first().evaluate(path => getComputedStyle(path).stroke);
  const ink = async (topology, count) => inkAt(page, main, await rgbOf(`${topology} ipv4`), shareAt(data, count));
  for (const topology of ["bridge", "veth"]) {
    assert.equal(await ink(topology, 16), 0, `${topology} at 16`);
    assert.ok(await ink(topology, 32) > 0, `${topology} at 32`);
  }
  assert.equal(await ink("bridge", 64), 0);
  assert.ok(await ink("veth", 64) > 0);
  await page.close();
});

test("in a file it has as many parts as the data allow", { skip }, async () => {
  const { page, data, main, metric } = await open(process.env.LOST);
  const text = (await saved(page, main, "SVG")).bytes.toString();
  const lines = [...text.matchAll(/<path d="([^"]*)" fill="none" stroke="[^"]*" stroke-width="1\.75"/g)].map(([, path]) => path);
  const parts = lines.map(path => path.match(/M/g).length);
  assert.deepEqual(parts, data.series.map(series => partsOf(data, metric, series)));
  assert.ok(Math.min(...parts) > 1);
  await page.close();
});

test("what is read at a missing count is that nothing was measured", { skip }, async () => {
  const { page, seen, data, main } = await open(process.env.LOST);
  const plot = page.locator(`#${main} .plot`);
  await plot.focus();
  for (let step = 0; step < 4; step += 1) await page.keyboard.press("ArrowRight");
  const rows = page.locator(`#${main} .readout tbody tr`);
  assert.equal(await page.locator(`#${main} .readout caption`).textContent(), "16 containers");
  assert.deepEqual(new Set(await rows.locator(".why").allTextContents()), new Set(["not measured"]));
  assert.equal(await rows.count(), data.series.length);
  assert.deepEqual(seen, { errors: [], requests: [] });
  await page.close();
});
