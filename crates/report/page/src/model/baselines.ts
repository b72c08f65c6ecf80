// What a run did to patch baselines, or would do, in words.
import type { Data } from "./data";
import { count, plural } from "./format";
import { own } from "./own";
import type { BaselineChange, RunReport } from "./report";

/** Runs that ask no instance anything: theirs is another answer. */
export const baselinesOnly = (run: RunReport): boolean =>
  run.operation === "preview-baselines" || run.operation === "restore-baselines";

const DONE: Record<string, string> = {
  create: "created",
  update: "updated",
  tag: "tagged",
  "register-default": "made the default",
  "register-for-patch-group": "registered for a patch group",
  "deregister-patch-group": "taken from its patch group",
};
const LEFT: Record<string, string> = {
  foreign: "Left alone, because it is not orgpatch's",
  "quota-reached": "Not created, because the quota is reached",
  left: "Left as it is",
};

/** A change in one line; `preview` if it has not been made. */
export function changeWords(change: BaselineChange, preview = false): string {
  const done = own(DONE, change.change);
  const what =
    done === undefined ? (own(LEFT, change.change) ?? change.change) : `${preview ? "Would be " : ""}${done}`;
  const details = [
    "baseline" in change ? nameOf(change.baseline) : undefined,
    "name" in change ? change.name : undefined,
    "operatingSystem" in change ? change.operatingSystem : undefined,
    "group" in change ? change.group : undefined,
    "fields" in change ? change.fields.join(", ").replaceAll("-", " ") : undefined,
    "why" in change ? change.why : undefined,
    "reason" in change ? change.reason.text : undefined,
  ];
  return [what.charAt(0).toUpperCase() + what.slice(1), ...details.filter(Boolean)].join(" · ");
}

type Named = { name: string } | { existing: { name: string } } | { created: string };
function nameOf(baseline: Named): string {
  if ("name" in baseline) return baseline.name;
  return "existing" in baseline ? baseline.existing.name : baseline.created;
}

/** Targets with a change that is a call, and not only a note why there is none. */
const changedTargets = (data: Data): number =>
  data.targets.filter((target) => target.baselineChanges?.some(({ change }) => !Object.hasOwn(LEFT, change))).length;

/** In how many targets there is something to tell. */
export function baselineSentence(data: Data): string {
  const targets = plural(data.targets.length, "target");
  const n = count(changedTargets(data));
  if (data.run.operation === "preview-baselines") return `The baselines differ from the plan in ${n} of ${targets}`;
  if (data.run.operation === "restore-baselines") return `What was there before was given back in ${n} of ${targets}`;
  return `Changed in ${n} of ${targets}; elsewhere they were as the plan says, or were not looked at`;
}
