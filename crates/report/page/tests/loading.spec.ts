// A report with many instances: what the page shows before they are loaded, what it says about the rest, and that all of
// it is right in the end. The pages of these tests read little at once, and only when the test says so.
import type { Page } from "@playwright/test";
import { expect, goTo, pageOf, test } from "./support/page";
import { halted, shapes } from "./support/reports";

const SLICE = 2_000;
const ALL = halted.instances.length;
const sentence = (page: Page): Promise<string> => page.locator(".loading").first().innerText();
const loaded = async (page: Page): Promise<number> => Number(/^([\d,]+) of /.exec(await sentence(page))?.[1]);

declare global {
  interface Window {
    /** Timers with a delay of 0 that wait for the test: of this page, only the next slice. */
    waiting: (() => void)[];
  }
}

test.beforeEach(async ({ page }) => {
  await page.addInitScript(() => {
    const native = window.setTimeout;
    window.waiting = [];
    window.setTimeout = ((run: () => void, delay?: number) =>
      delay === 0 ? window.waiting.push(run) : native(run, delay)) as typeof setTimeout;
  });
});

/** Lets the page read one slice. */
const next = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const now = window.waiting.splice(0);
    for (const run of now) run();
  });

/** Lets the page load everything. */
async function finish(page: Page): Promise<void> {
  await expect(async () => {
    await next(page);
    await expect(page.locator(".loading")).toHaveCount(0, { timeout: 1 });
  }).toPass({ intervals: [0] });
}

test("the first screen is there before the instances, and says how many are missing", async ({ page }) => {
  await page.goto(pageOf("loading", halted, "compact", SLICE));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Halted at staging");
  for (const [outcome, n] of Object.entries(halted.run.counts))
    await expect(page.locator(`[data-outcome="${outcome}"]`)).toHaveText(n.toLocaleString("en"));
  await expect(page.locator("[data-step]")).toHaveCount(halted.steps.length);
  await expect(page.getByRole("heading", { name: "Timeline" })).toBeVisible();
  // In place of what needs all instances there is a sentence, and nothing is counted from some of them.
  await expect(page.locator("section:has(#attention) .loading")).toBeVisible();
  await expect(page.locator("section:has(#glance) .loading")).toBeVisible();
  await expect(page.locator(".attention-list, .map")).toHaveCount(0);
  const numbers = [await loaded(page)];
  for (let i = 0; i < 3; i++) {
    await next(page);
    numbers.push(await loaded(page));
  }
  expect(numbers[0]).toBeGreaterThan(0);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(numbers.at(-1)).toBeLessThan(ALL);
  expect(await sentence(page)).toBe(
    `${numbers.at(-1)} of ${ALL} instances loaded. What needs all of them appears here then.`,
  );
  await finish(page);
  await expect(page.locator("section:has(#attention) .attention-list li").first()).toBeVisible();
  await expect(page.locator(".map a").first()).toBeVisible();
});

