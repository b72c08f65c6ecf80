// The reports that are tested: generated ones of every kind, and, with REPORTS=<folder>, every report.json in it.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, sep } from "node:path";
import type { Report } from "../../src/model/report";
import { generate } from "./generate.mjs";

const made = (size: Parameters<typeof generate>[0]): Report => generate(size) as unknown as Report;

export const advanced = made({ instances: 160, accounts: 8 });
export const halted = made({ instances: 320, accounts: 16, halted: true, extras: true, seed: 7 });
export const withExtras = made({ instances: 240, accounts: 12, extras: true, seed: 3 });

/** A scan: what is missing is missing, and nothing was installed. */
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

/** A run that ended before it came to anything. */
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

/** Every report.json in the folder that REPORTS names. */
export function given(): [string, Report][] {
  const folder = process.env.REPORTS;
  if (!folder) return [];
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new Error(`REPORTS=${folder} is no folder`);
  const files = find(folder);
  if (files.length === 0) throw new Error(`there is no report.json in ${folder}`);
  return files.map((file) => [file, JSON.parse(readFileSync(join(folder, file), "utf8")) as Report]);
}

/** The bucket of a local cloud holds the same reports once more. */
const find = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => basename(file) === "report.json" && !file.split(sep).includes("bucket"))
    .sort();

export const all = (): [string, Report][] => [
  ["advanced", advanced],
  ["halted", halted],
  ["with extras", withExtras],
  ["scan", scan()],
  ["nothing", nothing()],
  ...given(),
];
