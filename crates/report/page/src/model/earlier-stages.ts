// Says how the stages stand that lie before those of a run and are not part of it, as summary and mail say it.
import { utc } from "./format";
import type { RunReport } from "./report";

type EarlierStage = NonNullable<RunReport["earlierStages"]>[number];

/** Returns a sentence for each of these stages, and one for the reason why they did not matter. */
export function earlierStageSentences(run: RunReport): string[] {
  const sentences = (run.earlierStages ?? []).map(sentence);
  if (run.withoutEarlierGates) {
    sentences.push(`The run was started without regard to earlier stages: ${run.withoutEarlierGates}`);
  }
  return sentences;
}

function sentence({ stage, run, at, notPassed, planChanged }: EarlierStage): string {
  const passed = run && at ? `passed in run ${run} at ${utc(at)}` : "passed";
  const standing = notPassed ? `has NOT passed: ${notPassed}` : passed;
  const changed = planChanged ? "; the plan has changed since" : "";
  return `Stage ${stage}, not part of this run, ${standing}${changed}.`;
}
