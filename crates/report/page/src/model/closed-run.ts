// Says of a run that ended without a report who has made this one, and which install commands had not ended.
import type { Instance } from "./data";
import { plural } from "./format";
import type { RunReport } from "./report";

/** Returns the line that cancels the open command of an instance, with credentials of its account. */
export const cancelLine = (row: Pick<Instance, "region" | "openCommand">): string =>
  `aws ssm cancel-command --region ${row.region} --command-id ${row.openCommand}`;

/** Returns the sentence for a run that another execution closed; undefined for every other run. */
export const closedSentence = (run: RunReport): string | undefined =>
  run.closedBy
    ? `The run ended without a report. The execution ${run.closedBy} has made this one from its records and sent nothing.`
    : undefined;

/** Returns the sentence above open commands; undefined if there are none. */
export const openSentence = (open: readonly Instance[]): string | undefined =>
  open.length > 0
    ? `${plural(open.length, "install command")} had not ended when orgpatch last asked, and may still be at work.`
    : undefined;
