// Warns of parts of the plan that matched nothing, as summary and mail do.
import { plural } from "./format";
import type { RunReport } from "./report";

type MatchedNothing = NonNullable<RunReport["matchedNothing"]>[number];

const FIELDS: Record<MatchedNothing["field"], string> = {
  ous: "OU",
  "exclude.ous": "excluded OU",
  "exclude.accounts": "excluded account",
  "select.exclude.accounts": "excluded account",
  "select.exclude.instances": "excluded instance",
  "select.tags": "tag",
  "select.exclude.tags": "excluded tag",
  "neverReboot.tags": "neverReboot tag",
};

/** Returns a sentence that names them; undefined if there are none. */
export function matchedNothingSentence(run: RunReport): string | undefined {
  const all = run.matchedNothing ?? [];
  if (all.length === 0) return undefined;
  const here = run.stagesNotInRun?.length ? " in the stages of this run" : "";
  const parts = all.map(({ field, entry, stage }) => `${FIELDS[field]} ${entry}${stage ? ` of stage ${stage}` : ""}`);
  return `Warning: ${plural(all.length, "part")} of the plan matched nothing${here} and may be misspelt: ${parts.join("; ")}.`;
}
