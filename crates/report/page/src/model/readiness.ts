// The readiness matrix: what was checked on which instance, and what to fix first.
import type { Data, Instance } from "./data";
import { own } from "./own";
import type { Finding } from "./report";

export type CheckStatus = "fail" | "warn" | "unknown" | "pass";
export const STATUS_LABELS: Record<CheckStatus, string> = {
  fail: "Fails",
  warn: "Warning",
  unknown: "Not known",
  pass: "Passes",
};

/** A finding in one shape. */
export interface Checked {
  check: string;
  status: CheckStatus;
  severity: string;
  text: string;
  fix: string;
  causes: { text: string; fix: string }[];
}

/** A bare reason has no status: it says what is wrong. A status that this page does not know is not known. */
function statusOf(status: string | undefined): CheckStatus {
  if (status === undefined) return "fail";
  return Object.hasOwn(STATUS_LABELS, status) ? (status as CheckStatus) : "unknown";
}

/** Both shapes of a finding in one: a bare reason says why the instance is not ready, so it is a failed check. */
export function checked(finding: Finding): Checked {
  const check = finding.check ?? finding.code ?? "unnamed";
  return {
    check,
    status: statusOf(finding.status),
    severity: finding.severity ?? "",
    text: finding.evidence ?? finding.text ?? "",
    fix: finding.fix ?? "",
    causes: (finding.causes ?? []).map(({ text, fix }) => ({ text, fix: fix ?? "" })),
  };
}

/** One thing to fix, and how many instances that helps. */
export interface Fix {
  check: string;
  cause: string;
  status: CheckStatus;
  severity: string;
  text: string;
  fix: string;
  instances: number[];
}

export interface ReadinessRow {
  instance: Instance;
  cells: Map<string, Checked>;
  worst: CheckStatus;
  problems: number;
}

export interface Readiness {
  /** Names of the checks, those that fail most often first. */
  checks: { name: string; counts: Record<CheckStatus, number> }[];
  rows: ReadinessRow[];
  fixes: Fix[];
}

const RANK: Record<CheckStatus, number> = { fail: 3, warn: 2, unknown: 1, pass: 0 };
const SEVERITY: Record<string, number> = { critical: 4, high: 3, blocking: 3, error: 3, medium: 2, warning: 2, low: 1 };

export function readiness(data: Data): Readiness {
  const checks = new Map<string, Record<CheckStatus, number>>();
  const fixes = new Map<string, Fix>();
  const rows: ReadinessRow[] = [];
  for (const instance of data.instances) {
    if (instance.findings.length === 0) continue;
    const row: ReadinessRow = { instance, cells: new Map(), worst: "pass", problems: 0 };
    for (const finding of instance.findings.map(checked)) {
      addCell(row, finding);
      if (finding.status === "fail" || finding.status === "warn") addFixes(fixes, finding, instance.index);
    }
    for (const [check, { status }] of row.cells) {
      const counts = checks.get(check) ?? { fail: 0, warn: 0, unknown: 0, pass: 0 };
      counts[status] += 1;
      checks.set(check, counts);
      if (RANK[status] > RANK[row.worst]) row.worst = status;
      if (status !== "pass") row.problems += 1;
    }
    rows.push(row);
  }
  return {
    checks: [...checks]
      .map(([name, counts]) => ({ name, counts }))
      .sort((a, b) => b.counts.fail - a.counts.fail || b.counts.warn - a.counts.warn || (a.name < b.name ? -1 : 1)),
    rows: rows.sort((a, b) => RANK[b.worst] - RANK[a.worst] || b.problems - a.problems),
    fixes: [...fixes.values()].sort(
      (a, b) =>
        RANK[b.status] - RANK[a.status] ||
        b.instances.length - a.instances.length ||
        (own(SEVERITY, b.severity) ?? 0) - (own(SEVERITY, a.severity) ?? 0),
    ),
  };
}

/** Of several findings for one check the worst is shown. */
function addCell(row: ReadinessRow, finding: Checked): void {
  const known = row.cells.get(finding.check);
  if (!known || RANK[finding.status] > RANK[known.status]) row.cells.set(finding.check, finding);
}

/** One line per cause; a finding may have several, such as two endpoints that are not there. */
function addFixes(fixes: Map<string, Fix>, finding: Checked, index: number): void {
  const causes = finding.causes.length > 0 ? finding.causes : [{ text: "", fix: finding.fix }];
  for (const { text: cause, fix: what } of causes) {
    const key = `${finding.status} ${finding.check} ${cause}`;
    const { check, status, severity, text } = finding;
    const fix = fixes.get(key) ?? { check, status, severity, text, cause, fix: what || finding.fix, instances: [] };
    if (fix.instances.at(-1) !== index) fix.instances.push(index);
    fixes.set(key, fix);
  }
}
