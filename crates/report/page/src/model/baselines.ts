// Texts about what a run did to patch baselines, or would do.
import type { Data } from "./data";
import { count, plural } from "./format";
import { lookup } from "./lookup";
import type { BaselineChange, RunReport } from "./report";

/** True for a run that sends no command to any instance: the page then shows baselines instead of outcomes. */
export const baselinesOnly = (run: RunReport): boolean =>
  run.operation === "preview-baselines" || run.operation === "apply-baselines" || run.operation === "restore-baselines";

/** True for a run that changes no baseline: what it says about them is what an install run would do. */
export const onlyCompares = (run: RunReport): boolean =>
  run.operation === "preview-baselines" || run.operation === "scan";

const DONE: Record<string, string> = {
  create: "created",
  update: "updated",
  tag: "tagged",
  "register-default": "made the default",
  "register-for-patch-group": "registered for a patch group",
  "deregister-patch-group": "removed from its patch group",
};
/** Notes why orgpatch makes no change. */
const NO_CHANGE: Record<string, string> = {
  foreign: "Not changed: orgpatch does not own it",
  "quota-reached": "Not created: the quota is reached",
  refused: "Not changed: AWS refused it",
  left: "Not changed",
};

/** Returns a change as one line. With `preview`, the change has not been made. */
export function changeText(change: BaselineChange, preview = false): string {
  const done = lookup(DONE, change.change);
  const what =
    done === undefined ? (lookup(NO_CHANGE, change.change) ?? change.change) : `${preview ? "Would be " : ""}${done}`;
  const details = [
    "baseline" in change ? nameOf(change.baseline) : undefined,
    "name" in change ? change.name : undefined,
    "operatingSystem" in change ? change.operatingSystem : undefined,
    "group" in change ? change.group : undefined,
    "fields" in change ? change.fields.join(", ").replaceAll("-", " ") : undefined,
    "why" in change ? change.why : undefined,
    "previous" in change && change.previous?.plan ? `instead of that of plan ${change.previous.plan}` : undefined,
    "reason" in change ? change.reason.text : undefined,
  ];
  return [what.charAt(0).toUpperCase() + what.slice(1), ...details.filter(Boolean)].join(" · ");
}

type Named = { name: string } | { existing: { name: string } } | { created: string };
function nameOf(baseline: Named): string {
  if ("name" in baseline) return baseline.name;
  return "existing" in baseline ? baseline.existing.name : baseline.created;
}

/** Counts the targets with at least one real change. */
const changedTargets = (data: Data): number =>
  data.targets.filter((target) => target.baselineChanges?.some(({ change }) => !Object.hasOwn(NO_CHANGE, change)))
    .length;

/** Returns the sentence that says in how many targets baselines differ or changed. */
export function baselineSentence(data: Data): string {
  const targets = plural(data.targets.length, "target");
  const n = count(changedTargets(data));
  if (data.run.operation === "preview-baselines") return `The baselines differ from the plan in ${n} of ${targets}`;
  if (data.run.operation === "scan") {
    const differ = count(data.targets.filter((target) => target.baselines === "differ").length);
    return `The baselines differ from the plan in ${differ} of ${targets}. A scan changes none`;
  }
  if (data.run.operation === "apply-baselines") return `The baselines were changed in ${n} of ${targets}`;
  if (data.run.operation === "restore-baselines") return `The earlier baselines were restored in ${n} of ${targets}`;
  return `Changed in ${n} of ${targets}. The others already matched the plan, or were not checked`;
}

const NOT_COMPARED = "baseline-not-compared";

/** Returns the sentence about instances that were not judged by what the plan says; null if there are none. */
export function judgedSentence(data: Data): string | null {
  const judged = data.instances.filter((row) => row.judgedBy && row.judgedBy.code !== NOT_COMPARED);
  if (judged.length === 0) return null;
  const outcome = data.run.operation === "install" ? "skipped" : "compliant";
  const of = judged.filter((row) => row.outcome === outcome).length;
  const were = judged.length === 1 ? "was" : "were";
  return `${plural(judged.length, "instance")} ${were} judged by another baseline than the plan's, ${count(of)} of them ${outcome}`;
}

/** Returns the sentence about instances whose baselines AWS refused to show; null if there are none. */
export function notComparedSentence(data: Data): string | null {
  const rows = data.instances.filter((row) => row.judgedBy?.code === NOT_COMPARED);
  if (rows.length === 0) return null;
  const of = rows.filter((row) => row.outcome === "compliant").length;
  return `AWS refused to show the baselines of ${plural(rows.length, "instance")}, ${count(of)} of them compliant: whether the plan's judged them is not known`;
}
