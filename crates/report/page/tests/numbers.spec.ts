// The numbers on the page are those of report.json, for generated reports and those of make test-page REPORTS=<folder>.
import type { Page } from "@playwright/test";
import { patchKey, patchStatuses, refKey } from "../src/model/patches";
import type { Report } from "../src/model/report";
import { expect, goTo, pageOf, test } from "./support/page";
import { all, halted } from "./support/reports";

const number = (text: string): number => Number(text.replace(/[^0-9]/g, ""));
const numberIn = async (page: Page, selector: string): Promise<number> =>
  number(await page.locator(selector).innerText());

for (const [i, [name, report]] of all().entries()) {
  test(`numbers of ${name}`, async ({ page }) => {
    await page.goto(pageOf(`numbers-${i}`, report));
    await overview(page, report);
    await instances(page, report);
    await organization(page, report);
    await patches(page, report);
    await accounts(page, report);
    await toFix(page, report);
  });
}

test("numbers of a report that is read in slices", async ({ page }) => {
  await page.goto(pageOf("numbers-slices", halted, "compact", 2_000));
  await expect(page.locator(".loading")).toHaveCount(0);
  await overview(page, halted);
  await instances(page, halted);
  await organization(page, halted);
  await patches(page, halted);
  await accounts(page, halted);
  await toFix(page, halted);
});

async function overview(page: Page, report: Report): Promise<void> {
  const shown: Record<string, number> = {};
  for (const tile of await page.locator("[data-outcome]").all()) {
    const n = number(await tile.innerText());
    if (n > 0) shown[(await tile.getAttribute("data-outcome")) as string] = n;
  }
  expect(shown).toEqual(report.run.counts);
  const steps = page.locator("[data-step]");
  await expect(steps).toHaveCount(report.steps.length);
  const bars = page.locator("[data-step] .bar");
  // Runs about baselines send no command, and show no instances.
  if (/-baselines$/.test(report.run.operation)) return expect(bars).toHaveCount(0);
  for (const step of report.steps) {
    const label = await page.locator(`[data-step="${step.id}"] .bar`).getAttribute("aria-label");
    const counts = Object.fromEntries(
      [...(label ?? "").matchAll(/([\d,]+) ([a-z ]+)/g)].map(([, n, outcome]) => [
        outcome?.trim().replace(" ", "-"),
        number(n ?? ""),
      ]),
    );
    expect(counts, step.id).toEqual(step.counts);
  }
}

async function instances(page: Page, report: Report): Promise<void> {
  await goTo(page, "#/instances");
  await page.getByRole("heading", { name: "Instances" }).waitFor();
  expect(await numberIn(page, "[data-count=instances]")).toBe(report.instances.length);
  for (const [outcome, n] of Object.entries(report.run.counts)) {
    await goTo(page, `#/instances?outcome=${outcome}`);
    await expect(page.locator("[data-count=instances]")).toHaveText(n.toLocaleString("en"));
  }
  for (const step of report.steps) {
    const here = report.instances.filter((row) => row.stage === step.stage && row.wave === step.wave).length;
    if (here === 0) continue;
    await goTo(page, `#/instances?${new URLSearchParams({ stage: `${step.stage}.${step.wave}` })}`);
    await expect(page.locator("[data-count=instances]")).toHaveText(here.toLocaleString("en"));
  }
}

async function organization(page: Page, report: Report): Promise<void> {
  await goTo(page, "#/map");
  await page.getByRole("heading", { name: "Organization" }).waitFor();
  // With only one organizational unit, the map opens inside it. Its number is that of the organization.
  expect(await numberIn(page, ".crumbs [aria-current] .muted")).toBe(report.instances.length);
  await goTo(page, "#/accounts");
}

async function patches(page: Page, report: Report): Promise<void> {
  await goTo(page, "#/patches");
  await page.getByRole("heading", { name: "Patches" }).waitFor();
  const where = new Map<string, number>();
  for (const row of report.instances)
    for (const { patch } of patchStatuses(row)) {
      const key = patchKey(patch.id, patch.title, row.os ?? "");
      where.set(key, (where.get(key) ?? 0) + 1);
    }
  for (const step of report.steps) {
    for (const ref of step.promotion?.heldBack ?? []) where.set(refKey(ref), where.get(refKey(ref)) ?? 0);
  }
  expect(await numberIn(page, "[data-count=patches]")).toBe(where.size);
  for (const [id, n] of [...where].slice(0, 5)) {
    await goTo(page, `#/instances?${new URLSearchParams({ patch: id })}`);
    await expect(page.locator("[data-count=instances]")).toHaveText(n.toLocaleString("en"));
    await goTo(page, "#/patches");
  }
}

/** The first cause on the page is the first cause of the report. */
async function toFix(page: Page, report: Report): Promise<void> {
  const first = report.readiness?.firstToFix.find(({ status }) => status === "fail");
  if (!first) return;
  await goTo(page, "#/readiness");
  const line = page
    .locator("section:has(#fixes) li")
    .filter({ hasText: first.text.slice(0, 60) })
    .first();
  await expect(line.locator("b")).toHaveText(first.instances.toLocaleString("en"));
}

async function accounts(page: Page, report: Report): Promise<void> {
  await goTo(page, "#/accounts");
  await page.getByRole("heading", { name: "Outside the plan" }).waitFor();
  const outside = page.getByRole("table", { name: "Accounts outside the plan" }).locator("tbody tr");
  await expect(outside).toHaveCount(report.accountsOutsidePlan.length);
  const locked = report.targets.filter((target) => !["reached", "not-attempted", "error"].includes(target.outcome));
  const lost = report.targets.filter((target) => target.outcome === "error");
  await expect(
    page.getByRole("table", { name: "Accounts that orgpatch could not access" }).locator("tbody li"),
  ).toHaveCount(locked.length);
  await expect(page.getByRole("table", { name: "Accounts with lost results" }).locator("tbody li")).toHaveCount(
    lost.length,
  );
}
