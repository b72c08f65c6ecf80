// Using it: drill down, filter, sort, search, share, go back; by mouse and by keyboard.
import type { Page } from "@playwright/test";
import { standings } from "../src/model/patches";
import type { InstanceRow } from "../src/model/report";
import { expect, pageOf, test } from "./support/page";
import { halted, withExtras } from "./support/reports";

const shows = (page: Page, n: number): Promise<void> =>
  expect(page.locator("[data-count=instances]")).toHaveText(n.toLocaleString("en"));
const count = (is: (row: InstanceRow) => boolean): number => withExtras.instances.filter(is).length;
const outcomes = (page: Page): Promise<string[]> => page.locator("tbody .chip").allInnerTexts();

test.beforeEach(async ({ page }) => {
  await page.goto(pageOf("use", withExtras));
});

test("a number of the answer leads to its instances", async ({ page }) => {
  const failed = count((row) => row.outcome === "failed");
  expect(failed).toBeGreaterThan(0);
  await page.locator(".outcomes a", { hasText: "Failed" }).click();
  await shows(page, failed);
  expect(new Set(await outcomes(page))).toEqual(new Set(["Failed"]));
});

test("drills down from the organization to the instances of a Region", async ({ page }) => {
  await page.getByRole("link", { name: "Open the map" }).click();
  await page.getByRole("link", { name: /^Organizational unit Production:/ }).click({ position: { x: 30, y: 10 } });
  await expect(page.locator(".crumbs [aria-current]")).toContainText("Production");
  const target = withExtras.targets.find((t) => t.stage === "production" && t.outcome === "reached" && count((row) => row.accountId === t.accountId) > 0);
  await page.getByRole("link", { name: new RegExp(`^Account ${target?.accountName}:`) }).click();
  const region = page.getByRole("link", { name: new RegExp(`^Region ${target?.region}:`) });
  const here = count((row) => row.accountId === target?.accountId && row.region === target?.region);
  await region.click();
  await shows(page, here);
  await page.goBack();
  await expect(region).toBeVisible();
  await page.getByRole("navigation", { name: "Where in the organization" }).getByRole("link", { name: "Production" }).click();
  await expect(page.locator(".crumbs [aria-current]")).toContainText("Production");
});

test("filters add up within one list and narrow down across lists, and the counts say what is left", async ({ page }) => {
  await page.getByRole("link", { name: "Instances", exact: false }).first().click();
  const outcome = page.getByRole("group", { name: "Outcome" });
  await outcome.getByLabel("Failed").check();
  await outcome.getByLabel("Skipped").check();
  const chosen = (row: InstanceRow): boolean => row.outcome === "failed" || row.outcome === "skipped";
  await shows(page, count(chosen));
  const stage = page.getByRole("group", { name: "Stage" });
  const inStaging = count((row) => chosen(row) && row.stage === "staging");
  await expect(stage.locator("li", { hasText: "staging" }).locator(".n")).toHaveText(String(inStaging));
  await stage.getByLabel("staging").check();
  await shows(page, inStaging);
  // The counts beside the outcomes are those of the stage, whatever outcome is chosen.
  const patched = count((row) => row.outcome === "patched" && row.stage === "staging");
  await expect(outcome.locator("li", { hasText: "Patched" }).locator(".n")).toHaveText(String(patched));
  await page.getByRole("button", { name: "Stage staging remove" }).click();
  await shows(page, count(chosen));
  await page.getByRole("link", { name: "Clear all" }).click();
  await shows(page, withExtras.instances.length);
});

test("finds by name, account, patch and CVE, and by several words", async ({ page }) => {
  await page.goto(`${page.url().split("#")[0]}#/instances`);
  const field = page.getByRole("searchbox", { name: "Find instances" });
  const row = withExtras.instances.find((r) => r.name && r.installed.some((p) => p.cveIds?.length)) as InstanceRow;
  const cve = row.installed.flatMap((patch) => patch.cveIds ?? [])[0] as string;
  const having = count((r) => standings(r).some(({ patch }) => patch.cveIds?.includes(cve)));
  await field.fill(cve.toLowerCase());
  await shows(page, having);
  await field.fill(`${cve} ${row.instanceId}`);
  await shows(page, 1);
  await field.fill(row.accountId);
  await shows(page, count((r) => r.accountId === row.accountId));
  await field.fill("there is no such thing");
  await expect(page.getByText("No instance matches these filters.")).toBeVisible();
});

