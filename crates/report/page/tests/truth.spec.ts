// What the page says first after a halt, and what it says beside numbers that look good.
import { attentionGroups, kindOf } from "../src/model/attention";
import { judgedSentence, notComparedSentence } from "../src/model/baselines";
import { indexReport } from "../src/model/data";
import { leftOutGroups } from "../src/model/left-out";
import { indexPatches } from "../src/model/patches";
import type { HaltReport, InstanceRow, Report } from "../src/model/report";
import { accessOf, concerned, notSeen, upToDate } from "../src/model/seen";
import { expect, goTo, pageOf, test } from "./support/page";
import { advanced, halted } from "./support/reports";

const copy = (report: Report): Report => structuredClone(report);
const failed = (report: Report): InstanceRow[] => report.instances.filter((row) => row.outcome === "failed");

/** The step whose gate halts the run. */
const step = halted.steps.find(({ decision }) => decision === "halt") as Report["steps"][number];
const MACHINE = "arn:aws:states:ap-northeast-1:111111111111:stateMachine:orgpatch-patch-run";
const STEPS = [
  "Repair these instances and accounts.",
  "Start the run again. It scans first, and what is installed already ends as compliant: nothing is installed twice.",
  'If later stages must wait, name the stages that may run in the input: "stages": ["staging"].',
];

function withHalt(): Report {
  const report = copy(halted);
  const of = ({
    accountId,
    region,
    instanceId,
    name,
    outcome,
    reason,
  }: InstanceRow): HaltReport["instances"][number] => ({
    accountId,
    accountName: "shop-prod",
    region,
    instanceId,
    name,
    outcome,
    reason,
  });
  const rows = failed(report);
  report.halt = {
    step: step.id,
    stage: "staging",
    instances: rows.slice(0, 5).map(of),
    allInstances: rows.length + 2,
    targets: [],
    allTargets: 0,
    laterSteps: "Not touched: stage production. Nothing was sent to their instances.",
    whatToDo: STEPS,
    command: `aws stepfunctions start-execution --region ap-northeast-1 --state-machine-arn ${MACHINE} --input '{"operation":"install","plan":"monthly"}'`,
  };
  return report;
}

for (const [device, width, height] of [
  ["a phone", 390, 844],
  ["a screen", 1360, 840],
] as const) {
  test(`after a halt ${device} shows what to look at and what to do before the counts`, async ({ page }) => {
    const report = withHalt();
    await page.setViewportSize({ width, height });
    await page.goto(pageOf(`halt-${width}`, report));
    const halt = page.locator("[data-halt]");
    await expect(halt).toContainText(failed(report)[0]?.instanceId ?? "none");
    await expect(halt).toContainText(`and ${failed(report).length - 3} more instances`);
    await expect(halt).toContainText("Not touched: stage production.");
    await expect(halt.locator("ol li")).toHaveText(STEPS);
    await expect(halt.locator("pre")).toContainText("start-execution");
    const top = async (selector: string): Promise<number> =>
      (await page.locator(selector).first().boundingBox())?.y ?? -1;
    expect(await top("[data-halt]")).toBeLessThan(height);
    expect(await top("[data-halt]")).toBeLessThan(await top(".outcomes"));
    expect(await top("[data-halt] ol li:last-child"), "what to do is on the first screen").toBeLessThan(height);
    if (width < 720) expect(await top("[data-halt] pre")).toBeLessThan(await top(".result-share"));
    await halt.getByRole("link", { name: "more instances" }).click();
    const counted = halted.instances.filter(
      (row) => row.outcome === "failed" && row.stage === step.stage && row.wave === step.wave,
    ).length;
    await expect(page.locator("[data-count=instances]")).toHaveText(String(counted));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  });
}

test("beside the share of what is up to date stands what was not seen", async ({ page }) => {
  await page.goto(pageOf("not-seen", halted));
  await expect(page.locator(".result-share")).toContainText("up to date by this plan's rules");
  await expect(page.locator(".result-share .not-seen")).toHaveText(notSeen(indexReport(copy(halted))));
  await expect(page.locator(".step .not-seen")).toHaveCount(halted.steps.length);
});

