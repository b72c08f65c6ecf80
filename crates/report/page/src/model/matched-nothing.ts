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
  "baselines.rules": "rule",
};

const named = ({ field, entry, stage }: MatchedNothing): string =>
  `${FIELDS[field]} ${entry}${stage ? ` of stage ${stage}` : ""}`;

/** Returns a sentence that names what the plan names, and one that names approval rules; none where there are none. */
export function matchedNothingSentences(run: RunReport): string[] {
  const all = run.matchedNothing ?? [];
  const here = run.stagesNotInRun?.length ? " in the stages of this run" : "";
  const parts = all.filter(({ rule }) => !rule);
  const rules = all.flatMap((one) =>
    one.rule ? [`${named(one)}, ${plural(one.rule.instances, "instance")} scanned`] : [],
  );
  const sentences = [];
  if (parts.length > 0) {
    const count = plural(parts.length, "part");
    sentences.push(
      `Warning: ${count} of the plan matched nothing${here} and may be misspelt: ${parts.map(named).join("; ")}.`,
    );
  }
  if (rules.length > 0) {
    const count = plural(rules.length, "approval rule");
    sentences.push(
      `Warning: ${count} of the plan approved no patch that a scan${here} found, installed or missing: ${rules.join("; ")}.`,
    );
  }
  return sentences;
}
