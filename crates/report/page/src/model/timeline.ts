// When each step ran and waited, as far as the report says.
import type { Data } from "./data";
import type { StepReport } from "./report";

export interface Span {
  label: string;
  kind: "step" | "wait";
  from: number;
  to: number;
  decision?: string;
}

export interface Timeline {
  from: number;
  to: number;
  spans: Span[];
}

/** Returns when a step began and ended. Without `startedAt` it begins with its first recorded result. */
export function stepTimes(data: Data, step: StepReport): { from: number; to: number } | null {
  const recorded = data.targets
    .filter((target) => target.stage === step.stage && target.wave === step.wave)
    .flatMap((target) => [target.scannedAt, target.installedAt])
    .filter((at) => typeof at === "string")
    .map((at) => Date.parse(at));
  const parsed = (at: string | null | undefined): number[] => (at ? [Date.parse(at)] : []);
  const from = parsed(step.startedAt)[0] ?? recorded.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const to = parsed(step.judgedAt)[0] ?? recorded.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return Number.isFinite(from) && to >= from ? { from, to } : null;
}

/** Returns the spans of the run; none if the report has no times of steps. */
export function timeline(data: Data): Timeline {
  const spans: Span[] = [];
  for (const step of data.steps) {
    const label = data.stepLabel(step.stage, step.wave);
    for (const wait of step.waits ?? []) {
      spans.push({
        label: `${label}: ${wait.what}`,
        kind: "wait",
        from: Date.parse(wait.from),
        to: Date.parse(wait.until),
      });
    }
    const times = stepTimes(data, step);
    if (times) spans.push({ label, kind: "step", ...times, decision: step.decision });
  }
  return {
    from: Date.parse(data.run.startedAt),
    to: Date.parse(data.run.finishedAt),
    spans: spans.filter((span) => span.to >= span.from),
  };
}
