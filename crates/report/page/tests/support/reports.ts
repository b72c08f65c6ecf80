// The reports of the tests: generated ones of every kind and, with REPORTS=<folder>, every report.json in the folder.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, sep } from "node:path";
import type { Report } from "../../src/model/report";
import { generate } from "./generate.mjs";

const made = (size: Parameters<typeof generate>[0]): Report => generate(size) as unknown as Report;

export const advanced = made({ instances: 160, accounts: 8 });
export const halted = made({ instances: 320, accounts: 16, halted: true, extras: true, seed: 7 });
export const withExtras = made({ instances: 240, accounts: 12, extras: true, seed: 3 });

/** Returns a scan: patches are missing, and the run installed none. */
export function scan(): Report {
  const report = made({ instances: 120, accounts: 6, seed: 5 });
  report.run.operation = "scan";
  report.run.counts = {};
  for (const step of report.steps) step.counts = {};
  for (const row of report.instances) {
    if (row.missingBefore.length > 0) row.outcome = "missing";
    row.installed = [];
    row.failed = [];
    row.missingAfter = [];
    const step = report.steps.find(({ stage, wave }) => stage === row.stage && wave === row.wave);
    for (const counts of [report.run.counts, step?.counts ?? {}]) counts[row.outcome] = (counts[row.outcome] ?? 0) + 1;
  }
  return report;
}

/** Returns a run that ended before its first target. */
export function nothing(): Report {
  const report = made({ instances: 30, accounts: 4 });
  return {
    ...report,
    run: { ...report.run, decision: "error", reason: { code: "States.Timeout", text: "States.Timeout" }, counts: {} },
    steps: report.steps.map((step) => ({ ...step, decision: "not-attempted", counts: {} })),
    targets: [],
    instances: [],
    accountsOutsidePlan: [],
  };
}

/** Returns a report with one target and one instance. */
function single(): Report {
  const report = made({ instances: 40, accounts: 3, extras: true, seed: 11 });
  const row = report.instances.find(({ outcome }) => outcome === "patched") as Report["instances"][number];
  const counts = { patched: 1 };
  return {
    ...report,
    run: { ...report.run, counts },
    steps: report.steps
      .filter(({ stage, wave }) => stage === row.stage && wave === row.wave)
      .map((step) => ({ ...step, counts })),
    targets: report.targets.filter(({ accountId, region }) => accountId === row.accountId && region === row.region),
    instances: [row],
    comparison: null,
    accountsOutsidePlan: [],
  };
}

/** Returns a stage of twelve waves, of which the ninth halts. */
function waves(): Report {
  const report = made({ instances: 240, accounts: 24, extras: true, seed: 13 });
  const [step] = report.steps.slice(-1) as [Report["steps"][number]];
  const wave = new Map(
    [...new Set(report.targets.map(({ accountId }) => accountId))].map((id, i) => [id, (i % 12) + 1]),
  );
  for (const part of [...report.targets, ...report.instances])
    Object.assign(part, { stage: "production", wave: wave.get(part.accountId) });
  report.steps = Array.from({ length: 12 }, (_, i) => {
    const counts: Record<string, number> = {};
    for (const row of report.instances) if (row.wave === i + 1) counts[row.outcome] = (counts[row.outcome] ?? 0) + 1;
    const decision = i < 8 ? "advance" : i === 8 ? "halt" : "not-attempted";
    return {
      ...step,
      id: `${String(i + 1).padStart(2, "0")}-production-${i + 1}`,
      stage: "production",
      wave: i + 1,
      decision,
      counts,
    } as Report["steps"][number];
  });
  report.run.decision = "halted";
  return report;
}

/** Returns organizational units deeper than the five levels that AWS allows. */
function deep(): Report {
  const report = made({ instances: 160, accounts: 12, extras: true, seed: 17 });
  const units = [
    "Corporation",
    "Business units",
    "Asia Pacific",
    "Japan",
    "Payments and settlement",
    "Regulated",
    "Workloads",
  ];
  for (const [i, target] of report.targets.entries()) {
    target.ouPath = [...units, target.ouPath.split("/")[0], i % 3 ? "A" : "B"].join("/");
  }
  return report;
}

/** Returns names of ten thousand letters and empty names. */
function longNames(): Report {
  const report = made({ instances: 80, accounts: 6, extras: true, seed: 19 });
  const name = "a-very-long-name ".repeat(600);
  report.run.plan = name;
  for (const step of report.steps.slice(0, 1)) step.reason.text = name;
  for (const [i, target] of report.targets.entries()) {
    Object.assign(target, { accountName: i % 2 ? name : "", ouPath: `${name}/${name}` });
  }
  for (const [i, row] of report.instances.entries()) {
    Object.assign(row, { name: i % 2 ? name : null, os: i % 3 ? row.os : name });
  }
  for (const row of report.instances.slice(0, 40)) row.reason.text = name;
  return report;
}

/** Returns a run that only compared baselines. */
function baselines(): Report {
  const report = made({ instances: 40, accounts: 6, extras: true, seed: 23 });
  Object.assign(report.run, { operation: "preview-baselines", counts: {} });
  for (const step of report.steps) Object.assign(step, { counts: {}, promotion: null });
  return { ...report, instances: [], comparison: null, readiness: { checks: {}, firstToFix: [] } };
}

/** Returns a run that only checked readiness. */
function readinessOnly(): Report {
  const report = made({ instances: 80, accounts: 6, extras: true, seed: 29 });
  Object.assign(report.run, { operation: "scan", readinessOnly: true, counts: {} });
  for (const step of report.steps) Object.assign(step, { counts: {}, promotion: null });
  for (const row of report.instances) {
    if (row.outcome !== "not-ready")
      Object.assign(row, {
        outcome: "skipped",
        reason: { code: "readiness-only", text: "the run looks at readiness only and sends no command" },
      });
    Object.assign(row, {
      missingBefore: [],
      installed: [],
      failed: [],
      missingAfter: [],
      heldBack: [],
      installedUntested: [],
      commandIds: [],
    });
    const step = report.steps.find(({ stage, wave }) => stage === row.stage && wave === row.wave);
    for (const counts of [report.run.counts, step?.counts ?? {}]) counts[row.outcome] = (counts[row.outcome] ?? 0) + 1;
  }
  return { ...report, comparison: null };
}

/** Returns reports of unusual shape. */
export const shapes = (): Record<string, Report> => ({
  nothing: nothing(),
  single: single(),
  waves: waves(),
  deep: deep(),
  "long names": longNames(),
  baselines: baselines(),
  "readiness only": readinessOnly(),
});

/** Returns every report.json in the folder that REPORTS names. */
export function given(): [string, Report][] {
  const folder = process.env.REPORTS;
  if (!folder) return [];
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new Error(`REPORTS=${folder} is not a folder`);
  const files = find(folder);
  if (files.length === 0) throw new Error(`there is no report.json in ${folder}`);
  return files.map((file) => [file, JSON.parse(readFileSync(join(folder, file), "utf8")) as Report]);
}

/** Returns the paths of all report.json, except the copies in the bucket of a local cloud. */
const find = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => basename(file) === "report.json" && !file.split(sep).includes("bucket"))
    .sort();

export const all = (): [string, Report][] => [
  ["advanced", advanced],
  ["halted", halted],
  ["with extras", withExtras],
  ["scan", scan()],
  ...Object.entries(shapes()),
  ...given(),
];
