// Patches across all instances: where each patch is installed, missing, failed, held back or waiting for a reboot.
import type { Data } from "./data";
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

export interface PatchRow {
  id: string;
  title: string;
  classification: string;
  severity: string;
  cves: string[];
  os: Set<string>;
  /** Instances in each state, as indexes in the report. */
  where: Record<PatchState, number[]>;
  /** Steps that held the patch back, because the first stage had not tested it. */
  heldBack: string[];
  /** Number of instances that got the patch although the first stage had not tested it. */
  untested: number;
}

export interface PatchIndex {
  patches: PatchRow[];
  byId: Map<string, PatchRow>;
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

function stateOf(patch: Patch): PatchState {
  if (patch.state === "InstalledPendingReboot") return "pending-reboot";
  return patch.state === "Failed" ? "failed" : "missing";
}

export const refId = (ref: PatchRef): string => (typeof ref === "string" ? ref : ref.id);

const SEVERITIES = ["critical", "important", "high", "moderate", "medium", "low", "informational"];

/** Returns the rank of a severity, for sorting: higher is worse, 0 is unknown. */
export function severityRank(severity: string): number {
  const at = SEVERITIES.indexOf(severity.toLowerCase());
  return at < 0 ? 0 : SEVERITIES.length - at;
}

/** Builds the index of all patches in one pass over the instances. */
export function indexPatches(data: Data): PatchIndex {
  const patches: PatchRow[] = [];
  const byId = new Map<string, PatchRow>();
  const row = (patch: { id: string } & Partial<Patch>): PatchRow => {
    let known = byId.get(patch.id);
    if (!known) {
      known = {
        id: patch.id,
        title: patch.title ?? "",
        classification: patch.classification ?? "",
        severity: patch.severity ?? "",
        cves: patch.cveIds ?? [],
        os: new Set(),
        where: { installed: [], "pending-reboot": [], "held-back": [], missing: [], failed: [] },
        heldBack: [],
        untested: 0,
      };
      byId.set(patch.id, known);
      patches.push(known);
    }
    return known;
  };
  for (const instance of data.instances) {
    for (const { patch, state, untested } of patchStatuses(instance)) {
      const known = row(patch);
      if (untested) known.untested += 1;
      known.where[state].push(instance.index);
      if (instance.os) known.os.add(instance.os);
    }
  }
  for (const step of data.steps) {
    for (const ref of step.promotion?.heldBack ?? []) {
      row(typeof ref === "string" ? { id: ref } : ref).heldBack.push(data.stepLabel(step.stage, step.wave));
    }
  }
  return { patches, byId };
}
