// The figures of the report page that look closer: small multiples, heat map, stacks, spread, latency, time line. Looked
// at, pointed at, stepped through by keys and saved, and held against the data.
// Run by scripts/test-page.
"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { PHONE, cellOf, countOf, countsOf, forEachPage, near, open, parse, rowsOf, saved, vectorsOf } = require("./harness.js");

const shown = page => page.locator("#closer figure:visible").evaluateAll(all => all.map(figure => figure.id));
const textsIn = (page, figure) => page.locator(`#${figure} .plot > svg text`).allTextContents();
const readout = (page, figure) => page.locator(`#${figure} .readout`);

/** Opens a page and goes on where it has the figure. */
async function openAt(context, file, figure) {
  const opened = await open(file);
  if ((await shown(opened.page)).includes(figure)) return opened;
  await opened.page.close();
  context.skip(`no ${figure}`);
  return undefined;
}

forEachPage(file => {
  test("what the records carry is drawn, and nothing else", async () => {
    const { page, seen, data } = await open(file);
    const any = has => data.cells.some(has);
    const expected = [
      ["figure-multiples", countsOf(data).size > 1 && data.series.length > 1],
      ["figure-cpu", any(cell => cell.detail.cpu)],
      ["figure-latency", any(cell => cell.detail.latency)],
      ["figure-timeline", any(cell => cell.detail.timeline)],
    ];
    const figures = await shown(page);
    for (const [figure, isThere] of expected) assert.equal(figures.includes(figure), isThere, figure);
    for (const figure of figures) assert.ok((await textsIn(page, figure)).length > 3, figure);
    assert.deepEqual(seen, { errors: [], requests: [] });
    await page.close();
  });

  test("a panel stands for each level of the factor that is chosen, without those switched off", async context => {
    const opened = await openAt(context, file, "figure-multiples");
    if (!opened) return;
    const { page, data } = opened;
    const choice = page.locator("#figure-multiples select").last();
    for (const factor of await choice.locator("option").evaluateAll(all => all.map(option => option.value))) {
      await choice.selectOption(factor);
      const levels = [...new Set(data.series.map(series => series.factors[factor]))];
      const texts = await textsIn(page, "figure-multiples");
      for (const level of levels) assert.ok(texts.includes(level), `${level} of ${factor}`);
      const chip = page.locator(`#switches input[name="${factor}"]`).last();
      await chip.uncheck({ force: true });
      assert.ok(!(await textsIn(page, "figure-multiples")).includes(await chip.getAttribute("value")));
      await chip.check({ force: true });
    }
    await page.close();
  });

  test("the heat map has each cell's colour and value, for pointer and keys", async context => {
    const opened = await openAt(context, file, "figure-heat");
    if (!opened) return;
    const { page, data } = opened;
    const fills = await page.locator("#figure-heat .plot > svg path").evaluateAll(all => all.map(path => path.getAttribute("fill")));
    assert.ok(new Set(fills).size > 20, `${new Set(fills).size} colours`);
    await page.locator("#figure-heat .plot").focus();
    const seenAt = new Set();
    for (const key of ["ArrowRight", "ArrowRight", "ArrowUp", "End", "Home"]) {
      await page.keyboard.press(key);
      const caption = await readout(page, "figure-heat").locator("caption").textContent();
      const [count, active] = caption.split(", ").map(text => parse(text.split(" ")[0]));
      const texts = await readout(page, "figure-heat").locator("td").allTextContents();
      const cells = data.cells.filter(cell => countOf(data, cell) === count && cell.cell.active === active);
      assert.ok(cells.some(cell => Math.abs(parse(texts[0]) / cell.metrics.goodput.median - 1) < 0.006), caption);
      seenAt.add(caption);
    }
    assert.ok(seenAt.size >= 4, [...seenAt]);
    await page.keyboard.press("Escape");
    await readout(page, "figure-heat").waitFor({ state: "hidden" });
    await page.close();
  });

  test("stacks say under the pointer what the analysis says, and add up", async context => {
    const opened = await openAt(context, file, "figure-cpu");
    if (!opened) return;
    const { page, data } = opened;
    const plot = page.locator("#figure-cpu .plot");
    await plot.scrollIntoViewIfNeeded();
    await plot.focus();
    await page.keyboard.press("Home");
    const frame = await page.locator("#figure-cpu .spot").boundingBox();
    await page.keyboard.press("Escape");
    await page.mouse.move(frame.x + frame.width / 2, frame.y + frame.height * 0.8);
    const caption = await readout(page, "figure-cpu").locator("caption").textContent();
    const series = data.series.find(({ label }) => caption.startsWith(`${label}, `));
    const { detail } = series.cells.map(i => data.cells[i]).find(cell => cell.detail.cpu);
    const texts = await readout(page, "figure-cpu").locator("td").allTextContents();
    const shares = texts.map(text => Number(text.replace(" %", "")) / 100);
    detail.cpu.of_window.toReversed().forEach((share, i) => near(shares[i], share));
    near(shares.at(-1), detail.cpu.of_window.reduce((all, share) => all + share, 0));
    await page.close();
  });

  for (const [figure, read] of [
    ["figure-latency", cell => cell.detail.latency],
    ["figure-timeline", cell => cell.detail.timeline?.goodput_bps.map(goodput => [undefined, goodput])],
  ]) {
    test(`${figure} tells each series' first point at the count that is chosen`, async context => {
      const opened = await openAt(context, file, figure);
      if (!opened) return;
      const { page, data } = opened;
      const [least] = await page.locator(`#${figure} option`).evaluateAll(all => all.map(option => option.value).toReversed());
      await page.locator(`#${figure} select`).selectOption(least);
      await page.locator(`#${figure} .plot`).focus();
      await page.keyboard.press("Home");
      const rows = await readout(page, figure).locator("tbody tr").evaluateAll(
        all => all.map(row => [row.querySelector("th").textContent, row.querySelector("td").textContent]));
      assert.ok(rows.length > 0);
      for (const [label, text] of rows) near(parse(text), read(cellOf(data, label, Number(least)))[0][1]);
      await page.close();
    });
  }

  test("each closer figure is saved as vectors and as a table", async () => {
    const { page, seen, data } = await open(file);
    for (const figure of await shown(page)) {
      const vectors = await vectorsOf(page, (await saved(page, figure, "SVG")).bytes);
      assert.deepEqual([vectors.root, vectors.broken, vectors.foreign, vectors.beyond], ["svg", 0, 0, 0], figure);
      assert.ok(vectors.texts.includes(await page.locator(`#${figure} h2`).textContent()));
      const rows = rowsOf((await saved(page, figure, "CSV")).bytes);
      assert.ok(rows.length > 0 && Object.values(rows[0]).every(field => field !== undefined), figure);
    }
    const cpu = data.cells.filter(cell => cell.detail.cpu).length;
    if (cpu > 0) assert.equal(rowsOf((await saved(page, "figure-cpu", "CSV")).bytes).length, cpu);
    assert.deepEqual(seen.errors, []);
    await page.close();
  });

  test("they fit a phone, in the dark as well", async () => {
    const { page } = await open(file, { viewport: PHONE });
    await page.locator("#theme").click();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), PHONE.width);
    for (const figure of await shown(page)) {
      const { width } = await page.locator(`#${figure} .plot > svg`).boundingBox();
      assert.ok(width > 300 && width <= PHONE.width, `${figure} is ${width} wide`);
    }
    await page.close();
  });
});
