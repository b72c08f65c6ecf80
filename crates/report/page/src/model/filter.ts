// Which instances a filter leaves, and how many each further choice would leave: one pass over all of them.
import type { Data, Instance } from "./data";
import { once } from "./data";
import { osName } from "./format";
import { OUTCOMES, outcomeWords } from "./outcomes";
import { indexPatches, type PatchIndex } from "./patches";
import { checked } from "./readiness";

export type FacetKey = "outcome" | "stage" | "ou" | "account" | "region" | "os" | "reason" | "check" | "patch";

export interface Facet {
  key: FacetKey;
  label: string;
  /** Values as they stand in the address, in the order in which they are listed. */
  values: string[];
  /** A value in words. */
  name: (value: string) => string;
  /** For each instance the numbers of its values. */
  of: readonly (readonly number[])[];
  numbers: Map<string, number>;
}

/** What is asked for. An absent facet asks for nothing. */
export interface Query {
  text: string;
  facets: Partial<Record<FacetKey, string[]>>;
}

export interface Answer {
  /** How many instances match. */
  total: number;
  /** For each instance, 1 if it matches. */
  matches: Uint8Array;
  /** For each facet, how many instances have each value, all the other filters being what they are. */
  counts: Map<FacetKey, Uint32Array>;
}

/** A stage, or a wave of it, as a value in the address. */
export const stageValue = (stage: string, wave: number): string => `${stage}.${wave}`;

/** An OU path and all that it is below of; the root is nobody's filter. */
function ancestors(path: string): string[] {
  const names = path.split("/").filter(Boolean);
  return names.map((_, i) => names.slice(0, i + 1).join("/"));
}

function facet(
  data: Data,
  key: FacetKey,
  label: string,
  valuesOf: (row: Instance) => string[],
  name: (value: string) => string = String,
  order?: (a: string, b: string) => number,
): Facet {
  const found = new Set<string>();
  const lists = data.instances.map((row) => {
    const values = valuesOf(row);
    for (const value of values) found.add(value);
    return values;
  });
  const values = order ? [...found].sort(order) : [...found];
  const numbers = new Map(values.map((value, i) => [value, i]));
  // Most instances share their lists with others; one array for each distinct list keeps 20,000 of them small.
  const shared = new Map<string, number[]>();
  const of = lists.map((list) => {
    const ids = list.map((value) => numbers.get(value) ?? -1);
    const id = ids.join();
    const known = shared.get(id);
    if (known) return known;
    shared.set(id, ids);
    return ids;
  });
  return { key, label, values, name, of, numbers };
}

export class Filter {
  readonly facets: Facet[];
  private readonly texts: () => string[];

  constructor(
    private readonly data: Data,
    private readonly patches: () => PatchIndex,
  ) {
    const collator = new Intl.Collator("en", { numeric: true });
    const byName = (name: (value: string) => string) => (a: string, b: string) => collator.compare(name(a), name(b));
    const plain = collator.compare.bind(collator);
    const accounts = new Map(data.targets.map((target) => [target.accountId, target.accountName]));
    const stages = data.steps.map((step) => stageValue(step.stage, step.wave));
    const stageName = (value: string): string => {
      const dot = value.lastIndexOf(".");
      return data.stepLabel(value.slice(0, dot), Number(value.slice(dot + 1)));
    };
    const accountName = (id: string): string => accounts.get(id) || id;
    const outcomeOrder = (value: string): number => (OUTCOMES as string[]).indexOf(value);
    this.facets = [
      facet(data, "outcome", "Outcome", (row) => [row.outcome], (v) => outcomeWords(v).label, (a, b) => outcomeOrder(a) - outcomeOrder(b)),
      facet(data, "stage", "Stage", (row) => [stageValue(row.stage, row.wave)], stageName, (a, b) => stages.indexOf(a) - stages.indexOf(b)),
      facet(data, "ou", "Organizational unit", (row) => ancestors(row.ouPath), String, plain),
      facet(data, "account", "Account", (row) => [row.accountId], accountName, byName(accountName)),
      facet(data, "region", "Region", (row) => [row.region], String, plain),
      facet(data, "os", "Operating system", (row) => [row.os ?? ""], osName, byName(osName)),
      facet(data, "reason", "Reason", (row) => [row.reason.code], String, plain),
      facet(data, "check", "Readiness", problemChecks, String, plain),
    ];
    this.texts = once(() => data.instances.map(searchText));
  }

