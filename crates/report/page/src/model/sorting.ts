// Sorts the rows of a table. The sort values of a column become numbers once; every later sorting compares only numbers.

/** What a column sorts by. Texts sort in natural order (`web-9` before `web-10`); `undefined` is always last. */
export interface SortKey<Row> {
  id: string;
  sort?: (row: Row) => string | number | undefined;
}

const COLLATOR = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

export class Sorter<Row> {
  private readonly ranks = new Map<string, Float64Array>();

  constructor(
    readonly rows: Row[],
    private readonly keys: SortKey<Row>[],
  ) {}

  /** Returns the rows sorted by a column: `name` ascending, `-name` descending. Equal rows keep their order. */
  by(sort: string | null): Row[] {
    const way = sort?.startsWith("-") ? -1 : 1;
    const ranks = this.ranksOf(sort?.replace(/^-/, ""));
    if (!ranks) return this.rows;
    const places = ranks.map((rank) => (Number.isNaN(rank) ? Number.POSITIVE_INFINITY : way * rank));
    const at = (index: number): number => places[index] as number;
    const indices = Uint32Array.from(places.keys()).sort((a, b) => at(a) - at(b) || a - b);
    return Array.from(indices, (index) => this.rows[index] as Row);
  }

  /** Returns the work that would delay the first sorting by each column. */
  warmUp(): (() => void)[] {
    return this.keys.map(
      ({ id }) =>
        () =>
          void this.ranksOf(id),
    );
  }

  private ranksOf(id: string | undefined): Float64Array | undefined {
    const key = this.keys.find((known) => known.id === id)?.sort;
    if (id === undefined || !key) return undefined;
    let ranks = this.ranks.get(id);
    if (!ranks) {
      ranks = ranked(this.rows.map(key));
      this.ranks.set(id, ranks);
    }
    return ranks;
  }
}

/** Returns numbers unchanged, texts as their rank among all texts, and NaN for a missing value. */
function ranked(values: (string | number | undefined)[]): Float64Array {
  const texts = [...new Set(values)].filter((value) => typeof value === "string").sort(COLLATOR.compare);
  const places = new Map<unknown, number>(texts.map((text, place) => [text, place]));
  return Float64Array.from(values, (value) => places.get(value) ?? Number(value));
}