test("the headline of a run that advanced says that targets were not seen", async ({ page }) => {
  const report = copy(advanced);
  const [step] = report.steps as [Report["steps"][number]];
  Object.assign(step, { targets: { reached: 7, "access-denied": 2 }, targetsNotListed: 2 });
  for (const other of report.steps.slice(1)) other.targets = { reached: 1 };
  await page.goto(pageOf("headline", report));
  const all = 9 + report.steps.length - 1;
  await expect(page.locator("h1")).toContainText(`(2 of ${all} targets not seen)`);
});

test("what was not seen is counted from the records", () => {
  const report = copy(advanced);
  for (const target of report.targets) target.outcome = "reached";
  for (const row of report.instances) Object.assign(row, { outcome: "patched", scannedAt: "2026-11-10T00:00:00Z" });
  expect(notSeen(indexReport(report))).toBe("Not seen: nothing.");
  const [row, other] = report.instances as [InstanceRow, InstanceRow];
  Object.assign(row, { outcome: "not-ready", scannedAt: null });
  // It was scanned before it was left out.
  Object.assign(other, { outcome: "not-attempted" });
  const [target] = report.targets as [Report["targets"][number]];
  const locked = { ...target, accountId: "444400000009", outcome: "access-denied" as const };
  report.targets.push(locked);
  const all = report.targets.length;
  expect(notSeen(indexReport(report))).toBe(
    `Not seen: 1 listed instance without a scan result, and 1 of ${all} targets, in which no instances could be listed.`,
  );
  const step = report.steps.find(({ stage, wave }) => stage !== target.stage || wave !== target.wave);
  if (step && (row.stage !== step.stage || row.wave !== step.wave))
    expect(notSeen(indexReport(report), step)).toBe("Not seen: nothing.");
});

test("an instance of another stage is no part of what the run was about, and is not unseen", () => {
  const report = copy(advanced);
  const [row] = report.instances as [InstanceRow];
  Object.assign(row, { outcome: "skipped", scannedAt: null, reason: { code: "not-selected-by-tags", text: "x" } });
  const said = (): [number, string] => [concerned(indexReport(report)), notSeen(indexReport(report))];
  const [all, unseen] = said();
  row.reason = { code: "other-stage", text: "x" };
  const [fewer, other] = said();
  expect(fewer).toBe(all - 1);
  expect(other).not.toBe(unseen);
});

test("what another baseline calls compliant is not up to date by the plan's rules", () => {
  const report = copy(advanced);
  const before = upToDate(indexReport(report));
  const row = report.instances.find(({ outcome }) => outcome === "compliant") as InstanceRow;
  row.judgedBy = { code: "another-baseline", text: "x" };
  expect(upToDate(indexReport(report))).toBe(before - 1);
});

test("what could not be compared is not up to date, and is told apart from another baseline", () => {
  const report = copy(advanced);
  for (const row of report.instances) delete row.judgedBy;
  const before = upToDate(indexReport(report));
  expect(notComparedSentence(indexReport(report))).toBeNull();
  const row = report.instances.find(({ outcome }) => outcome === "compliant") as InstanceRow;
  row.judgedBy = { code: "baseline-not-compared", text: "x" };
  const data = indexReport(report);
  expect(upToDate(data)).toBe(before - 1);
  expect(judgedSentence(data)).toBeNull();
  expect(notComparedSentence(data)).toBe(
    "AWS refused to show the baselines of 1 instance, 1 of them compliant: whether the plan's judged them is not known",
  );
});

test("accounts are counted, and those that were entered in part are told apart", () => {
  const report = copy(advanced);
  for (const target of report.targets) target.outcome = "reached";
  const [target] = report.targets as [Report["targets"][number]];
  for (const region of ["eu-west-1", "eu-west-2"])
    report.targets.push({ ...target, accountId: "444400000009", region, outcome: "access-denied" });
  report.targets.push({ ...target, region: "me-south-1", outcome: "region-disabled" });
  const { closed, inPart } = accessOf(indexReport(report));
  expect([...closed]).toEqual(["444400000009"]);
  expect([...inPart]).toEqual([target.accountId]);
});

