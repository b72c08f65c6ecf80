// How quick the page is with 20,000 instances, as figures: time to open, and time from a key to the new rows on the
// screen. Nothing passes or fails here; `--check` says no beyond the limits. INSTANCES=<n> takes another number.
import { mkdirSync, statSync, writeFileSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium } from "@playwright/test";
import { generate } from "../tests/support/generate.mjs";
import { launchOptions } from "../tests/support/browser.mjs";
import { compact, embed, forScriptElement } from "./compact.mjs";

/** What issue and README promise, in milliseconds. */
const LIMITS = { open: 3000, filter: 100 };
const instances = Number(process.env.INSTANCES ?? 20_000);
const folder = new URL("../../../../build/page/", import.meta.url);
mkdirSync(folder, { recursive: true });
const file = new URL("bench.html", folder);

const report = generate({ instances, extras: true });
const template = readFileSync(new URL("../../page.html", import.meta.url), "utf8");
writeFileSync(file, embed(template, forScriptElement(compact(report))));
const plain = JSON.stringify(report).length;
const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
console.log(`${instances} instances, ${report.targets.length} targets; report.json ${mib(plain)}, report.html ${mib(statSync(file).size)}`);

const browser = await chromium.launch(await launchOptions());
const page = await browser.newPage({ viewport: { width: 1360, height: 900 } });
const address = pathToFileURL(file.pathname).href;

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const line = (what, values) => {
  const [middle, worst] = [median(values), Math.max(...values)];
  console.log(`${what.padEnd(44)} median ${middle.toFixed(0).padStart(5)} ms   worst ${worst.toFixed(0).padStart(5)} ms   of ${values.length}`);
  return worst;
};

/** From the start of the navigation until the answer has been painted. */
async function open(hash) {
  await page.goto("about:blank");
  await page.goto(`${address}${hash}`, { waitUntil: "commit" });
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const look = () => {
          if (!document.querySelector("main h1, main h2")) return setTimeout(look, 5);
          requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
        };
        look();
      }),
  );
}

/** From an action until the frame after it has been painted, in the page's own clock. */
const react = (action, argument) =>
  page.evaluate(
    ([code, value]) =>
      new Promise((resolve) => {
        const from = performance.now();
        new Function("value", code)(value);
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - from)));
      }),
    [action, argument],
  );

const opens = [];
for (const hash of ["", "#/instances", "#/map", "#/patches", "#/readiness"]) {
  const times = [];
  for (let i = 0; i < 3; i++) times.push(await open(hash));
  opens.push(line(`opens at ${hash || "the answer"}`, times));
}

await open("#/instances");
await page.waitForTimeout(1500);
const filters = [];
const typed = [];
for (const text of ["p", "pa", "pay", "pay-", "cve-2026-1", "kb5030", "web production", "i-0", "nothing at all", ""]) {
  typed.push(
    await react(`const field = document.querySelector('.search input'); field.value = value; field.dispatchEvent(new Event('input', { bubbles: true }))`, text),
  );
}
filters.push(line("filter by text, letter by letter", typed));
const ticked = [];
for (let i = 0; i < 12; i++) ticked.push(await react("document.querySelectorAll('.facet input[type=checkbox]')[value].click()", i % 6));
filters.push(line("filter by outcome", ticked));
const sorted = [];
for (const column of [0, 1, 2, 3, 4, 5, 0, 3]) sorted.push(await react("document.querySelectorAll('.table th button')[value].click()", column));
line("sort by each column", sorted);
const scrolled = [];
for (let i = 0; i < 10; i++) scrolled.push(await react("scrollTo(0, value)", i * 90_000));
line("scroll anywhere", scrolled);
const memory = await page.evaluate(() => performance.memory?.usedJSHeapSize);
if (memory) console.log(`JavaScript heap ${mib(memory)}`);
await browser.close();

if (process.argv.includes("--check") && (Math.max(...opens) > LIMITS.open || Math.max(...filters) > LIMITS.filter)) {
  console.error(`beyond the limits: open ${LIMITS.open} ms, filter ${LIMITS.filter} ms`);
  process.exit(1);
}
