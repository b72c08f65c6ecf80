// Which instances a filter leaves, and how many each further choice would leave: one pass over all of them.
import { CHANGES, type Change, changeName, changesOf } from "./changes";
import type { Data, Instance } from "./data";
import { once } from "./data";
import { osName } from "./format";
import { otherName, othersOf } from "./others";
import { OUTCOMES, outcomeWords } from "./outcomes";
import { indexPatches, type PatchIndex, type PatchRow } from "./patches";
import { problems } from "./readiness";

export type FacetKey =
  | "outcome"
  | "stage"
  | "ou"
  | "account"
  | "region"
  | "os"
  | "reason"
  | "other"
  | "change"
  | "check"
  | "cause"
  | "patch";

export interface Facet {
  key: FacetKey;
  label: string;
  /** Values as they stand in the address, in the order in which they are listed. */
  values: string[];
  /** A value in words. */
  name: (value: string) => string;
  numbers: Map<string, number>;
  /** The combinations of values that instances have, as numbers of values. */
  lists: number[][];
  /** For each instance the number of its combination: one look-up, however many values it has. */
  of: Uint32Array;
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
  valuesOf: (row: Instance) => string | string[],
  name: (value: string) => string = String,
  order?: (a: string, b: string) => number,
): Facet {
  const found = new Set<string>();
  const lists = data.instances.map((row) => {
    const values = [valuesOf(row)].flat();
    for (const value of values) found.add(value);
    return values;
  });
  const values = order ? [...found].sort(order) : [...found];
  const numbers = new Map(values.map((value, i) => [value, i]));
  const known = new Map<string, number>();
  const combinations: number[][] = [];
  const of = Uint32Array.from(lists, (list) => {
    const own = list.map((value) => numbers.get(value) ?? -1);
    const id = own.join();
    const at = known.get(id) ?? combinations.push(own) - 1;
    known.set(id, at);
    return at;
  });
  return { key, label, values, name, numbers, lists: combinations, of };
}

