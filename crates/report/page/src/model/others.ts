// Who else patches an instance: conflicts that were seen beforehand, and who wrote over its result.
import type { Data } from "./data";
import { own } from "./own";
import type { Conflict, InstanceRow } from "./report";

/** In the list of others: something has written over the result of this run's scan. */
export const OVERWRITTEN = "overwritten";

const NAMES: Record<string, string> = {
  "conflict-patch-policy": "Quick Setup patch policy",
  "conflict-association": "State Manager association",
  "conflict-maintenance-window": "Maintenance window",
  "conflict-running-command": "Running command",
  "auto-scaling": "Auto Scaling group",
  [OVERWRITTEN]: "Result overwritten",
};

/** Who it is, by the code of a conflict. */
export const otherName = (code: string): string => own(NAMES, code) ?? code;

const ACTIONS: Record<Conflict["action"], string> = {
  go: "go on",
  warn: "go on, and say so",
  wait: "wait for it",
  skip: "leave the instance alone",
  fail: "count the instance as failed",
};

/** What the plan says about it. */
export const actionWords = (action: string): string => own(ACTIONS, action) ?? action;

/** Codes of all who patch it too, or have. */
export function othersOf(row: InstanceRow): string[] {
  const codes = row.conflicts.map(({ reason }) => reason.code);
  if (row.overwrittenBy) codes.push(OVERWRITTEN);
  return [...new Set(codes)];
}

export interface Other {
  code: string;
  instances: number;
  /** So many of them were not patched for that reason. */
  leftAlone: number;
  /** In the words of the first instance. */
  text: string;
  /** True if other instances have other words. */
  various: boolean;
}

/** Who else patches, those of most instances first. */
export function others(data: Data): Other[] {
  const found = new Map<string, Other>();
  const tell = (code: string, text: string, alone: boolean): void => {
    const other = found.get(code) ?? { code, instances: 0, leftAlone: 0, text, various: false };
    found.set(code, {
      ...other,
      instances: other.instances + 1,
      leftAlone: other.leftAlone + Number(alone),
      various: other.various || other.text !== text,
    });
  };
  for (const row of data.instances) {
    const told = new Set<string>();
    for (const { reason } of row.conflicts) {
      // The gravest comes first; two maintenance windows of an instance are one instance.
      if (!told.has(reason.code)) tell(reason.code, reason.text, row.reason.code === reason.code);
      told.add(reason.code);
    }
    if (row.overwrittenBy) tell(OVERWRITTEN, row.overwrittenBy.text, false);
  }
  return [...found.values()].sort((a, b) => b.instances - a.instances);
}
