// What changed since the run of the plan before, as something to filter instances by.
import type { Data } from "./data";
import { own } from "./own";
import type { Comparison } from "./report";

export type Change = Exclude<keyof Comparison, "runId">;

export const CHANGES: Change[] = ["newlyFailing", "fixed", "new", "gone"];
const NAMES: Record<string, string> = { newlyFailing: "Newly failing", fixed: "Fixed", new: "New", gone: "Gone" };
export const changeName = (change: string): string => own(NAMES, change) ?? change;

/** The change of each instance that has one; those that are gone have no row. */
export function changesOf({ comparison }: Data): Map<string, Change> {
  const found = new Map<string, Change>();
  for (const change of CHANGES) for (const { instanceId } of comparison?.[change] ?? []) found.set(instanceId, change);
  return found;
}