export class Filter {
  readonly facets: Facet[];
  private readonly texts: () => Texts;

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
    const changes = changesOf(data);
    const outcomeOrder = (value: string): number => (OUTCOMES as string[]).indexOf(value);
    this.facets = [
      facet(
        data,
        "outcome",
        "Outcome",
        (row) => row.outcome,
        (v) => outcomeWords(v).label,
        (a, b) => outcomeOrder(a) - outcomeOrder(b),
      ),
      facet(
        data,
        "stage",
        "Stage",
        (row) => stageValue(row.stage, row.wave),
        stageName,
        (a, b) => stages.indexOf(a) - stages.indexOf(b),
      ),
      facet(data, "ou", "Organizational unit", (row) => ancestors(row.ouPath), String, plain),
      facet(data, "account", "Account", (row) => row.accountId, accountName, byName(accountName)),
      facet(data, "region", "Region", (row) => row.region, String, plain),
      facet(data, "os", "Operating system", (row) => row.os ?? "", osName, byName(osName)),
      facet(data, "reason", "Reason", (row) => row.reason.code, String, plain),
      facet(data, "other", "Also patched by others", othersOf, otherName, byName(otherName)),
      facet(
        data,
        "change",
        "Since the run before",
        (row) => changes.get(row.instanceId) ?? [],
        changeName,
        (a, b) => CHANGES.indexOf(a as Change) - CHANGES.indexOf(b as Change),
      ),
      facet(data, "check", "Readiness", (row) => distinct(problems(row).map(({ check }) => check)), String, plain),
      facet(data, "cause", "What to fix", (row) => distinct(causes(row)), String, plain),
    ];
    this.texts = once(() => together(data.instances.map(searchText)));
  }

  facet(key: FacetKey): Facet | undefined {
    return this.facets.find((f) => f.key === key);
  }

  /** Instances that match everything, and the counts beside the choices. */
  run(query: Query): Answer {
    const rows = this.data.instances.length;
    // How many facets say no to an instance, and which did so last. One that the text does not find is beyond them all.
    const noes = new Uint8Array(rows);
    const last = new Uint8Array(rows);
    this.said(query)?.forEach((yes, i) => {
      noes[i] = yes ? 0 : 2;
    });
    this.facets.forEach((f, number) => {
      const yes = allowed(f, query.facets[f.key]);
      if (!yes) return;
      for (let i = 0; i < rows; i++) {
        if (yes[f.of[i] as number]) continue;
        noes[i] = (noes[i] as number) + 1;
        last[i] = number;
      }
    });
    const matches = noes.map((no) => Number(no === 0));
    const counts = this.facets.map((f, number): [FacetKey, Uint32Array] => {
      const tally = new Uint32Array(f.lists.length);
      for (let i = 0; i < rows; i++) {
        if (noes[i] !== 0 && (noes[i] !== 1 || last[i] !== number)) continue;
        const list = f.of[i] as number;
        tally[list] = (tally[list] as number) + 1;
      }
      return [f.key, perValue(f, tally)];
    });
    return { total: matches.reduce((sum, one) => sum + one, 0), matches, counts: new Map(counts) };
  }

  /** For each instance 1 if the text and the patch that are asked for are there; null if nothing is asked for. */
  private said(query: Query): Uint8Array | null {
    const words = query.text.toLowerCase().split(/\s+/).filter(Boolean);
    const conditions = words.map((word) => this.has(word));
    if (query.facets.patch)
      conditions.push(this.with(query.facets.patch.flatMap((id) => this.patches().byId.get(id) ?? [])));
    return conditions.reduce<Uint8Array | null>(
      (all, one) => (all ? one.map((yes, i) => yes & (all[i] as number)) : one),
      null,
    );
  }

  /** Instances in which a word is somewhere: in their own fields, or in a patch or CVE of theirs. */
  private has(word: string): Uint8Array {
    const patches = this.patches().patches.filter((patch) =>
      `${patch.id} ${patch.cves.join(" ")}`.toLowerCase().includes(word),
    );
    return find(this.texts(), word, this.with(patches));
  }

  /** Instances with one of the patches. */
  private with(patches: PatchRow[]): Uint8Array {
    const flags = new Uint8Array(this.data.instances.length);
    for (const { where } of patches)
      for (const indices of Object.values(where)) for (const index of indices) flags[index] = 1;
    return flags;
  }

  /** Work that the first search would have to wait for. */
  warmUp(): (() => void)[] {
    return [() => void this.texts(), () => void this.patches()];
  }
}

/** Flags for the combinations that have a value that is asked for; null if the facet asks for nothing. */
function allowed(f: Facet, values: string[] | undefined): Uint8Array | null {
  if (!values?.length) return null;
  const wanted = new Set(values.map((value) => f.numbers.get(value)));
  return Uint8Array.from(f.lists, (list) => Number(list.some((value) => wanted.has(value))));
}

/** From how many instances have a combination to how many have a value. */
function perValue(f: Facet, tally: Uint32Array): Uint32Array {
  const counts = new Uint32Array(f.values.length);
  f.lists.forEach((list, i) => {
    for (const value of list) counts[value] = (counts[value] as number) + (tally[i] as number);
  });
  return counts;
}

/** The texts of all instances in one, so that a search is one stride; `ends` says where each of them ends. */
interface Texts {
  text: string;
  ends: Uint32Array;
}

function together(texts: string[]): Texts {
  let end = 0;
  return { text: texts.join("\n"), ends: Uint32Array.from(texts, (text) => (end += text.length + 1)) };
}

/** Sets the flag of each text that has the word, which has no blank and so never reaches from one text into the next. */
function find({ text, ends }: Texts, word: string, flags: Uint8Array): Uint8Array {
  let row = 0;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, ends[row])) {
    while ((ends[row] as number) <= at) row += 1;
    flags[row] = 1;
  }
  return flags;
}

const distinct = (values: string[]): string[] => [...new Set(values)];
const causes = (row: Instance): string[] =>
  problems(row).flatMap((finding) => (finding.causes ?? []).map(({ text }) => text));

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
    ...row.conflicts.map(({ reason }) => reason.text),
    ...causes(row),
    ...tags,
  ]
    .join("\n")
    .toLowerCase();
}

export const makeFilter = (data: Data): { filter: Filter; patches: () => PatchIndex } => {
  const patches = once(() => indexPatches(data));
  return { filter: new Filter(data, patches), patches };
};
