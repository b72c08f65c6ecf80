// Competing patchers: other tools that patch an instance or may patch it, and tools that overwrote its result.
import type { Data } from "./data";
import { lookup } from "./lookup";
import type { Conflict, InstanceRow } from "./report";

/** Code on this page, besides those of conflicts: another tool overwrote the result of this run's scan. */
export const OVERWRITTEN = "overwritten";

const NAMES: Record<string, string> = {
  "conflict-patch-policy": "Quick Setup patch policy",
  "conflict-association": "State Manager association",
  "conflict-maintenance-window": "Maintenance window",
  "conflict-running-command": "Running command",
  "conflict-other-baseline": "Another baseline",
  "auto-scaling": "Auto Scaling group",
  [OVERWRITTEN]: "Result overwritten",
};

/** Returns the name of a competing patcher, by the code of its conflict. */
export const patcherName = (code: string): string => lookup(NAMES, code) ?? code;

const ACTIONS: Record<Conflict["action"], string> = {
  go: "continue",
  warn: "continue, with a warning",
  wait: "wait for the other tool",
  skip: "skip the instance",
  fail: "count the instance as failed",
};

/** Returns what the plan says about a conflict. */
export const actionLabel = (action: string): string => lookup(ACTIONS, action) ?? action;

/** Returns the codes of all competing patchers of an instance. */
export function competingPatcherCodes(row: InstanceRow): string[] {
  const codes = row.conflicts.map(({ reason }) => reason.code);
  if (row.overwrittenBy) codes.push(OVERWRITTEN);
  return [...new Set(codes)];
}

/** One kind of competing patcher, over all instances. */
export interface CompetingPatcher {
  code: string;
  instances: number;
  /** Number of instances whose outcome has this conflict as its reason. */
  decisive: number;
  /** The reason text of the first instance. */
  text: string;
  /** True if other instances have other reason texts. */
  otherTexts: boolean;
}

/** Returns the kinds of competing patchers, most instances first. */
export function competingPatchers(data: Data): CompetingPatcher[] {
  const found = new Map<string, CompetingPatcher>();
  const add = (code: string, text: string, decisive: boolean): void => {
    const known = found.get(code) ?? { code, instances: 0, decisive: 0, text, otherTexts: false };
    found.set(code, {
      ...known,
      instances: known.instances + 1,
      decisive: known.decisive + Number(decisive),
      otherTexts: known.otherTexts || known.text !== text,
    });
  };
  for (const row of data.instances) {
    const seen = new Set<string>();
    for (const { reason } of row.conflicts) {
      // The most severe conflict comes first. Two maintenance windows of one instance count once.
      if (!seen.has(reason.code)) add(reason.code, reason.text, row.reason.code === reason.code);
      seen.add(reason.code);
    }
    if (row.overwrittenBy) add(OVERWRITTEN, row.overwrittenBy.text, false);
  }
  return [...found.values()].sort((a, b) => b.instances - a.instances);
}
