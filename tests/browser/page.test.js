// The report page in a real browser: clicked, hovered, sorted, and read back against the data it carries.
// Run by scripts/test-page, which gives the pages in PAGES and puts playwright-core on NODE_PATH.
"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { PHONE, cellOf, countOf, countsOf, forEachPage, median, near, open, parse, saved, vectorsOf } = require("./harness.js");

/** Canvas pixels of a figure that have the colour of a legend entry's line, as drawn opaque. */
const inkOf = (page, figure, rgb) => page.evaluate(([id, colour]) => {
  const canvas = document.querySelector(`#${id} canvas`);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const [red, green, blue] = colour.match(/\d+/g).map(Number);
  let found = 0;
  for (let i = 0; i < data.length; i += 4) {
    found += data[i] === red && data[i + 1] === green && data[i + 2] === blue && data[i + 3] === 255;
  }
  return found;
}, [figure, rgb]);

const picture = (page, figure) => page.locator(`#${figure} canvas`).evaluate(canvas => canvas.toDataURL());

forEachPage(file => {
  test("it opens without a complaint and asks for nothing", async () => {
    const { page, seen, data } = await open(file);
    assert.deepEqual(seen, { errors: [], requests: [] });
    const drawn = await page.locator(countsOf(data).size > 1 ? "figure canvas" : "figure .bar").count();
    assert.ok(drawn > 0, "nothing is drawn");
    await page.close();
  });

  test("a level switched off leaves every legend, the table and the plot, and comes back", async context => {
    const { page, data } = await open(file);
    const chips = page.locator("#switches input");
    if (await chips.count() === 0) return context.skip("one series: nothing to switch");
    const chip = chips.last();
    const [factor, level] = [await chip.getAttribute("name"), await chip.getAttribute("value")];
    const hidden = data.series.filter(series => series.factors[factor] === level);
    const entries = page.locator(hidden.map(series => `[data-series="${series.label}"]`).join(","));
    const rows = await page.locator("#table tbody tr").count();
    assert.ok(await entries.count() > 0);
    await chip.uncheck({ force: true });
    assert.equal(await entries.count(), 0);
    const gone = hidden.reduce((sum, series) => sum + series.cells.length, 0);
    assert.equal(await page.locator("#table tbody tr").count(), rows - gone);
    await chip.check({ force: true });
    assert.ok(await entries.count() > 0);
    await page.close();
  });

  test("a topology switched off takes its ink with it", async context => {
    const { page, data, main } = await open(file);
    const chip = page.locator('#switches input[name="topology"]').last();
    if (countsOf(data).size === 1 || await chip.count() === 0) return context.skip("no curves by topology");
    const level = await chip.getAttribute("value");
    const { label } = data.series.find(series => series.factors.topology === level);
    const line = page.locator(`#${main} [data-series="${label}"] path`).first();
    const rgb = await line.evaluate(path => getComputedStyle(path).stroke);
    assert.ok(await inkOf(page, main, rgb) > 50);
    await chip.uncheck({ force: true });
    assert.equal(await inkOf(page, main, rgb), 0);
    await page.close();
  });

  test("hovering shows the exact values of every series, with interval and n", async context => {
    const { page, data, main, metric } = await open(file);
    if (countsOf(data).size === 1) return context.skip("bars print their values");
    const over = page.locator(`#${main} .u-over`);
    await over.scrollIntoViewIfNeeded();
    const box = await over.boundingBox();
    await page.mouse.move(box.x + box.width * 0.62, box.y + box.height * 0.5);
    const readout = page.locator(`#${main} .readout`);
    await readout.waitFor({ state: "visible" });
    const count = parse((await readout.locator("caption").textContent()).split(" ")[0]);
    assert.ok(countsOf(data).has(count));
    const rows = await readout.locator("tbody tr").all();
    assert.equal(rows.length, data.series.length);
    for (const row of rows) {
      const cell = cellOf(data, await row.locator("th").textContent(), count);
      const texts = await row.locator("td").allTextContents();
      if (!cell.metrics[metric]) {
        assert.match(texts[0], /^(failed|invalid|not measured)/);
        continue;
      }
      near(parse(texts[0]), cell.metrics[metric].median);
      if (cell.metrics[metric].interval) near(parse(texts[1].split(" to ")[1]), cell.metrics[metric].interval[1]);
      assert.equal(texts.at(-1), String(cell.metrics[metric].n));
    }
    await page.close();
  });

  test("arrow keys step through the counts and Escape ends it", async context => {
    const { page, data, main } = await open(file);
    const counts = [...countsOf(data)].sort((a, b) => a - b);
    if (counts.length === 1) return context.skip("one count");
    const plot = page.locator(`#${main} .plot`);
    const caption = page.locator(`#${main} .readout caption`);
    await plot.focus();
    for (const [key, count] of [["ArrowRight", counts[0]], ["ArrowRight", counts[1]], ["End", counts.at(-1)]]) {
      await plot.press(key);
      assert.equal(parse((await caption.textContent()).split(" ")[0]), count);
    }
    await plot.press("Escape");
    await caption.waitFor({ state: "hidden" });
    await page.close();
  });

  test("log and linear draw different axes and lead back to each other", async context => {
    const { page, data, main } = await open(file);
    if (countsOf(data).size === 1) return context.skip("bars begin at zero");
    const button = name => page.locator(`#${main} .segments`).getByRole("button", { name });
    // A figure may begin on either.
    await button("linear").click();
    const linear = await picture(page, main);
    await button("log").click();
    assert.equal(await button("log").getAttribute("aria-pressed"), "true");
    assert.equal(await button("linear").getAttribute("aria-pressed"), "false");
    assert.notEqual(await picture(page, main), linear);
    await button("linear").click();
    assert.equal(await picture(page, main), linear);
    await page.close();
  });

  test("what CPU time costs begins on a logarithmic axis where its values lie far apart", async context => {
    const { page, data } = await open(file);
    const costs = data.cells.map(cell => cell.metrics.cpu_per_byte?.median).filter(cost => cost > 0);
    const pressed = page.locator("#figure-cpu_per_byte .segments [aria-pressed=true]");
    if (countsOf(data).size === 1 || data.of_requests || costs.length === 0) return context.skip("bars, or no such figure");
    assert.equal(await pressed.first().textContent(), Math.max(...costs) < 20 * Math.min(...costs) ? "linear" : "log");
    await page.close();
  });

  test("an axis from zero ends above all that is shown and not far from it, whatever is switched off", async context => {
    const { page, data, main, metric } = await open(file);
    const chip = page.locator("#switches input").first();
    if (countsOf(data).size === 1 || await chip.count() === 0) return context.skip("bars, or one series");
    const figure = data.drawn.figures.find(one => one.metric === metric);
    const labels = new Set(figure.linear.flatMap(axis => axis.ticks.map(([, text]) => text)));
    await page.locator(`#${main}`).getByRole("button", { name: "linear" }).click();
    const [factor, level] = [await chip.getAttribute("name"), await chip.getAttribute("value")];
    for (const series of [data.series, data.series.filter(one => one.factors[factor] !== level)]) {
      const { texts } = await vectorsOf(page, (await saved(page, main, "SVG")).bytes);
      const highest = Math.max(...texts.filter(text => labels.has(text)).map(parse));
      const most = Math.max(...series.flatMap(one => one.cells.map(i => median(data.cells[i], metric) ?? 0)));
      assert.ok(highest >= most && highest < 2 * most, `${highest} for ${most}`);
      await chip.uncheck({ force: true });
    }
    await page.close();
  });

  test("the table sorts by a figure both ways, with what is absent last", async () => {
    const { page, data } = await open(file);
    const column = (await page.locator("#table thead th").allTextContents()).indexOf("goodput");
    const head = page.locator("#table thead th").nth(column);
    for (const [order, direction] of [["ascending", 1], ["descending", -1]]) {
      await head.getByRole("button").click();
      assert.equal(await head.getAttribute("aria-sort"), order);
      const rows = await page.locator("#table tbody tr").evaluateAll(
        rows => rows.map(row => [row.children[0].textContent, row.children[1].textContent]));
      const values = rows.map(([label, count]) => median(cellOf(data, label, parse(count)), "goodput") ?? direction * Infinity);
      assert.deepEqual(values, values.toSorted((a, b) => direction * (a - b)));
    }
    await page.close();
  });

  test("what failed is marked where its value would be", async context => {
    const { page, data, main } = await open(file);
    const shown = new Set(data.series.flatMap(series => series.cells));
    const failed = data.cells.filter((cell, i) => shown.has(i) && cell.measured === 0 && cell.failures.length > 0);
    if (failed.length === 0) return context.skip("no cell failed");
    const mark = countsOf(data).size > 1 ? ".marks" : ".bars .why";
    assert.match(await page.locator(`#${main} ${mark}`).first().textContent(), /failed/);
    assert.equal(await page.locator("#table tr.failed").count(), failed.length);
    assert.match(await page.locator("#notices").textContent(), new RegExp(failed[0].failures[0].act));
    await page.close();
  });

  test("the theme switches and the plots with it", async () => {
    const { page, data, main } = await open(file);
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const curves = countsOf(data).size > 1;
    const [light, drawn] = [await paper(), curves && await picture(page, main)];
    await page.locator("#theme").click();
    assert.notEqual(await paper(), light);
    if (curves) assert.notEqual(await picture(page, main), drawn);
    await page.close();
  });

  test("a phone has the question, the answers and the figure of the first within two screens", async context => {
    const { page, data, main, metric } = await open(file, { viewport: PHONE });
    assert.equal(metric, data.drawn.lead);
    const places = await page.evaluate(id => ["h1", "#answers", `#${id} :is(.plot, .bars)`].map(selector => {
      const { top, bottom } = document.querySelector(selector)?.getBoundingClientRect() ?? {};
      return [top, bottom];
    }), main);
    const [title, answers, plot] = places;
    if (answers[0] === undefined) return context.skip("a run without answers");
    assert.ok(title[1] <= answers[0] && answers[1] <= plot[0], `in this order: ${places}`);
    assert.ok(answers[0] < PHONE.height / 2, `the answers begin at ${answers[0]}`);
    // Bars are as many as there are series.
    if (countsOf(data).size > 1) assert.ok(plot[1] <= 2 * PHONE.height, `the figure ends at ${plot[1]}`);
    await page.close();
  });

  test("a phone scrolls down, never sideways", async () => {
    const { page, data, main } = await open(file, { viewport: PHONE });
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(await width(), PHONE.width);
    if (countsOf(data).size > 1) {
      await page.locator(`#${main} .plot`).focus();
      await page.keyboard.press("End");
      await page.locator(`#${main} .readout`).waitFor({ state: "visible" });
      assert.equal(await width(), PHONE.width);
    }
    await page.close();
  });
});
