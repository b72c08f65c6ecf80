// The logic behind the views, without a browser.
import { expect, test } from "@playwright/test";
import catalogue from "../src/data/reason-codes.json" with { type: "json" };
import { changeText } from "../src/model/baselines";
import { commandLink, instanceLink } from "../src/model/console";
import { indexReport } from "../src/model/data";
import { makeFilter, type Query } from "../src/model/filter";
import { duration, percent, sentenceCase, utc } from "../src/model/format";
import { ReportReader, readReport, UnreadableReport } from "../src/model/load";
import { accountsWithoutAccess, buildOrganization } from "../src/model/organization";
import { missingCounts, patchStatuses, stillMissing } from "../src/model/patches";
import { explainer, type ReasonCatalogue, reasonHelp } from "../src/model/reason-codes";
import type { BaselineChange, InstanceRow, TargetReport } from "../src/model/report";
import { href, parse, withParams } from "../src/model/route";
import { notSeen } from "../src/model/seen";
import { Sorter } from "../src/model/sorting";
import { compact, embed, forScriptElement, PLACEHOLDER } from "../tools/compact.mjs";
import { all, halted, withExtras } from "./support/reports";

/** Returns a report without nulls, which the compact format leaves out. */
const bare = (report: object): unknown => JSON.parse(JSON.stringify(report, (_, value: unknown) => value ?? undefined));

test("the compact format has the same content, in a quarter of the bytes", () => {
  const plain = JSON.stringify(withExtras);
  const short = forScriptElement(compact(withExtras));
  expect(bare(readReport(short))).toEqual(bare(withExtras));
  expect(short.length).toBeLessThan(plain.length / 4);
});

test("a writer that remembers only some values, or none, writes the same content", () => {
  const lengths = [Infinity, 100, 5, 0].map((remembered) => {
    const short = JSON.stringify(compact(withExtras, remembered));
    expect(bare(readReport(short)), `${remembered} texts`).toEqual(bare(withExtras));
    return short.length;
  });
  // Each writer gives another text.
  expect(lengths).toEqual([...new Set(lengths)].sort((a, b) => a - b));
});

test("the exact text of the compact format", () => {
  const reason = { code: "a", text: "b" };
  const [p, q] = [{ id: "p" }, { id: "q" }];
  const row = {
    name: null,
    reason,
    conflicts: [{ action: "warn", reason }],
    missingBefore: [p, q],
    installed: [],
    failed: [q],
    commandIds: ["p", "c"],
    wave: 1,
  };
  const report = { schemaVersion: 1, instances: [row, row], targets: [] };
  const again = (...numbers: number[]) => ({
    reason: 0,
    conflicts: [1],
    missingBefore: numbers,
    failed: [3],
    commandIds: [4, 5],
    wave: 1,
  });
  const { name, installed, ...first } = { ...row, failed: [3] };
  expect(compact(report)).toEqual({ ...report, instances: [first, again(2, 3)] });
  // The writer remembers two values, the reason and the conflict. It writes the others again, and they count again.
  const forgetful = compact(report, 2).instances[1];
  expect(forgetful).toEqual({ ...first, reason: 0, conflicts: [1], failed: [q] });
});

test("numbers refer to earlier values, for any order of fields", () => {
  const text = `{
    "instances": [
      {"commandIds": ["c"], "reason": {"code": "a", "text": "b"}, "unheardOf": ["x", "x", 2]},
      {"reason": 1, "commandIds": ["c", 0, 4], "missingAfter": [{"id": "p"}], "unheardOf": [5, 3, 2]}
    ],
    "steps": [], "accountsOutsidePlan": [], "targets": [], "schemaVersion": 1
  }`;
  const [first, second] = readReport(text).instances as unknown as Record<string, unknown>[];
  const none = {
    findings: [],
    conflicts: [],
    missingBefore: [],
    installed: [],
    failed: [],
    missingAfter: [],
    installedUntested: [],
    heldBack: [],
  };
  expect(first).toEqual({ ...none, commandIds: ["c"], reason: { code: "a", text: "b" }, unheardOf: ["x", "x", "x"] });
  expect(second).toEqual({
    ...none,
    commandIds: ["c", "c", "c"],
    reason: { code: "a", text: "b" },
    missingAfter: [{ id: "p" }],
    unheardOf: [{ id: "p" }, "x", "x"],
  });
});

