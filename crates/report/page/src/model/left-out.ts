// The instances to which nothing was sent although the plan selects them, grouped by the reason.
import type { Data, Instance } from "./data";
import type { Outcome } from "./report";

export interface LeftOutGroup {
  outcome: Outcome;
  code: string;
  /** The reason text of the first instance. */
  text: string;
  count: number;
  /** How many other reason texts the group has. */
  otherTexts: number;
}

/** What the plan does not select, and what a run about readiness leaves out, is told elsewhere. */
const NOT_TOLD = [
  "hybrid-node",
  "readiness-only",
  "not-selected-by-operating-system",
  "not-selected-by-tags",
  "other-stage",
];

const isLeftOut = ({ outcome, reason }: Instance): boolean =>
  outcome === "skipped" ? !NOT_TOLD.includes(reason.code) : reason.code === "max-errors";

/** Returns the groups, most instances first. */
export function leftOutGroups(data: Data): LeftOutGroup[] {
  const groups = new Map<string, LeftOutGroup & { texts: Set<string> }>();
  for (const { outcome, reason } of data.instances.filter(isLeftOut)) {
    const key = `${outcome} ${reason.code}`;
    const group = groups.get(key) ?? {
      outcome,
      code: reason.code,
      text: reason.text,
      count: 0,
      otherTexts: 0,
      texts: new Set(),
    };
    group.count += 1;
    group.texts.add(reason.text);
    groups.set(key, group);
  }
  return [...groups.values()]
    .map(({ texts, ...group }) => ({ ...group, otherTexts: texts.size - 1 }))
    .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1));
}
