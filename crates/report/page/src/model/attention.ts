// The instances that need attention, grouped by outcome, reason and what went wrong, most urgent first.
import type { Data, Instance } from "./data";
import { NEEDS_ATTENTION, urgency } from "./outcomes";
import type { Outcome } from "./report";

export interface AttentionGroup {
  outcome: Outcome;
  code: string;
  /** What went wrong, as its reasons begin: see `kindOf`. */
  kind: string;
  /** The reason text that most instances of the group have. */
  text: string;
  /** How many other reason texts the group has. */
  otherTexts: number;
  count: number;
  accounts: Set<string>;
  stages: Set<string>;
}

/**
 * Returns what went wrong, from the beginning of a reason: `the install failed` of `the install failed: exit code 1`. One code
 * may stand for a scan that failed and for an install, which are different things to do. Ids, times and numbers are left out.
 */
export const kindOf = (text: string): string =>
  text
    .replace(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, "…")
    .replace(/\b[a-z]{1,9}-[0-9a-f]{8,17}\b/g, "…")
    .replace(/[:;(].*/s, "")
    .replace(/\d+/g, "…")
    .replace(/\b(patch|instance)(?:es|s)? (?:is|are|waits?)\b/g, "$1 …")
    .trim();

/** Returns the groups of instances that need attention. */
export function attentionGroups(data: Data): AttentionGroup[] {
  const groups = new Map<string, AttentionGroup & { texts: Map<string, number> }>();
  for (const row of data.instances) {
    if (!NEEDS_ATTENTION.includes(row.outcome)) continue;
    const key = JSON.stringify([row.outcome, row.reason.code, kindOf(row.reason.text)]);
    let group = groups.get(key);
    if (!group) {
      group = { ...start(row), texts: new Map() };
      groups.set(key, group);
    }
    group.count += 1;
    group.accounts.add(row.accountId);
    group.stages.add(data.stepLabel(row.stage, row.wave));
    group.texts.set(row.reason.text, (group.texts.get(row.reason.text) ?? 0) + 1);
  }
  return [...groups.values()]
    .map(({ texts, ...group }) => {
      const [text] = [...texts].reduce((a, b) => (b[1] > a[1] ? b : a));
      return { ...group, text, otherTexts: texts.size - 1 };
    })
    .sort((a, b) => urgency(b.outcome) - urgency(a.outcome) || b.count - a.count);
}

const start = (row: Instance): AttentionGroup => ({
  outcome: row.outcome,
  code: row.reason.code,
  kind: kindOf(row.reason.text),
  text: row.reason.text,
  otherTexts: 0,
  count: 0,
  accounts: new Set(),
  stages: new Set(),
});
