// The instances that need attention, grouped by outcome and reason, most urgent first.
import type { Data, Instance } from "./data";
import { NEEDS_ATTENTION, urgency } from "./outcomes";
import type { Outcome } from "./report";

export interface AttentionGroup {
  outcome: Outcome;
  code: string;
  /** The reason text that most instances of the group have. */
  text: string;
  /** How many other reason texts the group has. */
  otherTexts: number;
  count: number;
  accounts: Set<string>;
  stages: Set<string>;
}

/** Returns the groups of instances that need attention. */
export function attentionGroups(data: Data): AttentionGroup[] {
  const groups = new Map<string, AttentionGroup & { texts: Map<string, number> }>();
  for (const row of data.instances) {
    if (!NEEDS_ATTENTION.includes(row.outcome)) continue;
    const key = `${row.outcome} ${row.reason.code}`;
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
  text: row.reason.text,
  otherTexts: 0,
  count: 0,
  accounts: new Set(),
  stages: new Set(),
});
