// A table that stays quick with 20,000 rows: TanStack Table sorts, TanStack Virtual renders what is in sight. It
// scrolls with the page, has a sticky head, and becomes a list of cards on a phone.
import {
  createSortedRowModel,
  rowSortingFeature,
  type SortFn,
  tableFeatures,
  useTable,
} from "@tanstack/preact-table";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-preact";
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { count } from "../model/format";
import { useMedia } from "./media";

export interface Column<Row> {
  id: string;
  header: string;
  /** Width as CSS; without it the column takes its share of what is left. */
  width?: string;
  /** What to sort by. Text is sorted as people read it; `undefined` is last. */
  sort?: (row: Row) => string | number | undefined;
  /** True if the first click shows the largest first. */
  largestFirst?: boolean;
  cell: (row: Row) => ComponentChildren;
  align?: "end";
}

interface Props<Row> {
  caption: string;
  columns: Column<Row>[];
  /** Every row there is. Filtering is `keep`'s: so the rows are built and sorted once, and not at each letter. */
  rows: Row[];
  keep?: (row: Row) => boolean;
  keyOf: (row: Row) => string;
  /** `name`, or `-name` for the other way round. */
  sort: string | null;
  onSort: (sort: string | null) => void;
  /** The row as a card, for narrow screens. */
  card: (row: Row) => ComponentChildren;
  cardHeight?: number;
  rowHeight?: number;
  empty: string;
  /** Called with the rows in the order in which they are shown. */
  onOrder?: (rows: Row[]) => void;
}

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() });
const COLLATOR = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
/** Ranks are computed once per column, so that a comparison is one of numbers. */
const byRank: SortFn<typeof features, object> = (a, b, id) => a.getValue<number>(id) - b.getValue<number>(id);

/** Numbers as they are, texts by their place among all texts. */
function ranked<Row>(rows: Row[], value: (row: Row) => string | number | undefined): (row: Row) => number | undefined {
  let ranks: Map<string, number> | null = null;
  return (row) => {
    const own = value(row);
    if (typeof own !== "string") return own;
    if (!ranks) {
      const texts = new Set<string>();
      for (const each of rows) {
        const text = value(each);
        if (typeof text === "string") texts.add(text);
      }
      ranks = new Map([...texts].sort(COLLATOR.compare).map((text, rank) => [text, rank]));
    }
    return ranks.get(own);
  };
}