test("sorts both ways, by every column", async ({ page }) => {
  await page.goto(`${page.url().split("#")[0]}#/instances`);
  // What needs somebody comes first.
  expect((await outcomes(page))[0]).toBe("Failed");
  await page.getByRole("button", { name: "Outcome" }).click();
  await page.getByRole("columnheader", { name: "Instance" }).getByRole("button").click();
  const names = await page.locator("tbody .row-link .name:first-child").allInnerTexts();
  const { compare } = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  expect(names.length).toBeGreaterThan(10);
  expect(names).toEqual([...names].sort(compare));
  await expect(page.getByRole("columnheader", { name: "Instance" })).toHaveAttribute("aria-sort", "ascending");
  await page.getByRole("columnheader", { name: "Instance" }).getByRole("button").click();
  const largest = withExtras.instances.map((row) => row.name || row.instanceId).sort(compare).at(-1);
  expect(await page.locator("tbody .row-link .name:first-child").first().innerText()).toBe(largest);
  // Once more, and it is as it was.
  await page.getByRole("columnheader", { name: "Instance" }).getByRole("button").click();
  expect((await outcomes(page))[0]).toBe("Failed");
  await expect(page.getByRole("columnheader", { name: "Instance" })).toHaveAttribute("aria-sort", "none");
  for (const column of ["Reason", "Account", "Stage", "Missing"]) {
    await page.getByRole("columnheader", { name: column }).getByRole("button").click();
    await expect(page.getByRole("columnheader", { name: column })).toHaveAttribute("aria-sort", /ascending|descending/);
  }
});

test("every instance can be scrolled to", async ({ page }) => {
  await page.goto(`${page.url().split("#")[0]}#/instances?sort=name`);
  const { compare } = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const last = withExtras.instances.map((row) => row.name || row.instanceId).sort(compare).at(-1) as string;
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await expect(page.locator("tbody .row-link .name:first-child").last()).toHaveText(last);
  await expect(page.locator(`tr[aria-rowindex="${withExtras.instances.length + 1}"]`)).toBeVisible();
});

test("a link to a filter can be shared, and shows the same", async ({ page, context }) => {
  await page.goto(`${page.url().split("#")[0]}#/instances`);
  await page.getByRole("group", { name: "Outcome" }).getByLabel("Patched").check();
  await page.getByRole("searchbox", { name: "Find instances" }).fill("web");
  await page.getByRole("columnheader", { name: "Account" }).getByRole("button").click();
  const other = await context.newPage();
  await other.goto(page.url());
  await expect(other.locator("[data-count=instances]")).toHaveText(await page.locator("[data-count=instances]").innerText());
  expect(await other.locator("tbody").innerText()).toBe(await page.locator("tbody").innerText());
});

test("the evidence of an instance: patches before and after, commands, console links", async ({ page }) => {
  const row = withExtras.instances.find((r) => r.outcome === "failed" && r.failed.some((p) => p.cveIds?.length)) as InstanceRow;
  await page.goto(`${page.url().split("#")[0]}#/instances?outcome=failed`);
  await page.locator(`tbody a[href*="${row.instanceId}"]`).click();
  const drawer = page.getByRole("dialog");
  await expect(drawer).toContainText("exit code 156");
  await expect(drawer.locator(".plain tbody tr")).toHaveCount(standings(row).length);
  for (const patch of row.failed) {
    const line = drawer.locator(".plain tbody tr", { hasText: patch.id });
    await expect(line).toContainText("Failed");
    for (const word of [patch.severity, patch.classification, ...(patch.cveIds ?? [])]) await expect(line).toContainText(word);
  }
  for (const command of row.commandIds) {
    await expect(drawer.getByRole("link", { name: command })).toHaveAttribute(
      "href",
      `https://${row.region}.console.aws.amazon.com/systems-manager/run-command/${command}/${row.instanceId}?region=${row.region}`,
    );
  }
  await expect(drawer.getByRole("link", { name: "Fleet Manager" })).toHaveAttribute("rel", "noopener noreferrer");
  // To the next one and out again, by keyboard.
  await drawer.getByRole("button", { name: /^(Next|Previous) instance$/, disabled: false }).first().press("Enter");
  await expect(drawer).not.toContainText(row.instanceId);
  await page.keyboard.press("Escape");
  await expect(drawer).toBeHidden();
  expect(new URL(page.url()).hash).toBe("#/instances?outcome=failed");
});

