// Patches across all instances: where each patch is installed, missing, failed, held back or waiting for a reboot.
import type { Data } from "./data";
import { count } from "./format";
import type { InstanceRow, Patch, PatchRef } from "./report";

/** The state of a patch on an instance at the end of the run. */
export type PatchState = "installed" | "pending-reboot" | "held-back" | "missing" | "failed";
export const PATCH_STATES: PatchState[] = ["installed", "pending-reboot", "held-back", "missing", "failed"];
export const PATCH_STATE_LABELS: Record<PatchState, string> = {
  installed: "Installed",
  "pending-reboot": "Pending reboot",
  "held-back": "Held back",
  missing: "Missing",
  failed: "Failed",
};

/** A patch as one system has it: on Linux the same package has another title, with another version, on each of them. */
export interface PatchRow {
  /** Name of the row, unlike that of every other one. */
  key: string;
  id: string;
  title: string;
  classification: string;
  severity: string;
  cves: string[];
  /** Number of CVE ids that are not listed. */
  moreCves: number;
  /** Operating system; empty if it is unknown. */
  os: string;
  /** Instances in each state, as indexes in the report. */
  where: Record<PatchState, number[]>;
  /** Steps that held the patch back, because the first stage had not tested it. */
  heldBack: string[];
  /** Number of instances that got the patch although the first stage had not tested it. */
  untested: number;
}

export interface PatchIndex {
  patches: PatchRow[];
  byKey: Map<string, PatchRow>;
  /** The rows of each id. */
  byId: Map<string, PatchRow[]>;
  /** Patches of instances that the report counts and does not list, and the number of those instances. */
  notListed: { patches: number; instances: number };
}

/** A patch on an instance, with its state. */
export interface PatchStatus {
  patch: Patch;
  state: PatchState;
  /** True if the scan before the install found the patch missing. */
  before: boolean;
  /** True if the patch was installed although the first stage had not tested it. */
  untested: boolean;
}

/** Returns how many patches were missing before the run and after it, whether they are listed or not. */
export const missingCounts = (row: InstanceRow): { before: number; after: number } => ({
  before: row.missingBefore.length + (row.moreMissingBefore ?? 0),
  after: row.missingAfter.length + (row.moreMissingAfter ?? 0),
});

/** Returns the end of a list that names the first entries only, or null. */
export const moreNotListed = (n: number | undefined): string | null =>
  n ? `and ${count(n)} more that are not listed` : null;

/** Returns the state of every patch that was or is missing on an instance. */
export function patchStatuses(row: InstanceRow): PatchStatus[] {
  const found = new Map<string, PatchStatus>();
  const set = (patch: Patch, state: PatchState): void => {
    const known = found.get(patch.id);
    if (known) known.state = state;
    else found.set(patch.id, { patch, state, before: false, untested: false });
  };
  for (const patch of row.missingBefore) {
    set(patch, stateOf(patch));
    const standing = found.get(patch.id);
    if (standing) standing.before = true;
  }
  for (const patch of row.missingAfter) set(patch, stateOf(patch));
  for (const patch of row.heldBack) set(patch, "held-back");
  for (const patch of row.installed) set(patch, "installed");
  for (const patch of row.failed) set(patch, patch.state === "InstalledPendingReboot" ? "pending-reboot" : "failed");
  for (const { id } of row.installedUntested) {
    const standing = found.get(id);
    if (standing) standing.untested = true;
  }
  return [...found.values()];
}

/** Returns the number of patches that are missing at the end of the run, whether they are listed or not. */
export function stillMissing(row: InstanceRow): number {
  if (row.moreMissingAfter) return missingCounts(row).after;
  const listed = patchStatuses(row).filter(({ state }) => state === "missing" || state === "failed").length;
  const hasScanAfter = [row.installed, row.failed, row.missingAfter].some((list) => list.length > 0);
  return listed + (hasScanAfter ? 0 : (row.moreMissingBefore ?? 0));
}

function stateOf(patch: Patch): PatchState {
  if (patch.state === "InstalledPendingReboot") return "pending-reboot";
  return patch.state === "Failed" ? "failed" : "missing";
}

export const refId = (ref: PatchRef): string => (typeof ref === "string" ? ref : ref.id);
/** Returns what chooses the patch in an address: the row, or the id where the report names nothing else. */
export const refKey = (ref: PatchRef): string =>
  typeof ref === "string" ? ref : ref.os === undefined ? ref.id : patchKey(ref.id, ref.title ?? "", ref.os);

const SEVERITIES = ["critical", "important", "high", "moderate", "medium", "low", "informational"];

/** Returns the rank of a severity, for sorting: higher is worse, 0 is unknown. */
export function severityRank(severity: string): number {
  const at = SEVERITIES.indexOf(severity.toLowerCase());
  return at < 0 ? 0 : SEVERITIES.length - at;
}

/** Returns the name of the row of a patch on a system. */
export const patchKey = (id: string, title: string, os: string): string => [id, os, title].join(" | ");

/** Returns the rows that a key or an id chooses; undefined if there is none. */
export function rowsOf({ byKey, byId }: Pick<PatchIndex, "byKey" | "byId">, chosen: string): PatchRow[] | undefined {
  const row = byKey.get(chosen);
  return row ? [row] : byId.get(chosen);
}

/** Builds the index of all patches in one pass over the instances. */
export function indexPatches(data: Data): PatchIndex {
  const patches: PatchRow[] = [];
  const byKey = new Map<string, PatchRow>();
  const byId = new Map<string, PatchRow[]>();
  const row = (patch: { id: string } & Partial<Patch>, os: string): PatchRow => {
    const key = patchKey(patch.id, patch.title ?? "", os);
    let known = byKey.get(key);
    if (!known) {
      known = {
        key,
        id: patch.id,
        title: patch.title ?? "",
        classification: patch.classification ?? "",
        severity: patch.severity ?? "",
        cves: patch.cveIds ?? [],
        moreCves: patch.moreCveIds ?? 0,
        os,
        where: { installed: [], "pending-reboot": [], "held-back": [], missing: [], failed: [] },
        heldBack: [],
        untested: 0,
      };
      byKey.set(key, known);
      const ofId = byId.get(patch.id);
      if (ofId) ofId.push(known);
      else byId.set(patch.id, [known]);
      patches.push(known);
    }
    return known;
  };
  const notListed = { patches: 0, instances: 0 };
  for (const instance of data.instances) {
    // What was not listed before may be the same as what is not listed after.
    const more = Math.max(instance.moreMissingBefore ?? 0, instance.moreMissingAfter ?? 0);
    notListed.patches += more;
    notListed.instances += more > 0 ? 1 : 0;
    for (const { patch, state, untested } of patchStatuses(instance)) {
      const known = row(patch, instance.os ?? "");
      if (untested) known.untested += 1;
      known.where[state].push(instance.index);
    }
  }
  const made = (ref: PatchRef): PatchRow => (typeof ref === "string" ? row({ id: ref }, "") : row(ref, ref.os ?? ""));
  for (const step of data.steps) {
    for (const ref of step.promotion?.heldBack ?? []) {
      const label = data.stepLabel(step.stage, step.wave);
      for (const known of rowsOf({ byKey, byId }, refKey(ref)) ?? [made(ref)]) known.heldBack.push(label);
    }
  }
  return { patches, byKey, byId, notListed };
}