export function Table<Row extends object>(props: Props<Row>): JSX.Element {
  const { columns, rows, sort, keep } = props;
  const narrow = useMedia("(max-width: 720px)");
  const sorting = useMemo(() => (sort ? [{ id: sort.replace(/^-/, ""), desc: sort.startsWith("-") }] : []), [sort]);
  const definitions = useMemo(
    () =>
      columns.map((column) => ({
        id: column.id,
        accessorFn: column.sort ? ranked(rows, column.sort) : () => undefined,
        enableSorting: column.sort !== undefined,
        sortDescFirst: column.largestFirst ?? false,
        sortUndefined: "last" as const,
        sortFn: byRank as unknown as SortFn<typeof features, Row>,
      })),
    [columns, rows],
  );
  const table = useTable({
    features,
    columns: definitions,
    data: rows,
    // Never bare: a patch may be called `__proto__`.
    getRowId: (row) => `row ${props.keyOf(row)}`,
    state: { sorting },
    onSortingChange: (update) => {
      const [next] = typeof update === "function" ? update(sorting) : update;
      props.onSort(next ? `${next.desc ? "-" : ""}${next.id}` : null);
    },
  });
  const sorted = table.getRowModel().rows;
  const all = useMemo(() => sorted.map((row) => row.original), [sorted]);
  const order = useMemo(() => (keep ? all.filter(keep) : all), [all, keep]);
  const { onOrder } = props;
  useLayoutEffect(() => onOrder?.(order), [onOrder, order]);

  const body = useRef<HTMLTableSectionElement>(null);
  const [margin, setMargin] = useState(0);
  useLayoutEffect(() => {
    const top = body.current?.getBoundingClientRect().top ?? 0;
    setMargin(Math.round(top + scrollY));
  });
  const height = narrow ? (props.cardHeight ?? 96) : (props.rowHeight ?? 44);
  const virtual = useWindowVirtualizer({
    count: order.length,
    estimateSize: () => height,
    overscan: 12,
    scrollMargin: margin,
  });
  useLayoutEffect(() => virtual.measure(), [height]);
  const items = virtual.getVirtualItems();
  const before = (items[0]?.start ?? margin) - margin;
  const after = virtual.getTotalSize() - ((items.at(-1)?.end ?? margin) - margin);

  return (
    <table
      class={`table ${narrow ? "cards" : ""}`}
      aria-rowcount={order.length + 1}
      onKeyDown={(event) => arrows(event, (index) => virtual.scrollToIndex(index))}
    >
      <caption class="hidden">{`${props.caption}: ${count(order.length)} rows`}</caption>
      <colgroup>
        {columns.map((column) => (
          <col key={column.id} style={{ width: narrow ? undefined : column.width }} />
        ))}
      </colgroup>
      <thead class={narrow ? "hidden" : ""}>
        <tr aria-rowindex={1}>
          {columns.map((column) => (
            <Head key={column.id} column={column} sort={sort} onSort={() => table.getColumn(column.id)?.toggleSorting()} />
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        {before > 0 && <Gap height={before} columns={columns.length} />}
        {items.map(({ index }) => {
          const row = order[index];
          if (!row) return null;
          return (
            <tr key={props.keyOf(row)} aria-rowindex={index + 2} data-index={index} style={{ height: `${height}px` }}>
              {narrow ? (
                <td colSpan={columns.length}>{props.card(row)}</td>
              ) : (
                columns.map((column) => (
                  <td key={column.id} class={column.align}>
                    {column.cell(row)}
                  </td>
                ))
              )}
            </tr>
          );
        })}
        {after > 0 && <Gap height={after} columns={columns.length} />}
        {order.length === 0 && (
          <tr>
            <td class="empty" colSpan={columns.length}>
              {props.empty}
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

function Head<Row>({ column, sort, onSort }: { column: Column<Row>; sort: string | null; onSort: () => void }): JSX.Element {
  const way = sort === column.id ? "ascending" : sort === `-${column.id}` ? "descending" : undefined;
  return (
    <th scope="col" class={column.align} aria-sort={column.sort && (way ?? "none")}>
      {column.sort ? (
        <button type="button" onClick={onSort}>
          {column.header}
          {way === "ascending" && <ArrowUp size={14} aria-hidden="true" />}
          {way === "descending" && <ArrowDown size={14} aria-hidden="true" />}
        </button>
      ) : (
        column.header
      )}
    </th>
  );
}

/** Takes the place of the rows that are not in sight. */
const Gap = ({ height, columns }: { height: number; columns: number }): JSX.Element => (
  <tr class="gap" aria-hidden="true">
    <td colSpan={columns} style={{ height: `${height}px` }} />
  </tr>
);

/** Arrow keys go from row to row, to the same link or button in it. */
function arrows(event: KeyboardEvent, show: (index: number) => void): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const from = event.target as HTMLElement;
  const row = from.closest<HTMLElement>("tbody tr[data-index]");
  if (!step || !row) return;
  event.preventDefault();
  const index = Number(row.dataset.index) + step;
  const place = [...row.querySelectorAll("a, button")].indexOf(from);
  const table = row.closest("table");
  const focus = (): boolean => {
    const next = table?.querySelector(`tr[data-index="${index}"]`)?.querySelectorAll<HTMLElement>("a, button")[place];
    next?.focus();
    return next !== undefined;
  };
  if (!focus()) {
    show(index);
    requestAnimationFrame(focus);
  }
}
