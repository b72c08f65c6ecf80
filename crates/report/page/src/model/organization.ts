// The organization as a tree with counts: organizational units, accounts and Regions.
import type { Data } from "./data";
import { add, total, urgency } from "./outcomes";
import type { Counts, Outcome, Reason, TargetReport } from "./report";

export interface OrgNode {
  /** Name in the address: `ou:<path>`, `<account id>` or `<account id>/<region>`; empty for the root. */
  key: string;
  kind: "root" | "ou" | "account" | "region";
  name: string;
  counts: Counts;
  instances: number;
  /** Targets that the run did not reach. */
  unreached: TargetReport[];
  children: OrgNode[];
  parent: OrgNode | null;
}

export interface Organization {
  root: OrgNode;
  byKey: Map<string, OrgNode>;
}

const NAMES: Record<OrgNode["kind"], string> = {
  root: "Organization",
  ou: "Organizational unit",
  account: "Account",
  region: "Region",
};
export const kindName = (node: OrgNode): string => NAMES[node.kind];

/**
 * Returns the parts of a path of organizational units, one for each unit, as they stand there: a `/` or `\` in the name of a
 * unit has a `\` in front.
 */
export const partsOfPath = (path: string): string[] => path.match(/(?:\\[\s\S]|[^/\\])+/g) ?? [];

/** Builds the tree of all targets. */
export function buildOrganization(data: Data): Organization {
  const byKey = new Map<string, OrgNode>();
  const node = (key: string, kind: OrgNode["kind"], name: string, parent: OrgNode | null): OrgNode => {
    const known = byKey.get(key);
    if (known) return known;
    const made: OrgNode = { key, kind, name, counts: {}, instances: 0, unreached: [], children: [], parent };
    byKey.set(key, made);
    parent?.children.push(made);
    return made;
  };
  const root = node("", "root", "Organization", null);
  for (const target of data.targets) {
    let at = root;
    const path: string[] = [];
    for (const part of partsOfPath(target.ouPath)) {
      path.push(part);
      at = node(`ou:${path.join("/")}`, "ou", part.replace(/\\([\s\S])/g, "$1"), at);
    }
    const account = node(target.accountId, "account", target.accountName || target.accountId, at);
    const region = node(`${target.accountId}/${target.region}`, "region", target.region, account);
    if (target.outcome !== "reached") region.unreached.push(target);
  }
  for (const row of data.instances) {
    const region = byKey.get(`${row.accountId}/${row.region}`);
    if (region) region.counts[row.outcome] = (region.counts[row.outcome] ?? 0) + 1;
  }
  sum(root);
  return { root, byKey };
}

function sum(node: OrgNode): void {
  for (const child of node.children) {
    sum(child);
    add(node.counts, child.counts);
    node.unreached.push(...child.unreached);
  }
  node.instances = total(node.counts);
}

/** Returns the most urgent outcome of a node, or null if the node has no instance. */
export function worst(node: OrgNode): Outcome | null {
  const outcomes = Object.keys(node.counts) as Outcome[];
  return outcomes.reduce<Outcome | null>((a, b) => (a === null || urgency(b) > urgency(a) ? b : a), null);
}

/** Returns the nodes from the root down to the node. */
export function pathTo(node: OrgNode): OrgNode[] {
  return node.parent ? [...pathTo(node.parent), node] : [node];
}

/** Returns the targets that orgpatch could not access: neither those not attempted nor those whose result is lost. */
export const withoutAccess = (targets: TargetReport[]): TargetReport[] =>
  targets.filter((target) => !["reached", "not-attempted", "error"].includes(target.outcome));

/** Targets of one account in one stage that ended with the same outcome for the same reason. */
export interface UnreachedAccount {
  accountId: string;
  accountName: string;
  ouPath: string;
  stage: string;
  wave: number;
  outcome: TargetReport["outcome"];
  reason: Reason;
  regions: string[];
}

export const accountsWithoutAccess = (data: Data): UnreachedAccount[] => byAccount(withoutAccess(data.targets));
export const accountsWithLostResults = (data: Data): UnreachedAccount[] =>
  byAccount(data.targets.filter((target) => target.outcome === "error"));

/** Groups targets by account and reason, because an account without access has none in any Region. */
function byAccount(targets: TargetReport[]): UnreachedAccount[] {
  const rows = new Map<string, UnreachedAccount>();
  for (const target of targets) {
    const { accountId, stage, outcome, reason } = target;
    const key = [accountId, stage, outcome, reason.code, reason.text].join("\n");
    const row = rows.get(key);
    if (row) row.regions.push(target.region);
    else rows.set(key, { ...target, regions: [target.region] });
  }
  return [...rows.values()];
}
