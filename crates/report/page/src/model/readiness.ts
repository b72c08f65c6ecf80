// The readiness matrix: the findings of each instance by check.
import type { Data, Instance } from "./data";
import type { Finding, InstanceRow } from "./report";

export type CheckStatus = "fail" | "warn" | "unknown" | "pass";
export const STATUS_LABELS: Record<CheckStatus, string> = {
  fail: "Fails",
  warn: "Warning",
  unknown: "Unknown",
  pass: "Passes",
};

/** Returns the status of a finding; `unknown` for a status that this page does not know. */
export const statusOf = ({ status }: Pick<Finding, "status">): CheckStatus =>
  Object.hasOwn(STATUS_LABELS, status) ? status : "unknown";

/** Returns the findings of an instance that do not pass. */
export const problems = (row: InstanceRow): Finding[] => row.findings.filter((finding) => statusOf(finding) !== "pass");

export interface ReadinessRow {
  instance: Instance;
  /** The worst finding of each check. */
  cells: Map<string, Finding>;
  worst: CheckStatus;
  problems: number;
}

export interface Readiness {
  /** Names of the checks, most failures first. */
  checks: string[];
  rows: ReadinessRow[];
}

const RANK: Record<CheckStatus, number> = { fail: 3, warn: 2, unknown: 1, pass: 0 };
/** Returns the rank of a status, for sorting: higher is worse. */
export const statusRank = (finding: Pick<Finding, "status">): number => RANK[statusOf(finding)];

/** Builds the matrix: one row for each instance that has findings. */
export function readiness(data: Data): Readiness {
  const checks = new Map<string, { fail: number; warn: number }>();
  const rows: ReadinessRow[] = [];
  for (const instance of data.instances) {
    if (instance.findings.length === 0) continue;
    const row: ReadinessRow = { instance, cells: new Map(), worst: "pass", problems: 0 };
    for (const finding of instance.findings) {
      const known = row.cells.get(finding.check);
      if (!known || statusRank(finding) > statusRank(known)) row.cells.set(finding.check, finding);
    }
    for (const [check, finding] of row.cells) {
      const status = statusOf(finding);
      const counts = checks.get(check) ?? { fail: 0, warn: 0 };
      checks.set(check, counts);
      if (status === "fail" || status === "warn") counts[status] += 1;
      if (RANK[status] > RANK[row.worst]) row.worst = status;
      if (status !== "pass") row.problems += 1;
    }
    rows.push(row);
  }
  return {
    checks: [...checks]
      .sort(([a, one], [b, other]) => other.fail - one.fail || other.warn - one.warn || (a < b ? -1 : 1))
      .map(([name]) => name),
    rows: rows.sort((a, b) => RANK[b.worst] - RANK[a.worst] || b.problems - a.problems),
  };
}