test("a pass is written like an instance, and its values are those of all instances", () => {
  const reason = { code: "a", text: "b" };
  const [p, q] = [{ id: "p" }, { id: "q" }];
  const row = {
    installed: [p, q],
    passes: [
      { outcome: "failed", reason, installed: [p], failed: [q], commandId: "c-1" },
      { outcome: "patched", reason, installed: [q], failed: [], commandId: null },
    ],
    reason,
  };
  const report = { schemaVersion: 1, steps: [], targets: [], accountsOutsidePlan: [], instances: [row] };
  const short = compact(report);
  expect(short.instances[0]).toEqual({
    installed: [p, q],
    passes: [
      { outcome: "failed", reason, installed: [0], failed: [1], commandId: "c-1" },
      { outcome: "patched", reason: 2, installed: [1] },
    ],
    reason: 2,
  });
  const [read] = readReport(JSON.stringify(short)).instances;
  expect(read?.reason).toEqual(reason);
  expect(bare(read?.passes ?? [])).toEqual(bare(row.passes));
});

test("in slices of any size, the report has the same content, and everything but the instances comes first", () => {
  const text = forScriptElement(compact(withExtras));
  for (const characters of [0, 1, 500, 20_000, 1e9]) {
    const reader = new ReportReader(text);
    expect(bare({ ...reader.report, instances: [] })).toEqual(bare({ ...withExtras, instances: [] }));
    const numbers = [reader.report.instances.length];
    while (!reader.done) {
      reader.read(characters);
      numbers.push(reader.report.instances.length);
    }
    expect(bare(reader.report), `${characters} characters`).toEqual(bare(withExtras));
    expect(numbers[0]).toBe(0);
    if (characters < 2) expect(numbers).toEqual(Array.from({ length: withExtras.instances.length + 1 }, (_, i) => i));
    if (characters === 1e9) expect(numbers).toHaveLength(2);
  }
});

test("a slice ends only behind an instance, whatever its lists and texts have", () => {
  const reason = { code: "a", text: '],"targets":[{}]},{"id":"x"}' };
  const list = [{ id: "p" }, { id: "q" }, { id: '"},{"id":' }];
  const rows = [
    { id: "1", unheardOf: list, reason },
    { id: "2", missingBefore: list, reason },
  ];
  const rest = { schemaVersion: 1, steps: [], accountsOutsidePlan: [] };
  const reader = new ReportReader(JSON.stringify({ instances: rows, targets: [], ...rest }));
  reader.read(0);
  expect(reader.report.instances).toHaveLength(1);
  reader.read(0);
  expect(reader.report.instances).toMatchObject(rows);
  expect(reader.done).toBe(true);
  // An inner field with the same name, and fields in another order: the instances are there at once.
  const inner = { instances: rows, targets: [], ...rest, unheardOf: { list: [], targets: [] } };
  const other = { ...rest, instances: rows, targets: [] };
  for (const report of [inner, other]) {
    const reader = new ReportReader(JSON.stringify(report));
    expect(reader.done).toBe(true);
    expect(reader.report).toMatchObject(report);
  }
  // Behind the instances come the targets, or the page says that it cannot read the report.
  const between = new ReportReader(JSON.stringify({ instances: rows, unheardOf: [], targets: [], ...rest }));
  expect(() => between.read(1e9)).toThrow(UnreadableReport);
});

