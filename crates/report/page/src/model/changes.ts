// What changed since the plan's previous run, as a filter for instances.
import type { Data } from "./data";
import { lookup } from "./lookup";
import type { Comparison } from "./report";

export type Change = Exclude<keyof Comparison, "runId" | "stages">;

export const CHANGES: Change[] = ["newlyFailing", "fixed", "new", "gone"];
const NAMES: Record<string, string> = { newlyFailing: "Newly failing", fixed: "Fixed", new: "New", gone: "Gone" };
export const changeName = (change: string): string => lookup(NAMES, change) ?? change;

/** Returns the change of each instance that has one, by instance id. Instances that are gone have no row. */
export function changesOf({ comparison }: Data): Map<string, Change> {
  const found = new Map<string, Change>();
  for (const change of CHANGES) for (const { instanceId } of comparison?.[change] ?? []) found.set(instanceId, change);
  return found;
}
