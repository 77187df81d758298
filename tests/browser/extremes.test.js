// The report page with 2,000 cells and with nothing to draw, in a real browser: the one says how long its first curve took,
// and shows what it leaves out at first; the other opens. Run by scripts/test-page, which gives the pages in LARGE and
// FAILED where it makes them. How long something takes is printed, never asserted.
"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { open, withBrowser } = require("./harness.js");

withBrowser();
const skip = process.env.LARGE ? false : "no page was made for it";

/** Remembers when the first line is drawn on a canvas that the reader sees. */
function watchFirstStroke() {
  const { stroke } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.stroke = function (...rest) {
    if (this.canvas.isConnected) window.firstStroke ??= performance.now();
    return stroke.apply(this, rest);
  };
}

test("the page of 2,000 cells opens, switches and sorts", { skip }, async context => {
  const { page, seen, data } = await open(process.env.LARGE, { before: watchFirstStroke });
  assert.ok(data.cells.length > 2000);
  context.diagnostic(`first curve of ${data.cells.length} cells: ${Math.round(await page.evaluate(() => window.firstStroke))} ms`);
  for (const [what, selector] of [["switching a level off", "#switches input"], ["sorting the table", "#table thead button"]]) {
    const spent = await page.evaluate(chosen => {
      const begun = performance.now();
      document.querySelector(chosen).click();
      document.body.getBoundingClientRect();
      return Math.round(performance.now() - begun);
    }, selector);
    context.diagnostic(`${what}: ${spent} ms`);
  }
  assert.deepEqual(seen, { errors: [], requests: [] });
  await page.close();
});

test("a long table begins with its first rows, and shows all on demand", { skip }, async () => {
  const { page, data } = await open(process.env.LARGE);
  const rows = page.locator("#table tbody tr");
  assert.equal(await rows.count(), 200);
  await page.locator("#table thead").getByRole("button", { name: "goodput" }).click();
  const least = Math.min(...data.cells.map(cell => cell.metrics.goodput?.median ?? Infinity));
  const first = data.cells.find(cell => cell.metrics.goodput?.median === least);
  assert.equal(await rows.first().locator("td").first().textContent(), String(first.cell.containers.toLocaleString("en-US")));
  await page.getByRole("button", { name: /^Show all/ }).click();
  assert.equal(await rows.count(), data.cells.length);
  await page.close();
});

test("a run without a measured trial opens, and says why", { skip }, async () => {
  const { page, seen, data, main } = await open(process.env.FAILED);
  assert.equal(main, undefined);
  assert.equal(await page.locator("figure:visible").count(), 0);
  assert.equal(await page.locator("#table tr.failed").count(), data.cells.length);
  assert.match(await page.locator("#notices").textContent(), /create namespace c00417: ENOSPC/);
  await page.locator("#theme").click();
  assert.deepEqual(seen, { errors: [], requests: [] });
  await page.close();
});
