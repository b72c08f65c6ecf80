// What a run has not seen, beside every number that looks good: instances without a result, targets without a list of instances,
// and accounts that could not be entered. In the words of mail and summary.
import type { Data, Instance } from "./data";
import { count, plural } from "./format";
import { withoutAccess } from "./organization";
import { succeeded, total } from "./outcomes";
import type { StepReport } from "./report";

/** Returns true for an instance of a stage on which the run did not work. */
const isOfOtherStage = ({ reason }: Instance): boolean => reason.code === "other-stage";

/** Returns how many instances the run was about. */
export const concerned = (data: Data): number => total(data.run.counts) - data.instances.filter(isOfOtherStage).length;

/** Returns true for an instance that was listed, and of which no scan of the run has a result. */
const isWithoutResult = (row: Instance): boolean => !isOfOtherStage(row) && hasNoResult(row);

const hasNoResult = ({ outcome, scannedAt }: Instance): boolean =>
  !["patched", "compliant", "pending-reboot", "missing"].includes(outcome) && !scannedAt;

/** Returns the instances with nothing missing by what the plan says: not those of which another baseline says so. */
export const upToDate = (data: Data): number =>
  succeeded(data.run.counts) -
  data.instances.filter((row) => row.judgedBy && ["compliant", "patched"].includes(row.outcome)).length;

/** Says what was not seen, of one step or of the run, also if it is nothing. */
export function notSeen(data: Data, step?: StepReport): string {
  const isOf = ({ stage, wave }: { stage: string; wave: number }): boolean =>
    !step || (stage === step.stage && wave === step.wave);
  const without = data.instances.filter((row) => isOf(row) && isWithoutResult(row)).length;
  const place = (of: { stage: string; accountId: string; region: string }): string =>
    `${of.stage}/${of.accountId}/${of.region}`;
  const listed = new Set(data.instances.map(place));
  const targets = data.targets.filter(isOf);
  const notListed = targets.filter((target) => target.outcome !== "reached" && !listed.has(place(target))).length;
  const all = [
    ...(without > 0 ? [`${plural(without, "listed instance")} without a scan result`] : []),
    ...(notListed > 0
      ? [`${count(notListed)} of ${plural(targets.length, "target")}, in which no instances could be listed`]
      : []),
  ];
  return `Not seen: ${all.length === 0 ? "nothing" : all.join(", and ")}.`;
}

/** The accounts that could not be entered at all, and those that could be entered in some Regions only, by their ids. */
export interface Access {
  closed: Set<string>;
  inPart: Set<string>;
}

/** Returns which accounts could not be entered. Targets that the run never came to say nothing about it. */
export function accessOf(data: Data): Access {
  const open = new Set(
    data.targets
      .filter(({ outcome }) => outcome === "reached" || outcome === "error")
      .map((target) => target.accountId),
  );
  const shut = new Set(withoutAccess(data.targets).map((target) => target.accountId));
  return {
    closed: new Set([...shut].filter((account) => !open.has(account))),
    inPart: new Set([...shut].filter((account) => open.has(account))),
  };
}
