// A table that stays quick with 20,000 rows: TanStack Virtual renders only the visible rows. It scrolls with the page,
// has a sticky head, and becomes a list of cards on a phone.
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-preact";
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { count } from "../model/format";
import type { Sorter, SortKey } from "../model/sorting";
import { useMedia } from "./media";

export interface Column<Row> extends SortKey<Row> {
  header: string;
  /** CSS width; without it the column gets a share of the remaining width. */
  width?: string;
  /** True if the first click sorts in descending order. */
  largestFirst?: boolean;
  cell: (row: Row) => ComponentChildren;
  align?: "end";
}

/** Returns the sorted and filtered rows. A new filter does not sort again, so that typing stays quick. */
export function useRows<Row>(sorter: Sorter<Row>, sort: string | null, keep?: (row: Row) => boolean): Row[] {
  const all = useMemo(() => sorter.by(sort), [sorter, sort]);
  return useMemo(() => (keep ? all.filter(keep) : all), [all, keep]);
}

interface Props<Row> {
  caption: string;
  columns: Column<Row>[];
  /** The rows from `useRows`. */
  rows: Row[];
  keyOf: (row: Row) => string;
  /** `name` for ascending, `-name` for descending. */
  sort: string | null;
  onSort: (sort: string | null) => void;
  /** The row as a card, for narrow screens. */
  card: (row: Row) => ComponentChildren;
  cardHeight?: number;
  rowHeight?: number;
  empty: string;
}

/** Returns the order after a click on a column head: first direction, other direction, unsorted. */
function nextSort<Row>({ id, largestFirst }: Column<Row>, sort: string | null): string | null {
  const [first, second] = largestFirst ? [`-${id}`, id] : [id, `-${id}`];
  if (sort === first) return second;
  return sort === second ? null : first;
}

export function Table<Row>(props: Props<Row>): JSX.Element {
  const { columns, rows, sort } = props;
  const narrow = useMedia("(max-width: 720px)");

  const body = useRef<HTMLTableSectionElement>(null);
  const [margin, setMargin] = useState(0);
  useLayoutEffect(() => {
    const top = body.current?.getBoundingClientRect().top ?? 0;
    setMargin(Math.round(top + scrollY));
  });
  const height = narrow ? (props.cardHeight ?? 96) : (props.rowHeight ?? 44);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => height,
    overscan: 8,
    scrollMargin: margin,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows have to be measured again only when their height changes.
  useLayoutEffect(() => virtual.measure(), [height]);
  const items = virtual.getVirtualItems();
  const before = (items[0]?.start ?? margin) - margin;
  const after = virtual.getTotalSize() - ((items.at(-1)?.end ?? margin) - margin);

  return (
    <table
      class={`table ${narrow ? "cards" : ""}`}
      aria-rowcount={rows.length + 1}
      onKeyDown={(event) => moveByArrowKeys(event, (index) => virtual.scrollToIndex(index))}
    >
      <caption class="hidden">{`${props.caption}: ${count(rows.length)} rows`}</caption>
      <colgroup>
        {columns.map((column) => (
          <col key={column.id} style={{ width: narrow ? undefined : column.width }} />
        ))}
      </colgroup>
      <thead class={narrow ? "hidden" : ""}>
        <tr aria-rowindex={1}>
          {columns.map((column) => (
            <Head key={column.id} column={column} sort={sort} onSort={() => props.onSort(nextSort(column, sort))} />
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        {before > 0 && <Spacer height={before} columns={columns.length} />}
        {items.map(({ index }) => {
          const row = rows[index];
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
        {after > 0 && <Spacer height={after} columns={columns.length} />}
        {rows.length === 0 && (
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

function Head<Row>({
  column,
  sort,
  onSort,
}: {
  column: Column<Row>;
  sort: string | null;
  onSort: () => void;
}): JSX.Element {
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

/** Takes the space of the rows that are not rendered. */
const Spacer = ({ height, columns }: { height: number; columns: number }): JSX.Element => (
  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row of a table does not take the focus.
  <tr class="gap" aria-hidden="true">
    <td colSpan={columns} style={{ height: `${height}px` }} />
  </tr>
);

/** Moves the focus by arrow keys to the same link or button in the next or previous row. */
function moveByArrowKeys(event: KeyboardEvent, show: (index: number) => void): void {
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