test("a number without a value, and other damage, make a report unreadable", () => {
  const with1 = (row: unknown, more: object = {}): string =>
    JSON.stringify({ schemaVersion: 1, steps: [], targets: [], accountsOutsidePlan: [], instances: [row], ...more });
  const reason = { code: "a", text: "b" };
  expect(readReport(with1({ reason, commandIds: ["c", 0] })).instances).toHaveLength(1);
  const damaged = [
    ...[2, 3, -1, 0.5, 1e300].map((number) => with1({ reason, commandIds: ["c", number] })),
    // Only values before the number count: a number is no value itself, and never refers forward.
    with1({ reason: 0 }),
    with1({ reason, commandIds: [0, 1] }),
    with1({ commandIds: ["c"], reason: 0 }),
    with1({}),
    with1(null),
    with1({ reason, passes: ["p"] }),
    with1({ reason, passes: [{}] }),
    with1({ reason, passes: [{ reason: 1 }] }),
    with1({ reason }, { targets: null }),
    "null",
    "[]",
  ];
  for (const text of damaged) expect(() => readReport(text), text).toThrow(UnreadableReport);
});

test("data in a script element never ends the element", () => {
  const text = forScriptElement({ name: "</script><!-- \u2028 & >" });
  expect(text).not.toMatch(/[<>&\u2028\u2029]/);
  expect(JSON.parse(text)).toEqual({ name: "</script><!-- \u2028 & >" });
  // Replacement patterns of String.replace are not interpreted either.
  expect(embed(`a${PLACEHOLDER}b`, "$& $1 $$")).toBe("a$& $1 $$b");
});

test("a filter gives the rows and counts of a simple loop", () => {
  const data = indexReport(structuredClone(withExtras));
  const { filter } = makeFilter(data);
  const [first, last] = [data.instances[0], data.instances.at(-1)];
  const patch = data.instances.flatMap((row) => row.failed)[0];
  const queries: Query[] = [
    { text: "", facets: {} },
    { text: " \t", facets: {} },
    { text: "", facets: { outcome: ["failed", "unreachable"], region: ["us-east-1"] } },
    { text: "WEB", facets: { stage: ["production.2"] } },
    { text: "web  Production us-east", facets: { outcome: ["patched"], os: ["UBUNTU", "WINDOWS"] } },
    // A letter that all texts have, words that no text has, and the ends of the first and the last text.
    { text: "i", facets: {} },
    { text: "zzzz", facets: { region: ["us-east-1"] } },
    { text: "web zzzz", facets: {} },
    { text: first?.instanceId ?? "", facets: {} },
    { text: last?.instanceId ?? "", facets: {} },
    { text: last?.commandIds.at(-1) ?? "", facets: {} },
    { text: patch?.cveIds?.[0] ?? patch?.id ?? "", facets: {} },
    { text: "web", facets: { patch: [patch?.id ?? ""], outcome: ["failed"] } },
    { text: "", facets: { patch: ["no such patch"] } },
    { text: "", facets: { ou: ["Production/Retail"], os: ["UBUNTU"] } },
    { text: "", facets: { outcome: ["no such outcome"] } },
  ];
  for (const query of queries) {
    const { total, matches, counts } = filter.run(query);
    const expected = data.instances.map((row) => Number(simple(row, query)));
    expect([...matches]).toEqual(expected);
    expect(total).toBe(expected.filter(Boolean).length);
    for (const key of ["outcome", "region", "ou"] as const) {
      const others = { ...query, facets: { ...query.facets, [key]: undefined } };
      filter.facet(key)?.values.forEach((value, i) => {
        const beside = data.instances.filter(
          (row) => simple(row, others) && simple(row, { text: "", facets: { [key]: [value] } }),
        ).length;
        expect(counts.get(key)?.[i], `${JSON.stringify(query)} ${value}`).toBe(beside);
      });
    }
  }
});

