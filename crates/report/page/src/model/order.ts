// The order of a table's rows. What a column sorts by is turned into numbers once, so that each sorting after that
// compares numbers only.

/** What a column sorts by. Text is sorted as people read it; `undefined` is last, whichever way round. */
export interface SortKey<Row> {
  id: string;
  sort?: (row: Row) => string | number | undefined;
}

const COLLATOR = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

export class Order<Row> {
  private readonly ranks = new Map<string, Float64Array>();

  constructor(
    readonly rows: Row[],
    private readonly keys: SortKey<Row>[],
  ) {}

  /** The rows sorted by a column: `name`, or `-name` for the other way round. Equal rows keep their places. */
  by(sort: string | null): Row[] {
    const way = sort?.startsWith("-") ? -1 : 1;
    const ranks = this.ranksOf(sort?.replace(/^-/, ""));
    if (!ranks) return this.rows;
    const places = ranks.map((rank) => (Number.isNaN(rank) ? Number.POSITIVE_INFINITY : way * rank));
    const at = (index: number): number => places[index] as number;
    const indices = Uint32Array.from(places.keys()).sort((a, b) => at(a) - at(b) || a - b);
    return Array.from(indices, (index) => this.rows[index] as Row);
  }

  /** Work that the first sorting by each column would have to wait for. */
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

/** Numbers as they are, texts by their place among all texts; NaN where there is nothing. */
function ranked(values: (string | number | undefined)[]): Float64Array {
  const texts = [...new Set(values)].filter((value) => typeof value === "string").sort(COLLATOR.compare);
  const places = new Map<unknown, number>(texts.map((text, place) => [text, place]));
  return Float64Array.from(values, (value) => places.get(value) ?? Number(value));
}