test("arrow keys go through the rows, Enter opens one", async ({ page }) => {
  await page.goto(`${page.url().split("#")[0]}#/instances?sort=name`);
  await page.locator("tbody a").first().focus();
  // Far beyond what is rendered at first.
  for (let row = 3; row <= 42; row++) {
    await page.keyboard.press("ArrowDown");
    await expect(page.locator(`tr[aria-rowindex="${row}"] a`)).toBeFocused();
  }
  await page.keyboard.press("ArrowUp");
  const name = await page.evaluate(() => document.activeElement?.querySelector(".name")?.textContent ?? "");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog").getByRole("heading", { level: 2 })).toHaveText(name);
});

test("a patch: where it is installed, missing, failed, held back", async ({ page }) => {
  const held = withExtras.steps.flatMap((step) => step.promotion?.heldBack ?? [])[0] as { id: string };
  await page.goto(`${page.url().split("#")[0]}#/patches`);
  await page.getByRole("searchbox", { name: "Find patches" }).fill(held.id);
  await page.locator("tbody a").first().click();
  const one = page.getByRole("region", { name: held.id });
  await expect(one).toContainText("Held back in");
  for (const state of ["installed", "missing", "failed", "pending-reboot"] as const) {
    const n = count((row) => standings(row).some((s) => s.patch.id === held.id && s.state === state));
    const name = { installed: "Installed", missing: "Missing", failed: "Failed", "pending-reboot": "Pending reboot" }[state];
    await expect(one.locator("dl > div", { hasText: name }).first()).toContainText(`${n} instance`);
  }
  await one.getByRole("link", { name: /table/ }).click();
  await shows(page, count((row) => standings(row).some((s) => s.patch.id === held.id)));
});

test("readiness: what to fix first, and the matrix", async ({ page }) => {
  await page.goto(`${page.url().split("#")[0]}#/readiness`);
  const failing = new Map<string, number>();
  for (const cause of withExtras.instances.flatMap((row) => row.findings).filter((f) => f.status === "fail").flatMap((f) => (f.causes ?? []).map(({ text }) => `${f.check} ${text}`))) {
    failing.set(cause, (failing.get(cause) ?? 0) + 1);
  }
  const first = page.locator(".troubles li").first();
  await expect(first.locator("b")).toHaveText(String(Math.max(...failing.values())));
  const rows = page.getByRole("table", { name: /Instances and checks/ });
  const troubled = count((row) => row.findings.some((f) => f.status !== "pass"));
  await expect(rows).toHaveAttribute("aria-rowcount", String(troubled + 1));
  await page.getByLabel(/that pass every check/).check();
  await expect(rows).toHaveAttribute("aria-rowcount", String(withExtras.instances.length + 1));
});

test("what changed since the run before, down to the instance", async ({ page }) => {
  await page.goto(page.url().split("#")[0] as string);
  const changes = page.getByRole("list", { name: "Instances by what changed" });
  const { comparison } = withExtras;
  const fixed = comparison?.fixed ?? [];
  await expect(changes).toContainText(`${fixed.length} instances fixed`);
  await expect(changes).toContainText("0 instances new");
  await changes.getByText("instance gone").click();
  await expect(changes).toContainText("old-web-1");
  await changes.getByText("instances fixed").click();
  const first = fixed[0];
  await changes.getByRole("link", { name: first?.name ?? first?.instanceId }).first().click();
  await expect(page.locator("body")).toContainText(first?.instanceId ?? "none");
});

test("gates: each number against its limit, by words and not by colour alone", async ({ page }) => {
  await page.goto(pageOf("gates", halted));
  const gate = page.locator(".step-halt").getByRole("list", { name: "Gate" });
  await expect(gate.getByRole("listitem").filter({ hasText: "Failed" })).toContainText("beyond the limit: at most 1%");
  await expect(gate.getByRole("listitem").filter({ hasText: "Unreachable" })).toContainText("within the limit: at most 10%");
});

test("the switch of colours, which stays", async ({ page }) => {
  const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByRole("radio", { name: "Dark" }).check();
  await expect.poll(background).not.toBe(light);
  const dark = await background();
  await page.reload();
  await expect.poll(background).toBe(dark);
});

test("times stand in UTC and in the reader's own time", async ({ page }) => {
  await expect(page.locator("time").first()).toHaveText("2026-11-10 00:00 UTC Nov 10, 2026, 09:00 GMT+9");
});
