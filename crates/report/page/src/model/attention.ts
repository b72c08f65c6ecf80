// What somebody has to look at: instances in trouble, grouped by why, most pressing first.
import type { Data, Instance } from "./data";
import { pressing, TROUBLE } from "./outcomes";
import type { Outcome } from "./report";

export interface Trouble {
  outcome: Outcome;
  code: string;
  /** The wording that most of them have. */
  text: string;
  /** How many other wordings there are. */
  otherTexts: number;
  count: number;
  accounts: Set<string>;
  stages: Set<string>;
}

export function troubles(data: Data): Trouble[] {
  const groups = new Map<string, Trouble & { texts: Map<string, number> }>();
  for (const row of data.instances) {
    if (!TROUBLE.includes(row.outcome)) continue;
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
    .sort((a, b) => pressing(b.outcome) - pressing(a.outcome) || b.count - a.count);
}

const start = (row: Instance): Trouble => ({
  outcome: row.outcome,
  code: row.reason.code,
  text: row.reason.text,
  otherTexts: 0,
  count: 0,
  accounts: new Set(),
  stages: new Set(),
});
