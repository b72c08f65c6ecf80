// The closed lists of outcomes: label, meaning and order on the page.
import { lookup } from "./lookup";
import type { Counts, Outcome, StepDecision, TargetOutcome } from "./report";

export interface OutcomeText {
  label: string;
  meaning: string;
}

/** Every outcome of an instance, best first. */
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

const OUTCOME_TEXTS: Record<Outcome, OutcomeText> = {
  patched: { label: "Patched", meaning: "Installed, and a later scan confirms it" },
  compliant: { label: "Compliant", meaning: "Nothing was missing" },
  missing: { label: "Missing", meaning: "Patches are missing" },
  "pending-reboot": { label: "Pending reboot", meaning: "Installed, but a reboot is still needed" },
  failed: { label: "Failed", meaning: "The scan or the install failed, or patches are still missing" },
  unreachable: { label: "Unreachable", meaning: "orgpatch sent a command and got no final result" },
  "not-ready": { label: "Not ready", meaning: "orgpatch could not send a command" },
  skipped: { label: "Skipped", meaning: "The plan leaves the instance out" },
  "not-attempted": { label: "Not attempted", meaning: "The run ended before it reached the instance" },
};

/** Returns the text for an outcome. A newer orgpatch may write an outcome that this page does not know. */
export function outcomeText(outcome: string): OutcomeText {
  return lookup(OUTCOME_TEXTS, outcome) ?? { label: outcome, meaning: "" };
}

/** The outcomes that need attention, most urgent first. */
export const NEEDS_ATTENTION: Outcome[] = ["failed", "unreachable", "not-ready", "pending-reboot", "missing"];

const URGENCY: Record<Outcome, number> = {
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

/** Returns the urgency of an outcome, for sorting: higher is worse. */
export const urgency = (outcome: string): number => lookup(URGENCY, outcome) ?? URGENCY.failed;

export const total = (counts: Counts): number => Object.values(counts).reduce((sum, n) => sum + n, 0);
export const countOf = (counts: Counts, outcome: Outcome): number => counts[outcome] ?? 0;
/** Returns `compliant + patched`. */
export const succeeded = (counts: Counts): number => countOf(counts, "patched") + countOf(counts, "compliant");
/** Returns the base of the gate's percentages: `patched + pending-reboot + failed + unreachable`. */
export const attempted = (counts: Counts): number =>
  countOf(counts, "patched") +
  countOf(counts, "pending-reboot") +
  countOf(counts, "failed") +
  countOf(counts, "unreachable");

export function add(to: Counts, from: Counts): void {
  for (const [outcome, n] of Object.entries(from) as [Outcome, number][]) to[outcome] = countOf(to, outcome) + n;
}

const TARGET_OUTCOME_LABELS: Record<TargetOutcome, string> = {
  reached: "Reached",
  "access-denied": "Access denied",
  inactive: "Account inactive",
  "region-disabled": "Region disabled",
  skipped: "Skipped",
  error: "Error",
  "not-attempted": "Not attempted",
};

export const targetOutcomeLabel = (outcome: string): string => lookup(TARGET_OUTCOME_LABELS, outcome) ?? outcome;

export const DECISION_LABELS: Record<StepDecision, string> = {
  advance: "Advanced",
  halt: "Halted",
  "not-attempted": "Not attempted",
  error: "Error",
};
