// The closed lists of outcomes in words: what people call them, what they mean, in which order they are shown.
import { own } from "./own";
import type { Counts, Outcome, StepDecision, TargetOutcome } from "./report";

export interface OutcomeWords {
  label: string;
  meaning: string;
}

/** Every outcome of an instance, best first, as everywhere in orgpatch. */
export const OUTCOMES: Outcome[] = [
  "patched",
  "compliant",
  "missing",
  "pending-reboot",
  "failed",
  "unreachable",
  "not-ready",
  "skipped",
  "not-attempted",
];

const WORDS: Record<Outcome, OutcomeWords> = {
  patched: { label: "Patched", meaning: "Installed, and a scan afterwards proves it" },
  compliant: { label: "Compliant", meaning: "Nothing was missing" },
  missing: { label: "Missing", meaning: "Patches are missing" },
  "pending-reboot": { label: "Pending reboot", meaning: "Installed, but a reboot is still needed" },
  failed: { label: "Failed", meaning: "The scan or the install failed, or patches are still missing" },
  unreachable: { label: "Unreachable", meaning: "Asked, and no final answer came" },
  "not-ready": { label: "Not ready", meaning: "Could not be asked" },
  skipped: { label: "Skipped", meaning: "The plan says no" },
  "not-attempted": { label: "Not attempted", meaning: "The run halted first" },
};

/** Words for an outcome; a later orgpatch may know one that this page does not. */
export function outcomeWords(outcome: string): OutcomeWords {
  return own(WORDS, outcome) ?? { label: outcome, meaning: "" };
}

/** Outcomes that somebody has to look at, most pressing first. */
export const TROUBLE: Outcome[] = ["failed", "unreachable", "not-ready", "pending-reboot", "missing"];

const PRESSING: Record<Outcome, number> = {
  failed: 8,
  unreachable: 7,
  "not-ready": 6,
  "pending-reboot": 5,
  missing: 4,
  "not-attempted": 3,
  skipped: 2,
  compliant: 1,
  patched: 0,
};

/** How pressing an outcome is, for sorting: the larger the worse. */
export const pressing = (outcome: string): number => own(PRESSING, outcome) ?? PRESSING.failed;

export const total = (counts: Counts): number => Object.values(counts).reduce((sum, n) => sum + n, 0);
export const of = (counts: Counts, outcome: Outcome): number => counts[outcome] ?? 0;
/** `compliant + patched`. */
export const succeeded = (counts: Counts): number => of(counts, "patched") + of(counts, "compliant");
/** What the gate's percentages are of: `patched + pending-reboot + failed + unreachable`. */
export const attempted = (counts: Counts): number =>
  of(counts, "patched") + of(counts, "pending-reboot") + of(counts, "failed") + of(counts, "unreachable");

export function add(to: Counts, from: Counts): void {
  for (const [outcome, n] of Object.entries(from) as [Outcome, number][]) to[outcome] = of(to, outcome) + n;
}

const TARGET_WORDS: Record<TargetOutcome, string> = {
  reached: "Reached",
  "access-denied": "Access denied",
  inactive: "Account inactive",
  "region-disabled": "Region disabled",
  error: "Result lost",
  "not-attempted": "Not attempted",
};

export const targetWords = (outcome: string): string => own(TARGET_WORDS, outcome) ?? outcome;

export const DECISION_WORDS: Record<StepDecision, string> = {
  advance: "Advanced",
  halt: "Halted",
  "not-attempted": "Not attempted",
  error: "Error",
};
