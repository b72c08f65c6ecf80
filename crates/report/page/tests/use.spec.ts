// Uses the page: drill down, filter, sort, search, share, go back; by mouse and by keyboard.
import type { Page } from "@playwright/test";
import { duration, plural, sentenceCase, utc } from "../src/model/format";
import { outcomeText } from "../src/model/outcomes";
import { PATCH_STATE_LABELS, PATCH_STATES, patchStatuses } from "../src/model/patches";
import { reasonHelp } from "../src/model/reason-codes";
import type { InstanceRow, Pass, Report } from "../src/model/report";
import { expect, pageOf, test } from "./support/page";
import { halted, shapes, withExtras } from "./support/reports";

const shows = (page: Page, n: number): Promise<void> =>
  expect(page.locator("[data-count=instances]")).toHaveText(n.toLocaleString("en"));
const count = (is: (row: InstanceRow) => boolean): number => withExtras.instances.filter(is).length;
const outcomes = (page: Page): Promise<string[]> => page.locator("tbody .chip").allInnerTexts();

test.beforeEach(async ({ page }) => {
  await page.goto(pageOf("use", withExtras));
});

test("a number of the result leads to its instances", async ({ page }) => {
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
  const target = withExtras.targets.find(
    (t) => t.stage === "production" && t.outcome === "reached" && count((row) => row.accountId === t.accountId) > 0,
  );
  await page.getByRole("link", { name: new RegExp(`^Account ${target?.accountName}:`) }).click();
  const region = page.getByRole("link", { name: new RegExp(`^Region ${target?.region}:`) });
  const here = count((row) => row.accountId === target?.accountId && row.region === target?.region);
  await region.click();
  await shows(page, here);
  await page.goBack();
  await expect(region).toBeVisible();
  await page
    .getByRole("navigation", { name: "Path in the organization" })
    .getByRole("link", { name: "Production" })
    .click();
  await expect(page.locator(".crumbs [aria-current]")).toContainText("Production");
});

test("values of one facet add up, facets narrow down, and the counts follow", async ({ page }) => {
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
  // The counts of the outcomes are those of the stage, for any chosen outcome.
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
  const having = count((r) => patchStatuses(r).some(({ patch }) => patch.cveIds?.includes(cve)));
  await field.fill(cve.toLowerCase());
  await shows(page, having);
  await field.fill(`${cve} ${row.instanceId}`);
  await shows(page, 1);
  await field.fill(row.accountId);
  await shows(
    page,
    count((r) => r.accountId === row.accountId),
  );
  await field.fill("there is no such thing");
  await expect(page.getByText("No instance matches these filters.")).toBeVisible();
});

test("sorts both ways, by every column", async ({ page }) => {
  await page.goto(`${page.url().split("#")[0]}#/instances`);
  // The most urgent instances come first.
  expect((await outcomes(page))[0]).toBe("Failed");
  await page.getByRole("button", { name: "Outcome" }).click();
  await page.getByRole("columnheader", { name: "Instance" }).getByRole("button").click();
  const names = await page.locator("tbody .row-link .name:first-child").allInnerTexts();
  const { compare } = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  expect(names.length).toBeGreaterThan(10);
  expect(names).toEqual([...names].sort(compare));
  await expect(page.getByRole("columnheader", { name: "Instance" })).toHaveAttribute("aria-sort", "ascending");
  await page.getByRole("columnheader", { name: "Instance" }).getByRole("button").click();
  const largest = withExtras.instances
    .map((row) => row.name || row.instanceId)
    .sort(compare)
    .at(-1);
  expect(await page.locator("tbody .row-link .name:first-child").first().innerText()).toBe(largest);
  // The third click restores the first order.
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
  const last = withExtras.instances
    .map((row) => row.name || row.instanceId)
    .sort(compare)
    .at(-1) as string;
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
  await expect(other.locator("[data-count=instances]")).toHaveText(
    await page.locator("[data-count=instances]").innerText(),
  );
  expect(await other.locator("tbody").innerText()).toBe(await page.locator("tbody").innerText());
});

