// The arithmetic behind the views, without a browser.
import { expect, test } from "@playwright/test";
import { changeWords } from "../src/model/baselines";
import { commandLink, instanceLink } from "../src/model/console";
import { indexed } from "../src/model/data";
import { makeFilter, type Query } from "../src/model/filter";
import { duration, percent, sentenceCase, utc } from "../src/model/format";
import { readReport, UnreadableReport } from "../src/model/load";
import { Order } from "../src/model/order";
import { standings } from "../src/model/patches";
import type { BaselineChange, InstanceRow } from "../src/model/report";
import { changed, href, parse } from "../src/model/route";
import { compact, embed, forScriptElement, PLACEHOLDER } from "../tools/compact.mjs";
import { halted, withExtras } from "./support/reports";

/** What JSON says of a report: no nulls, which the compact spelling leaves out. */
const bare = (report: object): unknown => JSON.parse(JSON.stringify(report, (_, value: unknown) => value ?? undefined));

test("the compact spelling says the same, in a quarter of the bytes", () => {
  const plain = JSON.stringify(withExtras);
  const short = forScriptElement(compact(withExtras));
  expect(bare(readReport(short))).toEqual(bare(withExtras));
  expect(short.length).toBeLessThan(plain.length / 4);
});

test("a writer that remembers some texts only, or none, says the same", () => {
  const lengths = [Infinity, 100, 5, 0].map((remembered) => {
    const short = JSON.stringify(compact(withExtras, remembered));
    expect(bare(readReport(short)), `${remembered} texts`).toEqual(bare(withExtras));
    return short.length;
  });
  // Each of them is another spelling.
  expect(lengths).toEqual([...new Set(lengths)].sort((a, b) => a - b));
});

test("the spelling, letter by letter", () => {
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
  // Two texts are remembered, the reason and the conflict: the others stand as themselves, and count all the same.
  const forgetful = compact(report, 2).instances[1];
  expect(forgetful).toEqual({ ...first, reason: 0, conflicts: [1], failed: [q] });
});