test("every view opens while the instances are loaded, and is complete afterwards", async ({ page }) => {
  await page.goto(pageOf("loading-views", halted, "compact", SLICE));
  const views = page.getByRole("navigation", { name: "Views" });
  await expect(views.getByRole("link", { name: "Instances" })).toHaveText(`Instances${ALL}`);
  for (const [link, content] of [
    ["Instances", "[data-count=instances]"],
    ["Organization", ".crumbs"],
    ["Patches", "[data-count=patches]"],
    ["Readiness", ".matrix"],
  ] as const) {
    await views.getByRole("link", { name: link }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(link);
    await expect(page.locator("main .loading")).toContainText(`of ${ALL} instances loaded.`);
    await expect(page.locator(content)).toHaveCount(0);
    await next(page);
    expect(await loaded(page)).toBeLessThan(ALL);
  }
  // Accounts need no instances.
  await views.getByRole("link", { name: "Accounts" }).click();
  await expect(page.getByRole("table", { name: "Accounts outside the plan" }).locator("tbody tr")).toHaveCount(
    halted.accountsOutsidePlan.length,
  );
  await expect(page.locator(".loading")).toHaveCount(0);
  await goTo(page, "#/instances?outcome=failed");
  await finish(page);
  await expect(page.locator("[data-count=instances]")).toHaveText(String(halted.run.counts.failed));
});

test("a link to an instance opens it as soon as all are loaded", async ({ page }) => {
  const row = halted.instances.at(-1);
  await page.goto(`${pageOf("loading-link", halted, "compact", SLICE)}#/instances?i=${row?.instanceId}`);
  await expect(page.locator("main .loading")).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await finish(page);
  await expect(page.getByRole("dialog")).toContainText(row?.instanceId as string);
  await expect(page.locator("[data-count=instances]")).toHaveText(String(ALL));
});

test("paper has all instances, whenever the page is printed", async ({ page }) => {
  const printed = page.getByRole("table", { name: "Instances that need attention" }).locator("tbody tr");
  const trouble = halted.instances.filter(
    (row) => !["patched", "compliant", "skipped", "not-attempted"].includes(row.outcome),
  );
  await page.goto(pageOf("loading-paper", halted, "compact", SLICE));
  expect(await loaded(page)).toBeLessThan(ALL);
  await page.emulateMedia({ media: "print" });
  await expect(printed).toHaveCount(trouble.length);
  // On paper from the start.
  await page.reload();
  await expect(printed).toHaveCount(trouble.length);
});

test("a page in the background loads the rest at once", async ({ page }) => {
  await page.goto(pageOf("loading-hidden", halted, "compact", SLICE));
  expect(await loaded(page)).toBeLessThan(ALL);
  await page.evaluate(() => Object.defineProperty(document, "hidden", { value: true }));
  await next(page);
  await expect(page.locator(".loading")).toHaveCount(0);
  await expect(page.locator("section:has(#attention) .attention-list li").first()).toBeVisible();
});

test("of a run that only checks readiness, the share waits for the instances", async ({ page }) => {
  const report = shapes()["readiness only"] as typeof halted;
  await page.goto(pageOf("loading-readiness", report, "compact", SLICE));
  await expect(page.locator(".loading").first()).toBeVisible();
  await expect(page.locator(".result-share")).toHaveCount(0);
  await finish(page);
  const ready = report.instances.filter((row) => row.reason.code === "readiness-only").length;
  await expect(page.locator(".result-share")).toContainText(`${ready} of ${report.instances.length} instances ready`);
});

test("damage in the last instance is explained when the page comes to it", async ({ page }) => {
  const instances = [...halted.instances.slice(0, -1), { ...halted.instances.at(-1), reason: null }];
  await page.goto(pageOf("loading-damage", { ...halted, instances }, "compact", SLICE));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Halted at staging");
  await finish(page);
  await expect(page.locator(".unreadable")).toContainText("an instance has no reason");
  await expect(page.locator("main")).toHaveCount(0);
});

test("a large file says how much of it has arrived, and opens", async ({ page }) => {
  const seen = "seen" as keyof Window;
  await page.addInitScript((name) => {
    const texts: string[] = [];
    Object.assign(window, { [name]: texts });
    new MutationObserver(() => texts.push(document.getElementById("app")?.textContent ?? "")).observe(document, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  }, seen);
  // A field that no view shows.
  await page.goto(pageOf("loading-large", { ...halted, unheardOf: "long ".repeat(2_000_000) }));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Halted at staging");
  const texts = await page.evaluate((name) => window[name] as unknown as string[], seen);
  const megabytes = texts
    .flatMap((text) => /^Loading the report … (\d+) MB so far\.$/.exec(text)?.[1] ?? [])
    .map(Number);
  expect(new Set(megabytes).size).toBeGreaterThan(1);
  expect(megabytes).toEqual(megabytes.toSorted((a, b) => a - b));
  // The text of the report is not kept in the page.
  await expect(page.locator("#report")).toBeEmpty();
});