test("the details of an instance: reason, patches before and after, commands, console links", async ({ page }) => {
  const row = withExtras.instances.find(
    (r) => r.outcome === "failed" && r.failed.some((p) => p.cveIds?.length),
  ) as InstanceRow;
  await page.goto(`${page.url().split("#")[0]}#/instances?outcome=failed`);
  await page.locator(`tbody a[href*="${row.instanceId}"]`).click();
  const drawer = page.getByRole("dialog");
  await expect(drawer).toContainText("exit code 156");
  await expect(drawer.locator(".plain tbody tr")).toHaveCount(patchStatuses(row).length);
  for (const patch of row.failed) {
    const line = drawer.locator(".plain tbody tr", { hasText: patch.id });
    await expect(line).toContainText("Failed");
    for (const word of [patch.severity, patch.classification, ...(patch.cveIds ?? [])])
      await expect(line).toContainText(word);
  }
  for (const command of row.commandIds) {
    await expect(drawer.getByRole("link", { name: command })).toHaveAttribute(
      "href",
      `https://${row.region}.console.aws.amazon.com/systems-manager/run-command/${command}/${row.instanceId}?region=${row.region}`,
    );
  }
  await expect(drawer.getByRole("link", { name: "Fleet Manager" })).toHaveAttribute("rel", "noopener noreferrer");
  // To the next instance and back to the table, by keyboard.
  await drawer
    .getByRole("button", { name: /^(Next|Previous) instance$/, disabled: false })
    .first()
    .press("Enter");
  await expect(drawer).not.toContainText(row.instanceId);
  await page.keyboard.press("Escape");
  await expect(drawer).toBeHidden();
  expect(new URL(page.url()).hash).toBe("#/instances?outcome=failed");
});

test("an instance with two installs: both passes, the Availability Zone, and a filter", async ({ page }) => {
  const twice = (row: InstanceRow): boolean => row.passes?.length === 2;
  // An odd number of patches, so that the two passes have different numbers.
  const row = withExtras.instances.find(
    (r) => twice(r) && r.outcome === "patched" && r.installed.length % 2 === 1,
  ) as InstanceRow;
  const [first, second] = row.passes as [Pass, Pass];
  await page.goto(`${page.url().split("#")[0]}#/instances`);
  await page.getByRole("group", { name: "Passes" }).getByLabel("2 installs").check();
  await shows(page, count(twice));
  await page.getByRole("searchbox", { name: "Find instances" }).fill(row.instanceId);
  await page.locator(`tbody a[href*="${row.instanceId}"]`).click();
  const drawer = page.getByRole("dialog");
  await expect(drawer.locator(".facts > div", { hasText: "Availability Zone" })).toContainText(
    row.availabilityZone as string,
  );
  const passes = drawer.locator("section:has(> h3:text-is('2 passes')) li");
  await expect(passes).toHaveCount(2);
  for (const [i, pass] of [first, second].entries()) {
    const shown = passes.nth(i);
    await expect(shown).toContainText(`Pass ${i + 1}: ${outcomeText(pass.outcome).label.toLowerCase()}`);
    await expect(shown.locator(`svg.tone-${pass.outcome}`)).toBeVisible();
    await expect(shown).toContainText(sentenceCase(pass.reason.text));
    const installed = plural(pass.installed.length, "patch", "patches");
    await expect(shown).toContainText(`${installed} installed, ${pass.failed.length} failed`);
    await expect(shown.getByRole("link", { name: pass.commandId as string })).toBeVisible();
  }
  const once = withExtras.instances.find((r) => r.outcome === "patched" && !twice(r));
  await page.goto(`${page.url().split("#")[0]}#/instances?i=${once?.instanceId}`);
  await expect(drawer.getByRole("heading", { name: "Commands" })).toBeVisible();
  await expect(drawer.getByRole("heading", { name: /passes/ })).toBeHidden();
});