test("numbers point back to what appeared, whatever the order of the fields and of the document", () => {
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

test("a number that stands for nothing, and other damage, is an unreadable report", () => {
  const with1 = (row: unknown, more: object = {}): string =>
    JSON.stringify({ schemaVersion: 1, steps: [], targets: [], accountsOutsidePlan: [], instances: [row], ...more });
  const reason = { code: "a", text: "b" };
  expect(readReport(with1({ reason, commandIds: ["c", 0] })).instances).toHaveLength(1);
  const damaged = [
    ...[2, 3, -1, 0.5, 1e300].map((number) => with1({ reason, commandIds: ["c", number] })),
    // Only what stands before it: a number is no appearance, and nothing points forward.
    with1({ reason: 0 }),
    with1({ reason, commandIds: [0, 1] }),
    with1({ commandIds: ["c"], reason: 0 }),
    with1({}),
    with1(null),
    with1({ reason }, { targets: null }),
    "null",
    "[]",
  ];
  for (const text of damaged) expect(() => readReport(text), text).toThrow(UnreadableReport);
});

test("data in a script element never ends it", () => {
  const text = forScriptElement({ name: "</script><!-- \u2028 & >" });
  expect(text).not.toMatch(/[<>&\u2028\u2029]/);
  expect(JSON.parse(text)).toEqual({ name: "</script><!-- \u2028 & >" });
  // Replacement patterns of String.replace are not interpreted either.
  expect(embed(`a${PLACEHOLDER}b`, "$& $1 $$")).toBe("a$& $1 $$b");
});

test("a filter gives what a simple loop gives, rows and counts", () => {
  const data = indexed(structuredClone(withExtras));
  const { filter } = makeFilter(data);
  const [first, last] = [data.instances[0], data.instances.at(-1)];
  const patch = data.instances.flatMap((row) => row.failed)[0];
  const queries: Query[] = [
    { text: "", facets: {} },
    { text: " \t", facets: {} },
    { text: "", facets: { outcome: ["failed", "unreachable"], region: ["us-east-1"] } },
    { text: "WEB", facets: { stage: ["production.2"] } },
    { text: "web  Production us-east", facets: { outcome: ["patched"], os: ["UBUNTU", "WINDOWS"] } },
    // One letter that all of them have, words that nobody has, and the ends of the first and of the last text.
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
    { text: "", facets: { outcome: ["nobody has this"] } },
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
    (!facets.patch || standings(row).some(({ patch }) => facets.patch?.includes(patch.id))) &&
    text
      .toLowerCase()
      .split(/\s+/)
      .every((word) => JSON.stringify(row).toLowerCase().includes(word))
  );
}

test("sorting: as people read, equal rows in their places, nothing at the end, both ways", () => {
  const rows = ["web-10", undefined, "Web-9", "db", "web-10", undefined].map((name, place) => ({
    name,
    place,
    size: place % 2,
    nothing: undefined,
  }));
  const order = new Order(rows, [
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

test("where a patch stands: the scan afterwards decides", () => {
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
    standings(row).map((s) => [s.patch.id, `${s.before ? "before " : ""}${s.state}${s.untested ? " untested" : ""}`]),
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

test("addresses", () => {
  expect(parse("#/instances?outcome=a&outcome=b%20c").params.getAll("outcome")).toEqual(["a", "b c"]);
  expect(parse("#/nowhere").view).toBe("overview");
  expect(parse("").view).toBe("overview");
  expect(href("map", { at: "ou:A/B & C?", none: null })).toBe("#/map?at=ou%3AA%2FB+%26+C%3F");
  expect(changed(parse("#/instances?q=x&outcome=a"), { q: null, sort: "-name" })).toBe(
    "#/instances?outcome=a&sort=-name",
  );
});

test("links to the console, in every partition, and never to a host that a report made up", () => {
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

test("changes of baselines, in every shape", () => {
  const known = { id: "pb-1", name: "orgpatch-a" };
  const update = {
    change: "update",
    id: "pb-1",
    fields: ["approval-rules", "sources"],
    baseline: { name: "orgpatch-a", operatingSystem: "UBUNTU" },
  } as BaselineChange;
  expect(changeWords(update)).toBe("Updated · orgpatch-a · approval rules, sources");
  expect(changeWords(update, true)).toBe("Would be updated · orgpatch-a · approval rules, sources");
  expect(
    changeWords({ change: "register-default", operatingSystem: "UBUNTU", baseline: { created: "orgpatch-b" } }),
  ).toBe("Made the default · orgpatch-b · UBUNTU");
  expect(
    changeWords({
      change: "register-for-patch-group",
      operatingSystem: "UBUNTU",
      group: "web",
      baseline: { existing: known },
    }),
  ).toBe("Registered for a patch group · orgpatch-a · UBUNTU · web");
  expect(
    changeWords({ change: "foreign", operatingSystem: "UBUNTU", baseline: known, why: "it has no tag" }, true),
  ).toBe("Left alone, because it is not orgpatch's · orgpatch-a · UBUNTU · it has no tag");
  expect(changeWords({ change: "left", baseline: known, reason: { code: "x", text: "it was made later" } })).toBe(
    "Left as it is · orgpatch-a · it was made later",
  );
});

test("sentences begin with a large letter, names and ids as they are", () => {
  expect(
    [
      "the install failed",
      "lost: nothing",
      "vpc-1 has none",
      "ssm:ListCommands is missing",
      "openssl.x86_64 waits",
      "本番",
      "",
    ].map(sentenceCase),
  ).toEqual([
    "The install failed",
    "Lost: nothing",
    "vpc-1 has none",
    "ssm:ListCommands is missing",
    "openssl.x86_64 waits",
    "本番",
    "",
  ]);
});

test("the generated halted report is one", () => {
  expect(halted.steps.map((step) => step.decision)).toEqual(["advance", "halt", "not-attempted", "not-attempted"]);
});