  facet(key: FacetKey): Facet | undefined {
    return this.facets.find((f) => f.key === key);
  }

  /** Instances that match everything, and the counts beside the choices. */
  run(query: Query): Answer {
    const active = this.facets.map((f) => allowed(f, query.facets[f.key]));
    const counts = this.facets.map((f) => new Uint32Array(f.values.length));
    const said = this.matcher(query);
    const matches = new Uint8Array(this.data.instances.length);
    let total = 0;
    for (let i = 0; i < this.data.instances.length; i++) {
      if (!said(i)) continue;
      // Which facet says no: none (-1), one (its number) or several (-2).
      let refusing = -1;
      for (let f = 0; f < active.length && refusing !== -2; f++) {
        const yes = active[f];
        if (yes && !this.facets[f]?.of[i]?.some((value) => yes[value])) refusing = refusing === -1 ? f : -2;
      }
      if (refusing === -2) continue;
      if (refusing === -1) {
        matches[i] = 1;
        total += 1;
      }
      for (let f = 0; f < active.length; f++) {
        if (refusing !== -1 && refusing !== f) continue;
        const tally = counts[f] as Uint32Array;
        for (const value of this.facets[f]?.of[i] ?? []) tally[value] = (tally[value] ?? 0) + 1;
      }
    }
    return { total, matches, counts: new Map(this.facets.map((f, i) => [f.key, counts[i] as Uint32Array])) };
  }

  /** Every word must be somewhere: in the instance's own fields, or in a patch or CVE of it. */
  private matcher(query: Query): (index: number) => boolean {
    const words = query.text.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = query.facets.patch;
    if (words.length === 0 && !wanted) return () => true;
    const texts = this.texts();
    const { patches, ofInstance } = this.patches();
    const hits = words.map((word) =>
      Uint8Array.from(patches, (patch) => Number(`${patch.id} ${patch.cves.join(" ")}`.toLowerCase().includes(word))),
    );
    const ids = new Set(wanted?.map((id) => this.patches().byId.get(id)?.index));
    return (index) => {
      const own = ofInstance[index] ?? [];
      if (wanted && !own.some((patch) => ids.has(patch))) return false;
      const text = texts[index] ?? "";
      return words.every((word, w) => text.includes(word) || own.some((patch) => hits[w]?.[patch]));
    };
  }

  /** Prepares what the first search would have to wait for. */
  warmUp(): void {
    this.texts();
    this.patches();
  }
}

/** Flags for the values that are asked for; null if the facet asks for nothing. */
function allowed(f: Facet, values: string[] | undefined): Uint8Array | null {
  if (!values?.length) return null;
  const flags = new Uint8Array(f.values.length);
  for (const value of values) {
    const number = f.numbers.get(value);
    if (number !== undefined) flags[number] = 1;
  }
  return flags;
}

function problemChecks(row: Instance): string[] {
  if (row.findings.length === 0) return [];
  return [...new Set(row.findings.map(checked).filter((c) => c.status !== "pass").map((c) => c.check))];
}

function searchText(row: Instance): string {
  const tags = row.tags ? Object.entries(row.tags).map(([key, value]) => `${key}=${value}`) : [];
  return [
    row.instanceId,
    row.name ?? "",
    row.accountId,
    row.accountName,
    row.ouPath,
    row.region,
    row.stage,
    osName(row.os),
    row.os ?? "",
    row.outcome,
    row.reason.code,
    row.reason.text,
    row.baselineId ?? "",
    ...row.commandIds,
    ...tags,
  ]
    .join("\n")
    .toLowerCase();
}

export const makeFilter = (data: Data): { filter: Filter; patches: () => PatchIndex } => {
  const patches = once(() => indexPatches(data));
  return { filter: new Filter(data, patches), patches };
};