test("a reason says what its code means and what to do; an unknown code has only its text", async ({ page }) => {
  const report = structuredClone(withExtras);
  const [known, pattern, unknown] = report.instances as [InstanceRow, InstanceRow, InstanceRow];
  known.reason = { code: "unmanaged", text: "first text" };
  pattern.reason = { code: "exit-code-156", text: "second text" };
  unknown.reason = { code: "code-of-a-newer-version", text: "third text" };
  const help = (code: string) => reasonHelp(code) as { meaning: string; action: string };
  const details = page.locator(".detail-reason");
  for (const row of [known, pattern]) {
    await page.goto(`${pageOf("reasons", report)}#/instances?i=${row.instanceId}`);
    await expect(details).toContainText(row.reason.text.slice(1));
    await expect(details).toContainText(help(row.reason.code).meaning);
    await expect(details).toContainText(`What to do: ${help(row.reason.code).action}`);
  }
  await page.goto(`${pageOf("reasons", report)}#/instances?i=${unknown.instanceId}`);
  await expect(details).toContainText("Third text");
  await expect(details).not.toContainText("What to do");
  await expect(details).toContainText(`code-of-a-newer-version: ${outcomeText(unknown.outcome).meaning}`);
  // Also where instances are grouped by reason, and as the tooltip of a filter.
  await page.goto(`${pageOf("reasons", report)}#/overview`);
  const group = page.locator("section:has(#attention) li", { hasText: /exit code 156/ }).first();
  await expect(group).toContainText(`What to do: ${help("exit-code-156").action}`);
  await page.goto(`${pageOf("reasons", report)}#/instances?reason=unmanaged`);
  await expect(page.getByTitle(`unmanaged: ${help("unmanaged").meaning}`)).toBeVisible();
});

test("arrow keys go through the rows, Enter opens one", async ({ page }) => {
  await page.goto(`${page.url().split("#")[0]}#/instances?sort=name`);
  await page.locator("tbody a").first().focus();
  // Far beyond the rows that are rendered at first.
  for (let row = 3; row <= 42; row++) {
    await page.keyboard.press("ArrowDown");
    await expect(page.locator(`tr[aria-rowindex="${row}"] a`)).toBeFocused();
  }
  await page.keyboard.press("ArrowUp");
  const name = await page.evaluate(() => document.activeElement?.querySelector(".name")?.textContent ?? "");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog").getByRole("heading", { level: 2 })).toHaveText(name);
});

test("a patch: instances on which it is installed, missing, failed or held back", async ({ page }) => {
  const held = withExtras.steps.flatMap((step) => step.promotion?.heldBack ?? [])[0] as { id: string };
  await page.goto(`${page.url().split("#")[0]}#/patches`);
  await page.getByRole("searchbox", { name: "Find patches" }).fill(held.id);
  await page.locator("tbody a").first().click();
  const one = page.getByRole("region", { name: held.id });
  await expect(one).toContainText("Held back in");
  for (const state of PATCH_STATES) {
    const n = count((row) => patchStatuses(row).some((s) => s.patch.id === held.id && s.state === state));
    await expect(one.locator("dl > div", { hasText: new RegExp(`^${PATCH_STATE_LABELS[state]}\\d`) })).toHaveText(
      `${PATCH_STATE_LABELS[state]}${plural(n, "instance")}`,
    );
  }
  const kept = count((row) => row.heldBack.some(({ id }) => id === held.id));
  expect(kept).toBeGreaterThan(0);
  await expect(one.locator("tbody tr", { hasText: "Held back" })).toHaveCount(kept);
  await one.getByRole("link", { name: /table/ }).click();
  await shows(
    page,
    count((row) => patchStatuses(row).some((s) => s.patch.id === held.id)),
  );
});

test("patches and CVE ids that are not listed are counted", async ({ page }) => {
  const report = structuredClone(withExtras) as Report;
  const row = report.instances.find(
    (r) => r.missingBefore.length > 0 && r.missingAfter.length > 0 && r.missingBefore[0]?.cveIds?.length,
  ) as InstanceRow;
  const id = row.missingBefore[0]?.id ?? "";
  row.moreMissingBefore = 1234;
  row.moreMissingAfter = 56;
  for (const other of report.instances)
    for (const list of [other.missingBefore, other.installed, other.failed, other.missingAfter, other.heldBack])
      for (const patch of list) if (patch.id === id) patch.moreCveIds = 31;
  for (const step of report.steps) if (step.promotion) step.promotion.instancesNotCompared = 2;
  const url = pageOf("not-listed", report);
  await page.goto(`${url}#/instances?i=${row.instanceId}`);
  const drawer = page.getByRole("dialog");
  const [before, after] = [row.missingBefore.length + 1234, row.missingAfter.length + 56];
  await expect(drawer).toContainText(
    `${plural(before, "patch", "patches")} missing before the run, ${after.toLocaleString("en")} after it`,
  );
  await expect(drawer).toContainText(
    "And 1,234 more that are not listed (before the run), and 56 more that are not listed (after it)",
  );
  await expect(drawer.locator(".plain tbody tr", { hasText: id })).toContainText("and 31 more that are not listed");
  await page.goto(`${url}#/patches?${new URLSearchParams({ p: id })}`);
  await expect(page.getByRole("region", { name: id })).toContainText("and 31 more that are not listed");
  await expect(page.locator(".section-head [role=status]")).toContainText(
    "and 1,234 more that are not listed, on 1 instance",
  );
  await page.goto(`${url}#/overview`);
  await expect(page.locator('[aria-label^="Patches tested"]').first()).toContainText(
    "2 instances with patches that are not listed and not compared",
  );
});

