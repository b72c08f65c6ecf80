// Measures how quick the page is with 20,000 instances. `--check` fails beyond the limits. INSTANCES=<n> sets another
// number, for which only the first screen has a limit if it is larger. PAGE=<page.html> another page, such as that of the previous commit, and SLOWER=<n> a processor that is n times
// slower.
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { pathToFileURL } from "node:url";
import { chromium } from "@playwright/test";
import { launchOptions } from "../tests/support/browser.mjs";
import { generate } from "../tests/support/generate.mjs";
import { compact, embed, forScriptElement } from "./compact.mjs";

/**
 * The limits that the README states, in milliseconds: `screen` for any report, the others for up to `REACTIVE` instances.
 * Of each view the best of the rounds counts, because builds beside it say nothing about the page; of reactions the worst.
 */
const LIMITS = { screen: 5000, open: 3000, reaction: 100 };
const REACTIVE = 20_000;
const ROUNDS = 3;
const instances = Number(process.env.INSTANCES ?? 20_000);
const folder = new URL("../../../../build/page/", import.meta.url);
mkdirSync(folder, { recursive: true });
const file = new URL("bench.html", folder);

const report = generate({ instances, extras: true });
const template = readFileSync(process.env.PAGE ?? new URL("../../page.html", import.meta.url), "utf8");
writeFileSync(file, embed(template, forScriptElement(compact(report))));
const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const load = () =>
  console.log(
    `load ${loadavg()
      .map((n) => n.toFixed(1))
      .join(" ")}`,
  );
console.log(
  `${instances} instances, ${report.targets.length} targets; report.json ${mib(JSON.stringify(report).length)}, report.html ${mib(statSync(file).size)}`,
);
load();

const browser = await chromium.launch(await launchOptions());
const page = await browser.newPage({ viewport: { width: 1360, height: 900 } });
const address = pathToFileURL(file.pathname).href;
const cdp = await page.context().newCDPSession(page);
await cdp.send("Emulation.setCPUThrottlingRate", { rate: Number(process.env.SLOWER ?? 1) });
// Processor time of the page's thread, which does not depend on other programs.
await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
const processor = async () =>
  1000 * (await cdp.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value;

/** Prints the figures of one kind, and returns the best and the worst. */
function line(what, values, busy) {
  const sorted = [...values].sort((a, b) => a - b);
  const worst = sorted.at(-1);
  const figure = (n) => `${n.toFixed(0).padStart(4)} ms`;
  const cpu = busy ? `   worst of the processor ${figure(Math.max(...busy))}` : "";
  console.log(
    `${what.padEnd(53)} median ${figure(sorted[Math.floor(sorted.length / 2)])}   best ${figure(sorted[0])}   worst ${figure(worst)}${cpu}   of ${sorted.length}`,
  );
  return { best: sorted[0], worst };
}

/** Returns the times from the start of the navigation until the first screen and until the whole view are painted. */
async function open(hash) {
  await page.goto("about:blank");
  await page.goto(`${address}${hash}`, { waitUntil: "commit" });
  return page.evaluate(async () => {
    const painted = (ready) =>
      new Promise((resolve) => {
        const look = () => {
          if (!ready()) return setTimeout(look, 5);
          requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
        };
        look();
      });
    const screen = await painted(() => document.querySelector("main h1, main h2"));
    return { screen, whole: await painted(() => !document.querySelector(".loading")) };
  });
}

/**
 * Returns the time from an action until the last change of the page is painted, by the clock of the page. A reaction ends
 * after two frames without a change, so deferred work counts too.
 */
const react = ([action, argument]) =>
  page.evaluate(
    ([code, value]) =>
      new Promise((resolve) => {
        let changed = true;
        new MutationObserver(() => (changed = true)).observe(document, {
          subtree: true,
          childList: true,
          characterData: true,
          attributes: true,
        });
        const from = performance.now();
        let painted = from;
        let quiet = 0;
        new Function("value", code)(value);
        const frame = () =>
          requestAnimationFrame(() =>
            setTimeout(() => {
              quiet = changed ? 0 : quiet + 1;
              if (changed) painted = performance.now();
              changed = false;
              if (quiet < 2) frame();
              else resolve(painted - from);
            }),
          );
        frame();
      }),
    [action, argument],
  );

const reactions = [];
async function measure(what, actions) {
  const times = [];
  const busy = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const action of actions) {
      const before = await processor();
      times.push(await react(action));
      busy.push((await processor()) - before);
    }
  }
  reactions.push(line(what, times, busy).worst);
}

