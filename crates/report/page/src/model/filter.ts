// Filters instances, and counts for every further choice how many instances it would leave.
import { kindOf } from "./attention";
import { CHANGES, type Change, changeName, changesOf } from "./changes";
import { competingPatcherCodes, patcherName } from "./competing-patchers";
import { type Data, type Instance, once } from "./data";
import { osName, plural, sentenceCase } from "./format";
import { partsOfPath } from "./organization";
import { OUTCOMES, outcomeText } from "./outcomes";
import { indexPatches, type PatchIndex, type PatchRow, rowsOf } from "./patches";
import { problems } from "./readiness";
import { reasonHelp } from "./reason-codes";

export type FacetKey =
  | "outcome"
  | "stage"
  | "ou"
  | "account"
  | "region"
  | "os"
  | "reason"
  | "kind"
  | "competing"
  | "passes"
  | "change"
  | "check"
  | "cause"
  | "patch";

export interface Facet {
  key: FacetKey;
  label: string;
  /** Values as in the address, in the order of the list. */
  values: string[];
  /** Returns the name of a value for people. */
  name: (value: string) => string;
  /** Returns an explanation of a value, if there is one. */
  hint?: (value: string) => string | undefined;
  /** The number of each value. */
  numbers: Map<string, number>;
  /** The combinations of values that instances have, as lists of numbers of values. */
  lists: number[][];
  /** The number of the combination of each instance, so that a check is one look-up for any number of values. */
  of: Uint32Array;
}

/** The text and the values that the reader chose. An absent facet filters nothing. */
export interface Query {
  text: string;
  facets: Partial<Record<FacetKey, string[]>>;
}

export interface FilterResult {
  /** Number of instances that match. */
  total: number;
  /** 1 for each instance that matches, else 0. */
  matches: Uint8Array;
  /** For each facet, the number of instances with each value if all other filters stay as they are. */
  counts: Map<FacetKey, Uint32Array>;
}

/** Returns a step as a value in the address. */
export const stageValue = (stage: string, wave: number): string => `${stage}.${wave}`;

/** Returns a path of organizational units and all paths above it, without the root. */
function ancestors(path: string): string[] {
  const parts = partsOfPath(path);
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}

/** What makes a facet. */
interface Recipe {
  key: FacetKey;
  label: string;
  /** Returns a text that stands for the values of an instance. Instances with the same values have the same text. */
  textOf: (row: Instance) => string;
  /** Returns the values for which a text stands; without it, the text is the only value. */
  values?: (text: string) => string[];
  name?: (value: string) => string;
  order?: (a: string, b: string) => number;
  hint?: Facet["hint"];
}

/** The recipe of a facet of which an instance has any number of values. */
const several = (listOf: (row: Instance) => string[]): Pick<Recipe, "textOf" | "values"> => ({
  textOf: (row) => JSON.stringify(listOf(row)),
  values: (text) => JSON.parse(text) as string[],
});

/** Makes a facet. Takes each combination of values apart only once, because few instances have one of their own. */
function make(data: Data, { key, label, textOf, values: valuesOf, name = String, order, hint }: Recipe): Facet {
  const known = new Map<string, number>();
  const combinations = Uint32Array.from(data.instances, (row) => {
    const text = textOf(row);
    let at = known.get(text);
    if (at === undefined) {
      at = known.size;
      known.set(text, at);
    }
    return at;
  });
  const lists = [...known.keys()].map((text) => valuesOf?.(text) ?? [text]);
  const values = [...new Set(lists.flat())].sort(order);
  const numbers = new Map(values.map((value, i) => [value, i]));
  return {
    key,
    label,
    values,
    name,
    hint,
    numbers,
    lists: lists.map((list) => list.map((value) => numbers.get(value) as number)),
    of: combinations,
  };
}

