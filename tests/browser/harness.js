// What the tests of the report page share: a browser, pages that keep what they complain of, and the data they carry.
"use strict";

const assert = require("node:assert/strict");
const { after, before, describe } = require("node:test");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");

const UNITS = {
  "b/s": 1, "kb/s": 1e3, "Mb/s": 1e6, "Gb/s": 1e9, "Tb/s": 1e12,
  ns: 1, "µs": 1e3, ms: 1e6, s: 1e9, "ns/B": 1, "": 1,
};
const DESK = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 800 };

let browser;

/** Runs `tests` for each of the pages given, with a browser up. */
function forEachPage(tests) {
  before(async () => {
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM,
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"],
    });
  });
  after(() => browser.close());
  for (const file of process.env.PAGES.split(":")) describe(file, () => tests(file));
}

/** Opens a page and keeps all it complains of or asks for. */
async function open(file, viewport = DESK) {
  const page = await browser.newPage({ viewport, colorScheme: "light" });
  const url = pathToFileURL(file).href;
  const seen = { errors: [], requests: [] };
  page.on("console", message => ["error", "warning"].includes(message.type()) && seen.errors.push(message.text()));
  page.on("pageerror", error => seen.errors.push(error.stack));
  page.on("request", request => request.url() !== url && seen.requests.push(request.url()));
  await page.goto(url);
  const data = JSON.parse(await page.locator("#data").textContent());
  return { page, seen, data };
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
module.exports = { DESK, PHONE, cellOf, countOf, countsOf, forEachPage, median, near, open, parse };