test("patches that the first stage has not tested: held back, or installed", async ({ page }) => {
  const held = withExtras.instances.find((row) => row.heldBack.length > 0) as InstanceRow;
  const drawer = page.getByRole("dialog");
  await page.goto(`${page.url().split("#")[0]}#/instances?i=${held.instanceId}`);
  await expect(drawer).toContainText(`${plural(held.heldBack.length, "patch", "patches")} held back`);
  for (const { id } of held.heldBack)
    await expect(drawer.locator(".plain tbody tr", { hasText: id })).toContainText("Held back");
  const untested = withExtras.instances.find((row) => row.installedUntested.length > 0) as InstanceRow;
  const [patch] = untested.installedUntested;
  await page.goto(`${page.url().split("#")[0]}#/instances?i=${untested.instanceId}`);
  await expect(drawer.locator(".plain tbody tr", { hasText: patch?.id ?? "" })).toContainText(
    "InstalledNot tested by the first stage",
  );
  await page.goto(`${page.url().split("#")[0]}#/patches?${new URLSearchParams({ p: patch?.id ?? "" })}`);
  const n = count((row) => row.installedUntested.some(({ id }) => id === patch?.id));
  await expect(page.getByRole("region", { name: patch?.id ?? "" })).toContainText(
    `not tested by the first stage${plural(n, "instance")}`,
  );
});

test("competing patchers: on the overview, as a filter, in the table, in the details, by account", async ({ page }) => {
  const code = "conflict-maintenance-window";
  const having = count((row) => row.conflicts.some(({ reason }) => reason.code === code));
  expect(having).toBeGreaterThan(1);
  const competing = page.locator("section:has(#competing)");
  await expect(competing.locator("li", { hasText: "Maintenance window" }).locator("b")).toHaveText(String(having));
  const alone = count((row) => row.reason.code === "auto-scaling");
  await expect(competing.locator("li", { hasText: "Auto Scaling group" })).toContainText(
    `${plural(alone, "instance")} not patched for this reason`,
  );
  await competing.getByRole("link", { name: /Maintenance window/ }).click();
  await shows(page, having);
  const lists = page.getByRole("group", { name: "Competing patchers" });
  await lists.getByLabel("Maintenance window").uncheck();
  await lists.getByLabel("Result overwritten").check();
  const overwritten = withExtras.instances.filter((row) => row.overwrittenBy);
  expect(overwritten.length).toBeGreaterThan(0);
  await shows(page, overwritten.length);
  await expect(page.locator("tbody .mark")).toHaveCount(overwritten.length);
  await page.locator("tbody a").first().click();
  const drawer = page.getByRole("dialog");
  await expect(drawer.getByRole("heading", { name: "Competing patchers" })).toBeVisible();
  await expect(drawer).toContainText("The compliance row comes from a Scan");
  await expect(drawer).toContainText("Plan: continue, with a warning");
  // A search also finds the id of a maintenance window.
  await page.goto(`${page.url().split("#")[0]}#/instances?q=mw-0c50858d01`);
  await shows(page, having);
  await page.goto(`${page.url().split("#")[0]}#/accounts`);
  const noted = withExtras.targets.filter((target) => target.conflictNotes);
  const note = page.getByRole("table", { name: "Notes on competing patchers" }).locator("tbody tr");
  await expect(note).toContainText("orgpatch cannot see maintenance windows");
  await note.getByText(plural(noted.length, "target")).click();
  await expect(note.locator("li")).toHaveCount(noted.length);
});

test("a facet is offered only if instances differ in it", async ({ page }) => {
  const report = structuredClone(withExtras);
  report.instances.forEach((row, i) => {
    row.conflicts = i === 0 ? [{ action: "warn", reason: { code: "auto-scaling", text: "it is in a group" } }] : [];
    row.overwrittenBy = null;
    row.region = "us-east-1";
  });
  await page.goto(`${pageOf("choices", report)}#/instances`);
  await expect(page.getByRole("group", { name: "Region" })).toHaveCount(0);
  await page.getByRole("group", { name: "Competing patchers" }).getByLabel("Auto Scaling group").check();
  await shows(page, 1);
});

