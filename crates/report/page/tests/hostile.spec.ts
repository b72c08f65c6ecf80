// Names, tags and reasons come from member accounts: the page shows every character of them as text.
import type { Report } from "../src/model/report";
import { expect, goTo, pageOf, test } from "./support/page";
import { withExtras } from "./support/reports";

const HOSTILE: Record<string, string> = {
  html: '<img src=x onerror="window.broken=1"><b>bold</b>',
  script: "</script><script>window.broken=1</script><!--",
  "end of the data": '"]}</SCRIPT ><svg onload=window.broken=1>',
  quotes: `"'\`\${1}\\" onmouseover="window.broken=1`,
  "right to left": "\u202Etxt.exe\u2066 שלום \u05D0 مرحبا",
  newlines: "one\ntwo\r\n\tthree\u2028four\u2029five\u0000six",
  long: "long ".repeat(2_000),
  "long without a space": "W".repeat(10_240),
  japanese: "本番 サーバー １号機 ﷽ 👩‍👩‍👧‍👦",
  link: "javascript:window.broken=1",
  prototype: "__proto__",
};

/** Returns a report with the text in every field that has no closed list of values. */
function poisoned(text: string): Report {
  const report = structuredClone(withExtras);
  const mark = (word: string): string => `${word} ${text}`;
  report.run.plan = text;
  report.run.comment = text;
  report.run.startedBy = text;
  report.run.withoutEarlierGates = text;
  report.run.earlierStages = [
    { stage: text, run: text, at: report.run.startedAt },
    { stage: text, notPassed: text },
  ];
  const rule = {
    stages: [text],
    patchGroups: [text],
    operatingSystem: "UBUNTU",
    number: 1,
    filters: text,
    instances: 1,
  } as const;
  report.run.matchedNothing = [
    { stage: text, field: "select.exclude.tags", entry: text },
    { stage: text, field: "baselines.rules", entry: text, rule: { ...rule, stages: [text], patchGroups: [text] } },
  ];
  report.run.reason.text = text;
  for (const step of report.steps) {
    step.reason.text = mark("step");
    step.approval = { by: text, at: "2026-11-12T01:10:00Z", comment: text };
    step.waits = [{ what: text, from: report.run.startedAt, until: report.run.finishedAt, text }];
    step.promotion = { installedUntested: [text], heldBack: [{ id: text, title: text, severity: text }] };
  }
  for (const target of report.targets) {
    target.accountName = text;
    target.ouPath = `Root/${text}`;
    target.reason.text = text;
    target.baselineChanges = [{ change: "left", baseline: { id: text, name: text }, reason: { code: text, text } }];
    target.conflictNotes = [{ code: text, text }];
  }
  for (const row of report.instances) {
    row.name = text;
    row.reason.text = text;
    row.tags = { [text]: text };
    row.os = text;
    row.agentVersion = text;
    row.baselineId = text;
    row.commandIds = [text];
    row.conflicts = [{ action: "warn", reason: { code: text, text } }];
    row.overwrittenBy = { code: text, text };
    row.findings = [
      { check: text, status: "fail", severity: text, evidence: text, fix: text, causes: [{ text, fix: text }] },
    ];
    const patch = {
      id: text,
      title: mark("title"),
      classification: text,
      severity: text,
      state: "Missing" as const,
      cveIds: [text],
    };
    row.missingBefore = [patch];
    row.failed = [patch];
    row.missingAfter = [patch];
  }
  report.readiness = { checks: {}, firstToFix: [{ check: "agent", status: "fail", text, fix: text, instances: 1 }] };
  const compared = { accountId: text, region: text, instanceId: text, name: text, before: null, now: null };
  report.comparison = { runId: text, newlyFailing: [compared], fixed: [], new: [compared], gone: [compared] };
  for (const account of report.accountsOutsidePlan)
    Object.assign(account, { accountName: text, ouPath: text, reason: { code: text, text } });
  return report;
}

for (const [name, text] of Object.entries(HOSTILE)) {
  test(`shown as text: ${name}`, async ({ page }) => {
    const report = poisoned(text);
    const id = report.instances[0]?.instanceId;
    await page.goto(pageOf(`hostile-${name.replaceAll(" ", "-")}`, report));
    const views = [
      "overview",
      "instances",
      `instances?i=${id}`,
      "instances?q=%3Cscript%3E",
      "map",
      `map?at=${report.instances[0]?.accountId}`,
      "patches",
      `patches?${new URLSearchParams({ p: text })}`,
      "readiness",
      "accounts",
    ];
    for (const view of views) {
      await goTo(page, `#/${view}`);
      await page.locator("main h1, main h2").first().waitFor({ state: "attached" });
      expect(await page.evaluate(() => "broken" in window), view).toBe(false);
      // No elements except those of the page.
      expect(await page.locator("main :is(img, b b, script, iframe, object), main svg[onload]").count(), view).toBe(0);
      expect(await page.locator('a[href^="javascript:"]').count(), view).toBe(0);
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
        `${view} is not too wide`,
      ).toBeLessThanOrEqual(0);
    }
    // Every character of the text is there, isolated from the text beside it.
    await goTo(page, `#/instances?i=${id}`);
    const title = page.getByRole("dialog").locator("h2 bdi");
    // The text comes from JSON and not through the HTML parser, so line breaks and U+0000 are kept.
    expect(await title.evaluate((element) => element.textContent)).toBe(text);
    expect(await title.evaluate((element) => getComputedStyle(element).unicodeBidi)).toBe("isolate");
  });
}

test("text in the address is text too", async ({ page }) => {
  const hash = `#/instances?${new URLSearchParams({ q: "<img src=x onerror=window.broken=1>", outcome: "<b>", i: "<i>", sort: "constructor", account: "__proto__" })}`;
  await page.goto(`${pageOf("address", withExtras)}${hash}`);
  await expect(page.getByText("“<img src=x onerror=window.broken=1>”")).toBeVisible();
  await goTo(page, "#/map?at=<script>&sort=-nothing");
  await expect(page.getByRole("heading", { name: "Organization" })).toBeVisible();
  expect(await page.evaluate(() => "broken" in window)).toBe(false);
});
