// What the report page gives to take away: every figure as vectors, as a picture and as a table, held against the data.
// Run by scripts/test-page.
"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { countOf, countsOf, forEachPage, open, rowsOf, saved, vectorsOf } = require("./harness.js");

const number = field => (field === "" ? undefined : Number(field));

/** Ids of all figures of metrics that the page draws. */
const figuresOf = page => page.locator("#figures figure").evaluateAll(all => all.map(figure => figure.id));

forEachPage(file => {
  test("every figure is saved as vectors that stand alone: title, legend, axes, on white", async () => {
    const { page, seen, data } = await open(file);
    const figures = await figuresOf(page);
    assert.ok(figures.length > 3, figures);
    for (const figure of figures) {
      await page.locator("#theme").click();
      const { name, bytes } = await saved(page, figure, "SVG");
      assert.equal(name, `${data.name}-${figure.replace("figure-", "")}.svg`);
      const vectors = await vectorsOf(page, bytes);
      assert.deepEqual([vectors.root, vectors.broken, vectors.foreign, vectors.beyond], ["svg", 0, 0, 0]);
      assert.equal(vectors.paper, "rgb(255, 255, 255)");
      assert.ok(vectors.paths >= data.series.length, `${vectors.paths} paths`);
      const title = await page.locator(`#${figure} h2`).textContent();
      for (const text of [title, ...data.series.map(series => series.label)]) assert.ok(vectors.texts.includes(text), text);
      if (countsOf(data).size > 1) assert.ok(vectors.texts.includes(data.count), "the counts' axis has no name");
      assert.ok(vectors.texts.some(text => text.startsWith(`${data.name} · `)), "the run is not named");
    }
    assert.deepEqual(seen.errors, []);
    await page.close();
  });

  test("a level switched off is in no file", async context => {
    const { page, data } = await open(file);
    const chips = page.locator("#switches input");
    if (await chips.count() === 0) return context.skip("one series: nothing to switch");
    const chip = chips.last();
    const [factor, level] = [await chip.getAttribute("name"), await chip.getAttribute("value")];
    await chip.uncheck({ force: true });
    const [figure] = await figuresOf(page);
    const { texts } = await vectorsOf(page, (await saved(page, figure, "SVG")).bytes);
    const table = rowsOf((await saved(page, figure, "CSV")).bytes);
    for (const series of data.series) {
      const isShown = series.factors[factor] !== level;
      assert.equal(texts.includes(series.label), isShown, series.label);
      assert.equal(table.some(row => row.series === series.label), isShown, series.label);
    }
    await page.close();
  });

  test("a picture has two dots to a pixel, and ink", async () => {
    const { page } = await open(file);
    const [figure] = await figuresOf(page);
    const { bytes } = await saved(page, figure, "PNG");
    assert.equal(bytes.subarray(1, 4).toString(), "PNG");
    assert.equal(bytes.readUInt32BE(16), 1920);
    const inked = await page.evaluate(async address => {
      const image = new Image();
      image.src = address;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = canvas.getContext("2d");
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, image.width, image.height);
      let dark = 0;
      for (let i = 0; i < data.length; i += 4) dark += data[i] < 128;
      return { dark, paper: [...data.subarray(0, 4)] };
    }, `data:image/png;base64,${bytes.toString("base64")}`);
    assert.ok(inked.dark > 2000, `${inked.dark} dots are dark`);
    assert.deepEqual(inked.paper, [255, 255, 255, 255]);
    await page.close();
  });

  test("a table holds every point of the analysis, to the last digit", async () => {
    const { page, data } = await open(file);
    for (const figure of await figuresOf(page)) {
      const metric = figure.replace("figure-", "");
      const table = rowsOf((await saved(page, figure, "CSV")).bytes);
      const columns = Object.keys(table[0]);
      const column = columns.find(name => name.startsWith(`${metric}_median_`));
      const low = columns.find(name => name.startsWith(`${metric}_ci95_low_`));
      const cells = data.series.flatMap(series => series.cells.map(i => ({ series, summary: data.cells[i] })));
      assert.equal(table.length, cells.length);
      cells.forEach(({ series, summary }, i) => {
        const value = summary.metrics[metric];
        assert.equal(table[i].series, series.label);
        assert.equal(Number(table[i][data.count]), countOf(data, summary));
        assert.deepEqual([number(table[i][column]), number(table[i][low])], [value?.median, value?.interval?.[0]]);
        assert.equal(table[i].state === "measured", summary.measured > 0);
        for (const [factor, level] of Object.entries(series.factors)) assert.equal(table[i][factor], level);
      });
    }
    await page.close();
  });
});