function simple(row: InstanceRow & { ouPath: string }, { text, facets }: Query): boolean {
  const has = (values: string[] | undefined, value: string): boolean => !values || values.includes(value);
  return (
    has(facets.outcome, row.outcome) &&
    has(facets.region, row.region) &&
    has(facets.stage, `${row.stage}.${row.wave}`) &&
    has(facets.os, row.os ?? "") &&
    (!facets.ou || facets.ou.some((ou) => row.ouPath === ou || row.ouPath.startsWith(`${ou}/`))) &&
    (!facets.patch || patchStatuses(row).some(({ patch }) => facets.patch?.includes(patch.id))) &&
    text
      .toLowerCase()
      .split(/\s+/)
      .every((word) => JSON.stringify(row).toLowerCase().includes(word))
  );
}

test("sorting: natural order, equal rows keep their order, missing values last, in both directions", () => {
  const rows = ["web-10", undefined, "Web-9", "db", "web-10", undefined].map((name, place) => ({
    name,
    place,
    size: place % 2,
    nothing: undefined,
  }));
  const order = new Sorter(rows, [
    { id: "name", sort: (row) => row.name },
    { id: "size", sort: (row) => row.size },
    { id: "nothing", sort: (row) => row.nothing },
    { id: "unsorted" },
  ]);
  const places = (sort: string | null): number[] => order.by(sort).map((row) => row.place);
  expect(places("name")).toEqual([3, 2, 0, 4, 1, 5]);
  expect(places("-name")).toEqual([0, 4, 2, 3, 1, 5]);
  expect(places("size")).toEqual([0, 2, 4, 1, 3, 5]);
  expect(places("-size")).toEqual([1, 3, 5, 0, 2, 4]);
  for (const sort of [null, "nothing", "-nothing", "unsorted", "__proto__", "-", ""])
    expect(places(sort), String(sort)).toEqual([0, 1, 2, 3, 4, 5]);
});

test("the state of a patch comes from the scan after the install", () => {
  const patch = (id: string, state: "Missing" | "Failed" | "InstalledPendingReboot" = "Missing") => ({
    id,
    title: id,
    classification: "",
    severity: "",
    state,
  });
  const row = {
    missingBefore: ["a", "b", "c", "d", "e", "g", "h"].map((id) => patch(id)),
    installed: [patch("a"), patch("h")],
    installedUntested: [patch("h")],
    heldBack: [patch("g"), patch("i")],
    failed: [patch("b")],
    missingAfter: [patch("b"), patch("c"), patch("d", "InstalledPendingReboot"), patch("f", "Failed")],
  } as InstanceRow;
  const found = Object.fromEntries(
    patchStatuses(row).map((s) => [
      s.patch.id,
      `${s.before ? "before " : ""}${s.state}${s.untested ? " untested" : ""}`,
    ]),
  );
  expect(found).toEqual({
    a: "before installed",
    b: "before failed",
    c: "before missing",
    d: "before pending-reboot",
    e: "before missing",
    f: "failed",
    g: "before held-back",
    h: "before installed untested",
    i: "held-back",
  });
});

test("numbers of missing patches include those that are not listed", () => {
  const patch = (id: string) => ({ id, title: id, classification: "", severity: "", state: "Missing" as const });
  const lists = { installed: [], failed: [], missingAfter: [], installedUntested: [], heldBack: [] };
  const scanned = { ...lists, missingBefore: [patch("a"), patch("b")], moreMissingBefore: 7 } as unknown as InstanceRow;
  expect(missingCounts(scanned)).toEqual({ before: 9, after: 0 });
  expect(stillMissing(scanned)).toBe(9);
  const installed = { ...scanned, installed: [patch("a"), patch("b")] };
  expect(stillMissing(installed)).toBe(0);
  const failed = { ...scanned, failed: [patch("a"), patch("b")], missingAfter: [patch("a")], moreMissingAfter: 3 };
  expect(missingCounts(failed)).toEqual({ before: 9, after: 4 });
  expect(stillMissing(failed)).toBe(4);
});