test("a patch stands under the title of its own system", () => {
  const report = copy(advanced);
  const [one, other] = report.instances as [InstanceRow, InstanceRow];
  report.instances = [one, other];
  report.steps = [];
  const patch = (title: string) => ({
    id: "openssl.x86_64",
    title,
    classification: "",
    severity: "",
    state: "Missing" as const,
  });
  for (const [row, os, title] of [
    [one, "AMAZON_LINUX_2023", "openssl.x86_64:1:3.0.8-1"],
    [other, "REDHAT_ENTERPRISE_LINUX", "openssl.x86_64:1:3.5.1-4"],
  ] as const)
    Object.assign(row, {
      os,
      missingBefore: [patch(title)],
      failed: [patch(title)],
      missingAfter: [patch(title)],
      installed: [],
      heldBack: [],
      installedUntested: [],
    });
  const { patches, byId } = indexPatches(indexReport(report));
  expect(patches.map(({ os, title, where }) => [os, title, where.failed.length])).toEqual([
    ["AMAZON_LINUX_2023", "openssl.x86_64:1:3.0.8-1", 1],
    ["REDHAT_ENTERPRISE_LINUX", "openssl.x86_64:1:3.5.1-4", 1],
  ]);
  expect(byId.get("openssl.x86_64")).toHaveLength(2);
});

test("a scan that failed and an install that failed are two things to do", async ({ page }) => {
  expect(kindOf("the install failed: exit code 1: no space; 3 patches are still missing")).toBe("the install failed");
  expect(kindOf("the SSM Agent has not answered since 2026-11-10T00:00:00Z (ConnectionLost)")).toBe(
    "the SSM Agent has not answered since …",
  );
  expect(kindOf("1 patch is still missing")).toBe(kindOf("12 patches are still missing"));
  const report = copy(advanced);
  const rows = report.instances.slice(0, 5);
  for (const [i, row] of rows.entries()) {
    const text = i < 2 ? "the scan failed: no space" : "the install failed: no space; 2 patches are still missing";
    Object.assign(row, { outcome: "failed", reason: { code: "exit-code-1", text } });
  }
  const groups = attentionGroups(indexReport(copy(report))).filter(({ code }) => code === "exit-code-1");
  expect(groups.map(({ kind, count }) => [kind, count])).toEqual([
    ["the install failed", 3],
    ["the scan failed", 2],
  ]);
  await page.goto(pageOf("kinds", report));
  await page.getByRole("link").filter({ hasText: "The scan failed: no space" }).click();
  await expect(page.locator("[data-count=instances]")).toHaveText("2");
});

test("who was left out can be listed by the reason", async ({ page }) => {
  const report = copy(advanced);
  const reasons = [
    ["skipped", "excluded-by-tag"],
    ["skipped", "excluded-by-tag"],
    ["skipped", "conflict-patch-policy"],
    ["not-attempted", "max-errors"],
    ["skipped", "not-selected-by-tags"],
    ["skipped", "other-stage"],
    ["not-attempted", "halted"],
  ] as const;
  report.instances = report.instances.slice(0, reasons.length);
  for (const [i, [outcome, code]] of reasons.entries())
    Object.assign(report.instances[i] as InstanceRow, { outcome, reason: { code, text: `because of ${code}` } });
  expect(leftOutGroups(indexReport(copy(report))).map(({ code, count }) => [code, count])).toEqual([
    ["excluded-by-tag", 2],
    ["conflict-patch-policy", 1],
    ["max-errors", 1],
  ]);
  await page.goto(pageOf("left-out", report));
  await page.locator("section:has(#left-out) a").filter({ hasText: "excluded-by-tag" }).click();
  await expect(page.locator("[data-count=instances]")).toHaveText("2");
  await goTo(page, "#/overview");
});
