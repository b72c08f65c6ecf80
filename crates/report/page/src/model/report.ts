// The types of report.json: those of schemas/report.schema.json, and optional fields that the page shows if they are
// there. The README of this folder lists every optional field.
import type * as schema from "../schema";

export type Outcome = schema.InstanceRow["outcome"];
export type TargetOutcome = schema.TargetReport["outcome"];
export type StepDecision = schema.StepReport["decision"];
export type Counts = Partial<Record<Outcome, number>>;

/** Why something is as it is. A newer orgpatch may have codes that the schema does not list. */
export interface Reason {
  code: string;
  text: string;
}

/** The type with any text as the code of its reasons. */
type WithAnyCode<T> = T extends { code: string; text: string }
  ? Reason
  : T extends object
    ? { [Field in keyof T]: WithAnyCode<T[Field]> }
    : T;

/** A patch in a list whose entries may be ids only. */
export type PatchRef = string | { id: string; os?: string; title?: string; classification?: string; severity?: string };
export type Patch = schema.Patch;

export type Conflict = WithAnyCode<schema.Conflict>;
export type Cause = schema.Cause;

/** A readiness finding of an instance. */
export interface Finding extends Omit<schema.Finding, "check" | "severity"> {
  /** The name of a check; a newer orgpatch may have more of them. */
  check: string;
  severity: string;
}

/** The limits of a step, from the plan. */
export interface GateLimits {
  maxFailedPercent?: number;
  maxUnreachablePercent?: number;
  minSucceeded?: number;
  /** A number, or a percentage such as `5%`. */
  maxTargetsNotReached?: string;
  /** Absent: the plan does not limit skipped instances. */
  maxSkippedPercent?: number;
}

/** Patches of a step, by whether the first stage of the plan had tested them. */
export interface Promotion {
  tested?: number | PatchRef[];
  installedUntested?: PatchRef[];
  heldBack?: PatchRef[];
  instancesNotCompared?: number;
}

/** A time during which a step waited. */
export interface Wait {
  what: string;
  from: string;
  until: string;
  text?: string;
}

export interface StepReport extends Omit<schema.StepReport, "counts" | "reason" | "promotion" | "targets"> {
  counts: Counts;
  /** Targets by outcome; an older report has none. */
  targets?: Record<string, number>;
  reason: Reason;
  limits?: GateLimits;
  startedAt?: string;
  judgedAt?: string;
  waits?: Wait[];
  promotion?: Promotion | null;
  approval?: { by?: string; at?: string; comment?: string };
}

export type BaselineChange = WithAnyCode<schema.Change>;
export type TargetReport = WithAnyCode<schema.TargetReport>;

/** One of the two installs of an instance. */
export type Pass = WithAnyCode<schema.PassResult>;

export interface InstanceRow extends Omit<WithAnyCode<schema.InstanceRow>, "findings"> {
  findings: Finding[];
  tags?: Record<string, string>;
  exitCode?: number;
}

export interface RunReport extends Omit<schema.RunReport, "counts" | "reason"> {
  counts: Counts;
  reason: Reason;
}

export type Comparison = schema.Comparison;
/** What people need first after a halt. */
export type HaltReport = WithAnyCode<schema.HaltReport>;

export interface AccountOutsidePlan {
  accountId: string;
  accountName: string;
  ouPath: string;
  accountState?: string;
  reason: Reason;
}

export interface Report {
  schemaVersion: number;
  run: RunReport;
  steps: StepReport[];
  targets: TargetReport[];
  instances: InstanceRow[];
  accountsOutsidePlan: AccountOutsidePlan[];
  comparison?: Comparison | null;
  readiness?: schema.ReadinessReport;
  halt?: HaltReport | null;
}