test("addresses", () => {
  expect(parse("#/instances?outcome=a&outcome=b%20c").params.getAll("outcome")).toEqual(["a", "b c"]);
  expect(parse("#/nowhere").view).toBe("overview");
  expect(parse("").view).toBe("overview");
  expect(href("map", { at: "ou:A/B & C?", none: null })).toBe("#/map?at=ou%3AA%2FB+%26+C%3F");
  expect(withParams(parse("#/instances?q=x&outcome=a"), { q: null, sort: "-name" })).toBe(
    "#/instances?outcome=a&sort=-name",
  );
});

test("links to the console in every partition, and never to a host from a report", () => {
  expect(instanceLink("cn-north-1", "i-1")).toBe(
    "https://cn-north-1.console.amazonaws.cn/systems-manager/fleet-manager/managed-nodes/i-1/general?region=cn-north-1",
  );
  expect(commandLink("us-gov-west-1", "a", "b/c")).toBe(
    "https://us-gov-west-1.console.amazonaws-us-gov.com/systems-manager/run-command/a/b%2Fc?region=us-gov-west-1",
  );
  for (const region of ["evil.example/#", "", "a.b-c-1", "x-1@evil"]) expect(instanceLink(region, "i-1")).toBeNull();
});

test("numbers and times", () => {
  expect([percent(0, 0), percent(0, 5), percent(1, 5000), percent(4999, 5000), percent(5, 5), percent(1, 15)]).toEqual([
    "–",
    "0%",
    "<0.1%",
    ">99.9%",
    "100%",
    "6.7%",
  ]);
  expect(utc("2026-11-10T03:44:15.884Z")).toBe("2026-11-10 03:44 UTC");
  expect(utc("no time")).toBe("no time");
  expect(duration("2026-11-10T00:00:00Z", "2026-11-12T05:59:00Z")).toBe("2 d 5 h");
});

test("changes of baselines, of every kind", () => {
  const known = { id: "pb-1", name: "orgpatch-a" };
  const update = {
    change: "update",
    id: "pb-1",
    fields: ["approval-rules", "sources"],
    baseline: { name: "orgpatch-a", operatingSystem: "UBUNTU" },
  } as BaselineChange;
  expect(changeText(update)).toBe("Updated · orgpatch-a · approval rules, sources");
  expect(changeText(update, true)).toBe("Would be updated · orgpatch-a · approval rules, sources");
  expect(
    changeText({ change: "register-default", operatingSystem: "UBUNTU", baseline: { created: "orgpatch-b" } }),
  ).toBe("Made the default · orgpatch-b · UBUNTU");
  expect(
    changeText({
      change: "register-for-patch-group",
      operatingSystem: "UBUNTU",
      group: "web",
      baseline: { existing: known },
    }),
  ).toBe("Registered for a patch group · orgpatch-a · UBUNTU · web");
  expect(
    changeText({ change: "foreign", operatingSystem: "UBUNTU", baseline: known, why: "it has no tag" }, true),
  ).toBe("Not changed: orgpatch does not own it · orgpatch-a · UBUNTU · it has no tag");
  expect(changeText({ change: "left", baseline: known, reason: { code: "x", text: "it was made later" } })).toBe(
    "Not changed · orgpatch-a · it was made later",
  );
});

test("sentences start with a capital letter, names and ids do not change", () => {
  expect(
    [
      "the install failed",
      "lost: nothing",
      "orgpatch cannot see it",
      "vpc-1 has none",
      "ssm:ListCommands is missing",
      "openssl.x86_64 waits",
      "本番",
      "",
    ].map(sentenceCase),
  ).toEqual([
    "The install failed",
    "Lost: nothing",
    "orgpatch cannot see it",
    "vpc-1 has none",
    "ssm:ListCommands is missing",
    "openssl.x86_64 waits",
    "本番",
    "",
  ]);
});