const type = (text) => [
  "const field = document.querySelector('.search input'); field.value = value; field.dispatchEvent(new Event('input', { bubbles: true }))",
  text,
];
const tick = (list, nth) => [
  "[...document.querySelectorAll('.facet')].find((facet) => facet.textContent.startsWith(value[0])).querySelectorAll('input[type=checkbox]')[value[1]].click()",
  [list, nth],
];
const sort = (column) => ["document.querySelectorAll('.table th button')[value].click()", column];
const clear = ["document.querySelector('.active a').click()", null];
/** Sorts by every column: first direction, other direction, unsorted. */
const sortings = (columns) =>
  Array.from({ length: columns }, (_, column) => [sort(column), sort(column), sort(column)]).flat();

const screens = [];
const opens = [];
for (const hash of ["", "#/instances", "#/map", "#/patches", "#/readiness", "#/accounts"]) {
  const times = [];
  for (let i = 0; i < ROUNDS; i++) times.push(await open(hash));
  const view = hash || "the overview";
  screens.push(
    line(
      `first screen of ${view}`,
      times.map(({ screen }) => screen),
    ).best,
  );
  opens.push(
    line(
      `all of ${view}`,
      times.map(({ whole }) => whole),
    ).best,
  );
}

await open("#/instances");
await page.waitForTimeout(1500);
const some = report.instances.find((row) => row.commandIds.length > 0 && row.name);
await measure(
  "instances: a word, letter by letter, and back",
  ["p", "pa", "pay", "pay-", "pay", "pa", "p", ""].map(type),
);
await measure("instances: one letter that all texts have", ["i", "", "a", "", "-", ""].map(type));
await measure("instances: words that no text has", ["zzzz", "", "nothing at all", "", "webwebwebweb", ""].map(type));
await measure(
  "instances: CVE, KB, instance, command, account",
  ["cve-2026-1", "KB5030", some.instanceId, some.commandIds[0], some.accountId, ""].map(type),
);
await measure(
  "instances: several words",
  ["web production", "web production us-east", "e a o i", "security cve web prod 1 2 3", ""].map(type),
);
await measure(
  "instances: outcomes, on and off",
  [0, 1, 4, 0, 1, 4].map((nth) => tick("Outcome", nth)),
);
await measure(
  "instances: stage, account, Region, system, on and off",
  ["Stage", "Account", "Region", "Operating", "Operating", "Region", "Account", "Stage"].map((list) => tick(list, 0)),
);
await measure("instances: several filters, and clear all", [type("web"), tick("Outcome", 0), tick("Region", 1), clear]);
await measure("instances: sort by each column", sortings(6));
await react(type("web"));
await measure("instances: sort by each column, with a filter", sortings(6));
await measure(
  "instances: scroll anywhere",
  Array.from({ length: 8 }, (_, i) => ["scrollTo(0, value)", i * 20_000]),
);
const heap = await page.evaluate(() => performance.memory?.usedJSHeapSize);
await open("#/patches");
await page.waitForTimeout(1000);
await measure("patches: text", ["k", "kb", "kb50", "cve-2026-1", "critical windows", "zzzz", ""].map(type));
await measure("patches: sort by each column", sortings(9));
await open("#/readiness?all=1");
await page.waitForTimeout(1000);
await measure(
  "readiness: instances that pass, on and off",
  Array.from({ length: 4 }, () => ["document.querySelector('.toggle input').click()", null]),
);
await measure("readiness: sort by each column", sortings(9));
if (heap) console.log(`JavaScript heap ${mib(heap)}`);
load();
await browser.close();

const beyond = [
  ["first screen", screens, LIMITS.screen],
  ...(instances > REACTIVE
    ? []
    : [
        ["all of a view", opens, LIMITS.open],
        ["reaction", reactions, LIMITS.reaction],
      ]),
].filter(([, times, limit]) => Math.max(...times) > limit);
for (const [what, times, limit] of beyond)
  console.error(`${what}: ${Math.max(...times).toFixed(0)} ms, beyond the limit of ${limit} ms`);
if (process.argv.includes("--check") && beyond.length > 0) process.exit(1);