export class Filter {
  /** The facets, each made when it is first needed. */
  private readonly made: (() => Facet)[];
  private readonly texts: () => SearchTexts;

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
    const recipes: Recipe[] = [
      {
        key: "outcome",
        label: "Outcome",
        textOf: (row) => row.outcome,
        name: (v) => outcomeText(v).label,
        order: (a, b) => outcomeOrder(a) - outcomeOrder(b),
      },
      {
        key: "stage",
        label: "Stage",
        textOf: (row) => stageValue(row.stage, row.wave),
        name: stageName,
        order: (a, b) => stages.indexOf(a) - stages.indexOf(b),
      },
      { key: "ou", label: "Organizational unit", textOf: (row) => row.ouPath, values: ancestors, order: plain },
      {
        key: "account",
        label: "Account",
        textOf: (row) => row.accountId,
        name: accountName,
        order: byName(accountName),
      },
      { key: "region", label: "Region", textOf: (row) => row.region, order: plain },
      { key: "os", label: "Operating system", textOf: (row) => row.os ?? "", name: osName, order: byName(osName) },
      {
        key: "reason",
        label: "Reason",
        textOf: (row) => row.reason.code,
        order: plain,
        hint: (code) => reasonHelp(code)?.meaning,
      },
      {
        key: "kind",
        label: "What happened",
        textOf: (row) => kindOf(row.reason.text),
        name: sentenceCase,
        order: plain,
      },
      {
        key: "competing",
        label: "Competing patchers",
        ...several(competingPatcherCodes),
        name: patcherName,
        order: byName(patcherName),
      },
      {
        key: "passes",
        label: "Passes",
        ...several((row) => (row.passes?.length ? [String(row.passes.length)] : [])),
        name: (n) => plural(Number(n), "install"),
      },
      {
        key: "change",
        label: "Since the previous run",
        ...several((row) => [changes.get(row.instanceId) ?? []].flat()),
        name: changeName,
        order: (a, b) => CHANGES.indexOf(a as Change) - CHANGES.indexOf(b as Change),
      },
      {
        key: "check",
        label: "Readiness",
        ...several((row) => distinct(problems(row).map(({ check }) => check))),
        order: plain,
      },
      { key: "cause", label: "What to fix", ...several((row) => distinct(causes(row))), order: plain },
    ];
    this.made = recipes.map((recipe) => once(() => make(data, recipe)));
    this.texts = once(() => joinTexts(data.instances.map(searchText)));
  }

  get facets(): Facet[] {
    return this.made.map((facet) => facet());
  }

  facet(key: FacetKey): Facet | undefined {
    return this.facets.find((f) => f.key === key);
  }

  /** Returns the instances that match everything, and the counts for each facet. */
  run(query: Query): FilterResult {
    const rows = this.data.instances.length;
    // The number of facets that reject an instance, and the last one that did. Two also stands for "the text rejects it":
    // such an instance counts for no facet.
    const rejections = new Uint8Array(rows);
    const last = new Uint8Array(rows);
    this.matchesOf(query)?.forEach((yes, i) => {
      rejections[i] = yes ? 0 : 2;
    });
    const { facets } = this;
    facets.forEach((f, number) => {
      const yes = allowed(f, query.facets[f.key]);
      if (!yes) return;
      for (let i = 0; i < rows; i++) {
        if (yes[f.of[i] as number]) continue;
        rejections[i] = (rejections[i] as number) + 1;
        last[i] = number;
      }
    });
    const matches = rejections.map((no) => Number(no === 0));
    const counts = facets.map((f, number): [FacetKey, Uint32Array] => {
      const tally = new Uint32Array(f.lists.length);
      for (let i = 0; i < rows; i++) {
        if (rejections[i] !== 0 && (rejections[i] !== 1 || last[i] !== number)) continue;
        const list = f.of[i] as number;
        tally[list] = (tally[list] as number) + 1;
      }
      return [f.key, perValue(f, tally)];
    });
    return { total: matches.reduce((sum, one) => sum + one, 0), matches, counts: new Map(counts) };
  }

  /** Returns 1 for each instance that has the text and a patch of the query; null if the query has neither. */
  private matchesOf(query: Query): Uint8Array | null {
    const words = query.text.toLowerCase().split(/\s+/).filter(Boolean);
    const conditions = words.map((word) => this.containing(word));
    const { patch } = query.facets;
    if (patch) conditions.push(this.havingAny(patch.flatMap((one) => rowsOf(this.patches(), one) ?? [])));
    return conditions.reduce<Uint8Array | null>(
      (all, one) => (all ? one.map((yes, i) => yes & (all[i] as number)) : one),
      null,
    );
  }

  /** Flags the instances that have a word in a field, in the id of a patch or in a CVE. */
  private containing(word: string): Uint8Array {
    const patches = this.patches().patches.filter((patch) =>
      `${patch.id} ${patch.cves.join(" ")}`.toLowerCase().includes(word),
    );
    return flagMatches(this.texts(), word, this.havingAny(patches));
  }

  /** Flags the instances that have one of the patches. */
  private havingAny(patches: PatchRow[]): Uint8Array {
    const flags = new Uint8Array(this.data.instances.length);
    for (const { where } of patches) {
      for (const indices of Object.values(where)) for (const index of indices) flags[index] = 1;
    }
    return flags;
  }

  /** Returns the work that would delay the first search. */
  warmUp(): (() => void)[] {
    return [...this.made.map((facet) => () => void facet()), () => void this.texts(), () => void this.patches()];
  }
}

/** Flags the combinations that have one of the values; returns null if no value is chosen. */
function allowed(f: Facet, values: string[] | undefined): Uint8Array | null {
  if (!values?.length) return null;
  const wanted = new Set(values.map((value) => f.numbers.get(value)));
  return Uint8Array.from(f.lists, (list) => Number(list.some((value) => wanted.has(value))));
}

/** Turns the number of instances with each combination into the number of instances with each value. */
function perValue(f: Facet, tally: Uint32Array): Uint32Array {
  const counts = new Uint32Array(f.values.length);
  f.lists.forEach((list, i) => {
    for (const value of list) counts[value] = (counts[value] as number) + (tally[i] as number);
  });
  return counts;
}

/** The texts of all instances as one text, which is quick to search; `ends` has the end of each of them. */
interface SearchTexts {
  text: string;
  ends: Uint32Array;
}

function joinTexts(texts: string[]): SearchTexts {
  let end = 0;
  return { text: texts.join("\n"), ends: Uint32Array.from(texts, (text) => (end += text.length + 1)) };
}

/** Sets the flag of each text that has the word. A word has no line break, so it never matches across two texts. */
function flagMatches({ text, ends }: SearchTexts, word: string, flags: Uint8Array): Uint8Array {
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
    row.availabilityZone ?? "",
    row.stage,
    osName(row.os),
    row.os ?? "",
    row.outcome,
    row.reason.code,
    row.reason.text,
    row.baselineId ?? "",
    row.judgedBy?.text ?? "",
    row.judgedBy?.code ?? "",
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