test("reason codes: exact codes, patterns, and unknown codes", () => {
  const explain = explainer({
    codes: [
      { code: "a", meaning: "A.", action: "" },
      { code: "exit-code-0", meaning: "Success.", action: "" },
    ],
    patterns: [
      { pattern: "exit-code-<n>", meaning: "Exit code <n>.", action: "Look up <n>." },
      { pattern: "<error>", meaning: "Error <error>.", action: "" },
    ],
  });
  expect(explain("States.Timeout")).toEqual({ meaning: "Error States.Timeout.", action: "" });
  expect(explain("a")?.meaning).toBe("A.");
  expect(explain("exit-code-156")).toEqual({ meaning: "Exit code 156.", action: "Look up 156." });
  expect(explain("exit-code--1")?.meaning).toBe("Exit code -1.");
  expect(explain("exit-code-0")?.meaning, "an exact code comes before a pattern").toBe("Success.");
  for (const code of [
    "b",
    "",
    "exit-code-",
    "exit-code-x",
    "exit-code-1 ",
    "my-exit-code-1",
    "States",
    "states.Timeout",
    "States.",
    "__proto__",
    "constructor",
  ]) {
    expect(explain(code), code).toBeUndefined();
  }
});

test("the catalogue of reason codes has a meaning for each code, and no code twice", () => {
  const { codes, patterns }: ReasonCatalogue = catalogue;
  const names = [...codes.map(({ code }) => code), ...patterns.map(({ pattern }) => pattern)];
  expect(names).toEqual([...new Set(names)]);
  for (const entry of [...codes, ...patterns]) {
    expect(entry.meaning, JSON.stringify(entry)).toMatch(/^[A-Z\p{Ll}].*\.$/u);
    expect(entry.action, JSON.stringify(entry)).toMatch(/^$|\.$/);
  }
});

test("every reason code of an instance is in the catalogue", () => {
  for (const [name, report] of all()) {
    const unknown = report.instances.map(({ reason }) => reason.code).filter((code) => !reasonHelp(code));
    expect([...new Set(unknown)], name).toEqual([]);
  }
});

test("the generated halted report is halted", () => {
  expect(halted.steps.map((step) => step.decision)).toEqual(["advance", "halt", "not-attempted", "not-attempted"]);
});

test("a target that two stages share is one of each", () => {
  const report = structuredClone(withExtras);
  const [first] = report.targets as [TargetReport];
  const { accountId, region } = first;
  report.instances = report.instances.filter((row) => row.accountId === accountId && row.region === region);
  const reason = { code: "access-denied", text: "no" };
  const other = { ...first, stage: "other", wave: 1, outcome: "access-denied" as const, reason };
  report.targets = [first, other, { ...other, stage: "another" }];
  const data = indexReport(report);
  expect(accountsWithoutAccess(data).map(({ stage, regions }) => [stage, regions])).toEqual([
    ["other", [region]],
    ["another", [region]],
  ]);
  expect(notSeen(data)).toContain("2 of 3 targets");
});

test("a slash in the name of a unit is not one between units", () => {
  const report = structuredClone(withExtras);
  const [first, second, ...others] = report.targets;
  Object.assign(first as object, { ouPath: "CI\\/CD" });
  Object.assign(second as object, { ouPath: "CI/CD" });
  for (const target of others) target.ouPath = "Other";
  const data = indexReport(report);
  const top = buildOrganization(data).root.children.map((unit) => [
    unit.name,
    unit.children.map((child) => child.name),
  ]);
  expect(top.slice(0, 2)).toEqual([
    ["CI/CD", [first?.accountName]],
    ["CI", ["CD"]],
  ]);
  expect(makeFilter(data).filter.facet("ou")?.values).toEqual(["CI", "CI/CD", "CI\\/CD", "Other"]);
});
