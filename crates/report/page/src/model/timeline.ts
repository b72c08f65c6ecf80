// When what happened, as far as the report says.
import type { Data } from "./data";

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

/** The spans of the run; empty where the report has no times but its own. */
export function timeline(data: Data): Timeline {
  const spans: Span[] = [];
  for (const step of data.steps) {
    const label = data.stepLabel(step.stage, step.wave);
    for (const wait of step.waits ?? []) {
      spans.push({ label: `${label}: ${wait.what}`, kind: "wait", from: Date.parse(wait.from), to: Date.parse(wait.until) });
    }
    if (step.startedAt && step.judgedAt) {
      const [from, to] = [Date.parse(step.startedAt), Date.parse(step.judgedAt)];
      spans.push({ label, kind: "step", from, to, decision: step.decision });
    }
  }
  const valid = spans.filter((span) => span.to >= span.from);
  return { from: Date.parse(data.run.startedAt), to: Date.parse(data.run.finishedAt), spans: valid };
}