test("readiness: what to fix first, and the matrix", async ({ page }) => {
  await page.goto(`${page.url().split("#")[0]}#/readiness`);
  const failing = new Map<string, number>();
  for (const cause of withExtras.instances
    .flatMap((row) => row.findings)
    .filter((f) => f.status === "fail")
    .flatMap((f) => (f.causes ?? []).map(({ text }) => `${f.check} ${text}`))) {
    failing.set(cause, (failing.get(cause) ?? 0) + 1);
  }
  const first = page.locator(".attention-list li").first();
  await expect(first.locator("b")).toHaveText(String(Math.max(...failing.values())));
  const rows = page.getByRole("table", { name: /Instances and checks/ });
  const troubled = count((row) => row.findings.some((f) => f.status !== "pass"));
  expect(troubled).toBeGreaterThan(3);
  await expect(rows).toHaveAttribute("aria-rowcount", String(troubled + 1));
  await page.getByLabel(/that pass every check/).check();
  await expect(rows).toHaveAttribute("aria-rowcount", String(withExtras.instances.length + 1));
  // A cause leads to its instances.
  const cause = withExtras.readiness?.firstToFix[0];
  await first.getByRole("link").click();
  await shows(
    page,
    count((row) => row.findings.some((f) => f.status !== "pass" && f.causes?.some(({ text }) => text === cause?.text))),
  );
});

test("what changed since the previous run, down to the instance", async ({ page }) => {
  await page.goto(page.url().split("#")[0] as string);
  const changes = page.getByRole("list", { name: "Changed instances" });
  const { comparison } = withExtras;
  const fixed = comparison?.fixed ?? [];
  await expect(changes).toContainText(`${fixed.length} instances fixed`);
  await expect(changes).toContainText("0 instances new");
  await changes.getByText("instance gone").click();
  await expect(changes).toContainText("old-web-1");
  await changes.getByText("instances fixed").click();
  const first = fixed[0];
  await changes
    .getByRole("link", { name: first?.name ?? first?.instanceId })
    .first()
    .click();
  await expect(page.getByRole("dialog")).toContainText(first?.instanceId ?? "none");
  await page.goBack();
  await changes.getByText("instances newly failing").click();
  await changes.getByRole("link", { name: "Show in the instance table" }).click();
  await shows(page, comparison?.newlyFailing.length ?? 0);
  await expect(page.getByRole("button", { name: "Since the previous run Newly failing remove" })).toBeVisible();
});

test("the timeline, from the recorded times of targets", async ({ page }) => {
  const timeline = page.locator("section:has(#timeline) li.row-step");
  await expect(timeline).toHaveCount(withExtras.steps.length);
  const [step] = withExtras.steps;
  const scanned = withExtras.targets
    .filter((target) => target.stage === step?.stage && target.scannedAt)
    .map((target) => target.scannedAt as string);
  await expect(timeline.first()).toContainText(utc(scanned.sort()[0] as string));
  await expect(timeline.first()).toContainText(
    `for ${duration(scanned.sort()[0] as string, step?.judgedAt as string)}`,
  );
});

test("runs of other kinds: baselines, readiness only", async ({ page }) => {
  const { baselines, "readiness only": readiness } = shapes();
  await page.goto(pageOf("baselines", baselines as Report));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Compared baselines in all 4 steps");
  const differ = baselines?.targets.filter((target) => target.baselineChanges).length;
  await expect(page.locator(".result")).toContainText(
    `The baselines differ from the plan in ${differ} of ${baselines?.targets.length} targets`,
  );
  await expect(page.getByRole("list", { name: "Gate" })).toHaveCount(0);
  await page.getByRole("link", { name: "Show changes by account" }).click();
  await expect(page.getByRole("table", { name: "Changes of patch baselines" })).toContainText("Would be updated");
  await page.goto(pageOf("readiness-only", readiness as Report));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Checked readiness in all 4 steps");
  const ready = readiness?.instances.filter((row) => row.reason.code === "readiness-only").length;
  await expect(page.locator(".result-share")).toContainText(
    `${ready} of ${readiness?.instances.length} instances ready to be patched`,
  );
  await expect(page.getByRole("list", { name: "Gate" })).toHaveCount(0);
});

