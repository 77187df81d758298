// What the tests of the report page share: a browser, pages that keep what they complain of, and the data they carry.
"use strict";

const assert = require("node:assert/strict");
const { readFile } = require("node:fs/promises");
const { after, before, describe } = require("node:test");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");

const UNITS = {
  "b/s": 1, "kb/s": 1e3, "Mb/s": 1e6, "Gb/s": 1e9, "Tb/s": 1e12,
  "/s": 1, "k/s": 1e3, "M/s": 1e6, ns: 1, us: 1e3, ms: 1e6, s: 1e9, "ns/B": 1, "": 1,
};
const DESK = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 800 };

let browser;

/** Keeps a browser up while tests run. */
function withBrowser() {
  before(async () => {
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM,
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"],
    });
  });
  after(() => browser.close());
}

/** Runs `tests` for each of the pages given, with a browser up. */
function forEachPage(tests) {
  withBrowser();
  for (const file of process.env.PAGES.split(":")) describe(file, () => tests(file));
}

/** Opens a page and keeps all it complains of or asks for; `main` is its first figure and `metric` what that shows.
 * `before` runs in the page ahead of its own script. */
async function open(file, how = {}) {
  const url = pathToFileURL(file).href;
  const seen = { errors: [], requests: [] };
  const page = await openTab(url, seen, how);
  givers.set(page, { tab: page, given: 0, another: () => openTab(url, seen, how) });
  const data = JSON.parse(await page.locator("#data").textContent());
  const [main] = await page.locator("#lead figure, #figures figure").evaluateAll(all => all.map(figure => figure.id));
  return { page, seen, data, main, metric: main?.replace("figure-", "") };
}

/** A tab of its own with a page, once that is drawn. */
async function openTab(url, seen, { viewport = DESK, before: first } = {}) {
  const tab = await browser.newPage({ viewport, colorScheme: "light" });
  if (first) await tab.addInitScript(first);
  tab.on("console", message => ["error", "warning"].includes(message.type()) && seen.errors.push(message.text()));
  tab.on("pageerror", error => seen.errors.push(error.stack));
  tab.on("request", request => request.url() !== url && seen.requests.push(request.url()));
  await tab.goto(url);
  // The table is drawn last.
  await tab.locator("#table tbody").waitFor({ state: "attached" });
  return tab;
}

const countOf = (data, summary) => summary.cell[data.count] ?? 0;
const countsOf = data => new Set(data.series.flatMap(series => series.cells.map(i => countOf(data, data.cells[i]))));
const parse = text => {
  const [, number, unit] = text.replaceAll(",", "").match(/^(-?[\d.]+) ?(.*)$/);
  assert.ok(unit in UNITS, `unit of ${text}`);
  return Number(number) * UNITS[unit];
};
const near = (shown, exact) => assert.ok(Math.abs(shown - exact) <= Math.abs(exact) * 0.006, `${shown} is not ${exact}`);
const median = (cell, metric) => cell.metrics[metric]?.median;

/** The cell of a series at a count, found in the data. */
function cellOf(data, label, count) {
  const series = data.series.find(candidate => candidate.label === label);
  return series.cells.map(i => data.cells[i]).find(summary => countOf(data, summary) === count);
}
/** Chromium lets a tab give ten files before it asks its user, also where the page is loaded anew: further ones are had from
 * another tab, with the page as it was at first. */
const MOST_FILES = 10;
/** Of each page the tab that gives its files, how many it gave, and what opens another. */
const givers = new WeakMap();

/** Clicks a figure's button and gives what comes of it. */
async function saved(page, figure, form) {
  const giver = givers.get(page);
  if (giver.given === MOST_FILES) Object.assign(giver, { tab: await giver.another(), given: 0 });
  giver.given += 1;
  const coming = giver.tab.waitForEvent("download");
  await giver.tab.locator(`#${figure} .save`).getByRole("button", { name: form }).click();
  const file = await coming;
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}

/** What a file of vectors holds, by the browser's own parser. */
const vectorsOf = (page, bytes) => page.evaluate(text => {
  const file = new DOMParser().parseFromString(text, "image/svg+xml");
  const all = selector => [...file.querySelectorAll(selector)];
  return {
    root: file.documentElement.localName,
    broken: all("parsererror").length,
    foreign: all("image, script, foreignObject").length,
    paths: all("path").length,
    texts: all("text").map(element => element.textContent),
    paper: file.querySelector("svg > rect")?.getAttribute("fill"),
    beyond: all("text").filter(element => Number(element.getAttribute("x")) > file.documentElement.width.baseVal.value).length,
  };
}, bytes.toString());

/** Rows of a table whose fields may stand in quotes. */
function rowsOf(bytes) {
  const [header, ...rows] = bytes.toString().trimEnd().split("\r\n")
    .map(line => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].slice(0, line.split(",").length)
      .map(([, field]) => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field)));
  return rows.map(row => Object.fromEntries(header.map((name, i) => [name, row[i]])));
}

module.exports = { DESK, PHONE, cellOf, countOf, countsOf, forEachPage, median, near, open, parse, rowsOf, saved, vectorsOf, withBrowser };