test("lost results are not accounts without access", async ({ page }) => {
  const report = structuredClone(withExtras);
  const [lost, locked] = report.targets;
  Object.assign(lost ?? {}, { outcome: "error", reason: { code: "lost", text: "no result was recorded" } });
  Object.assign(locked ?? {}, {
    outcome: "access-denied",
    reason: { code: "access-denied", text: "the role is absent" },
  });
  await page.goto(pageOf("lost", report));
  await page.getByRole("link", { name: /Accounts with errors or lost results/ }).click();
  await expect(page.getByRole("table", { name: "Accounts with lost results" })).toContainText("No result was recorded");
  await expect(page.getByRole("table", { name: "Accounts that orgpatch could not access" })).not.toContainText(
    "No result was recorded",
  );
});

test("on a phone the filters are closed, and open one by one", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${pageOf("phone", withExtras)}#/instances`);
  const failed = page.getByRole("group", { name: "Outcome" }).getByLabel("Failed");
  await expect(failed).toBeHidden();
  await page.getByText("Filters", { exact: true }).click();
  await expect(failed).toBeHidden();
  // All facets fit on one screen.
  await expect(page.locator(".facet summary").last()).toBeInViewport();
  await page.locator(".facet summary", { hasText: "Outcome" }).click();
  await failed.check();
  await shows(
    page,
    count((row) => row.outcome === "failed"),
  );
  await expect(failed).toBeChecked();
});

test("on a phone the details need no horizontal scrolling, and tables are still tables", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const row = withExtras.instances.find(
    (row) => row.outcome === "failed" && row.missingBefore.some((patch) => patch.cveIds?.length),
  );
  for (const view of [`#/instances?i=${row?.instanceId}`, "#/accounts"]) {
    await page.goto(`${pageOf("phone", withExtras)}${view}`);
    const frames = page.locator(".scroll:visible");
    await expect(frames.first()).toBeVisible();
    for (const frame of await frames.all()) {
      const [wide, shown] = await frame.evaluate((element) => [element.scrollWidth, element.clientWidth]);
      expect(wide, (await frame.getAttribute("aria-label")) ?? "").toBeLessThanOrEqual(shown ?? 0);
      await expect(frame.getByRole("table").getByRole("columnheader").first()).toBeAttached();
      const cells = frame.getByRole("row").last().getByRole("cell");
      // The name of the column is before each cell.
      const heads = await frame.getByRole("columnheader").allTextContents();
      expect(await cells.evaluateAll((all) => all.map((cell) => getComputedStyle(cell, "::before").content))).toEqual(
        heads.map((head) => `"${head}"`),
      );
    }
  }
});

test("by keyboard: skip the navigation, open an instance and return to its row", async ({ page }) => {
  await page.goto(`${pageOf("keyboard", withExtras)}#/instances`);
  await page.locator("tbody a").first().waitFor();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("main")).toBeFocused();
  const link = page.locator("tbody a").nth(2);
  await link.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(link).toBeFocused();
});

test("gates: each number with its limit, as text and not by colour alone", async ({ page }) => {
  await page.goto(pageOf("gates", halted));
  const gate = page.locator(".step-halt").getByRole("list", { name: "Gate" });
  await expect(gate.getByRole("listitem").filter({ hasText: "Failed" })).toContainText("beyond the limit: at most 1%");
  await expect(gate.getByRole("listitem").filter({ hasText: "Unreachable" })).toContainText(
    "within the limit: at most 10%",
  );
});

test("gates: skipped instances are shown where the plan limits them", async ({ page }) => {
  const limited = structuredClone(halted);
  for (const step of limited.steps) {
    if (step.decision !== "halt") continue;
    step.limits = { ...step.limits, maxSkippedPercent: 5 };
    step.skipped = { skipped: 6, selected: 100 };
  }
  await page.goto(pageOf("gates-skipped", limited));
  const skipped = page.getByRole("list", { name: "Gate" }).getByRole("listitem").filter({ hasText: "Skipped" });
  await expect(skipped).toHaveCount(1);
  await expect(skipped).toContainText("(6 of 100 selected)");
  await expect(skipped).toContainText("beyond the limit: at most 5%");
});

test("the colour theme stays after a reload", async ({ page }) => {
  const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByRole("radio", { name: "Dark" }).check();
  await expect.poll(background).not.toBe(light);
  const dark = await background();
  await page.reload();
  await expect.poll(background).toBe(dark);
});

test("times are in UTC and in the reader's time zone", async ({ page }) => {
  await expect(page.locator("time").first()).toHaveText("2026-11-10 00:00 UTC Nov 10, 2026, 09:00 GMT+9");
});

test("parts of the plan that matched nothing, and instances that people reboot, are told", async ({ page }) => {
  const report = structuredClone(withExtras);
  report.run.matchedNothing = [
    { field: "select.exclude.tags", entry: "PatchExempt=off" },
    { stage: "production", field: "exclude.ous", entry: "ou-abcd-11111111" },
    {
      field: "baselines.rules",
      entry: "2 of AMAZON_LINUX_2023 (classification: Newpackage)",
      rule: {
        stages: ["test", "production"],
        operatingSystem: "AMAZON_LINUX_2023",
        number: 2,
        filters: "classification: Newpackage",
        instances: 40,
      },
    },
  ];
  const [row] = report.instances;
  if (!row) throw new Error("no instance");
  row.neverReboot = { code: "never-reboot", text: "the plan never reboots instances with tag Role=database" };
  row.pendingRebootSince = "2026-10-10T03:00:00Z";
  await page.goto(pageOf("matched-nothing", report));
  await expect(
    page.getByText(
      "Warning: 2 parts of the plan matched nothing and may be misspelt: excluded tag PatchExempt=off; excluded OU ou-abcd-11111111 of stage production.",
    ),
  ).toBeInViewport();
  await expect(
    page.getByText(
      "Warning: 1 approval rule of the plan approved no patch that a scan found, installed or missing: rule 2 of AMAZON_LINUX_2023 (classification: Newpackage), 40 instances scanned.",
    ),
  ).toBeInViewport();
  await page.goto(`${page.url().split("#")[0]}#/instances?i=${row.instanceId}`);
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("2026-10-10 03:00 UTC")).toBeVisible();
  await expect(dialog.getByText("The plan never reboots instances with tag Role=database")).toBeVisible();
});

test("a stopped run says who closed it, and how to cancel what had not ended", async ({ page }) => {
  const report = structuredClone(withExtras);
  report.run.decision = "error";
  report.run.reason = { code: "RunStopped", text: "the execution was stopped (CHG-9)" };
  report.run.closedBy = "close-1";
  delete report.halt;
  const [row] = report.instances;
  if (!row) throw new Error("no instance");
  row.openCommand = "0a1b2c3d";
  row.startedAt = "2026-11-10T00:05:00Z";
  await page.goto(pageOf("stopped", report));
  const result = page.getByRole("region", { name: await page.locator("#result").innerText() });
  await expect(result.getByText(/^Stopped/)).toBeInViewport();
  await expect(result.getByText("The execution close-1 has made this one from its records")).toBeInViewport();
  await expect(result.getByText("1 install command had not ended when orgpatch last asked")).toBeInViewport();
  const cancel = `aws ssm cancel-command --region ${row.region} --command-id 0a1b2c3d`;
  await expect(result.getByText(cancel)).toBeInViewport();
  await page.goto(`${page.url().split("#")[0]}#/instances?i=${row.instanceId}`);
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText(cancel)).toBeVisible();
  await expect(dialog.getByText("Install began")).toBeVisible();
  await expect(dialog.getByText("2026-11-10 00:05 UTC")).toBeVisible();
});

test("the stages before the run and the reason to go on without them are on the first screen", async ({ page }) => {
  const report = structuredClone(withExtras);
  report.run.withoutEarlierGates = "CHG-7, zero-day";
  report.run.earlierStages = [
    { stage: "test", run: "night-1", at: "2026-11-11T03:00:00Z", planChanged: true },
    { stage: "staging", run: "night-2", at: "2026-11-13T11:22:00Z", notPassed: "run night-2 halted there" },
  ];
  await page.goto(pageOf("earlier-stages", report));
  const result = page.getByRole("region", { name: await page.locator("#result").innerText() });
  for (const sentence of [
    "Stage test, not part of this run, passed in run night-1 at 2026-11-11 03:00 UTC; the plan has changed since.",
    "Stage staging, not part of this run, has NOT passed: run night-2 halted there.",
    "The run was started without regard to earlier stages: CHG-7, zero-day",
  ]) {
    await expect(result.getByText(sentence)).toBeInViewport();
  }
});
