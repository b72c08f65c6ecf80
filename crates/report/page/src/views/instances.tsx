// Every instance: filters beside, the table, and the evidence of the one that was chosen.
import { Search, Users, X } from "lucide-preact";
import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import type { Data, Instance } from "../model/data";
import type { Facet, FacetKey, Filter, Query } from "../model/filter";
import { count, osName, plural, sentenceCase } from "../model/format";
import { Order } from "../model/order";
import { otherName, othersOf } from "../model/others";
import { pressing } from "../model/outcomes";
import { standings } from "../model/patches";
import { changed, go, here, href, type Route, replace } from "../model/route";
import { useMedia } from "../parts/media";
import { OutcomeChip, Sign } from "../parts/outcome";
import { type Column, Table, useRows } from "../parts/table";
import { Id, T } from "../parts/text";
import { Detail } from "./detail";

const KEYS: FacetKey[] = [
  "outcome",
  "stage",
  "ou",
  "account",
  "region",
  "os",
  "reason",
  "other",
  "change",
  "check",
  "cause",
  "patch",
];
/** Environment and service: what people choose by, however many there are. */
const ALWAYS_OPEN: FacetKey[] = ["outcome", "stage", "account"];
/** A facet with more values than this gets a field to find one in. */
const MANY = 8;
/** At most so many choices are listed; the field finds the others. */
const LISTED = 24;

/** Nobody opens this table to see what went well. */
const WORST_FIRST = "-outcome";

export function queryOf(route: Route): Query {
  const facets: Query["facets"] = {};
  for (const key of KEYS) {
    const values = route.params.getAll(key);
    if (values.length > 0) facets[key] = values;
  }
  return { text: route.params.get("q") ?? "", facets };
}

/** What this view is made of, once for a report. */
export interface InstanceTable {
  columns: Column<Instance>[];
  order: Order<Instance>;
  filter: Filter;
}

export function instanceTable(data: Data, filter: Filter): InstanceTable {
  const columns = makeColumns(data);
  return { columns, filter, order: new Order(data.instances, columns) };
}

export function Instances({ data, table, route }: { data: Data; table: InstanceTable; route: Route }): JSX.Element {
  const { columns, filter, order } = table;
  const query = queryOf(route);
  // Neither the order nor the chosen instance changes what is found.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `query` is a new object each time; its text says whether it changed.
  const answer = useMemo(() => filter.run(query), [filter, JSON.stringify(query)]);
  const keep = useCallback((row: Instance) => answer.matches[row.index] === 1, [answer]);
  const sort = route.params.get("sort") ?? WORST_FIRST;
  const rows = useRows(order, sort, keep);
  const chosen = data.byId.get(route.params.get("i") ?? "");
  const open = (row: Instance | undefined): void => {
    const link = changed(route, { i: row?.instanceId });
    if (row && chosen) replace(link);
    else go(link);
  };
  const wide = useMedia("(min-width: 1000px)");
  return (
    <section class="section instances" aria-labelledby="instances">
      <div class="section-head">
        <h1 id="instances">Instances</h1>
        <p class="note" role="status">
          <b data-count="instances">{count(answer.total)}</b>
          {answer.total === data.instances.length ? " in all" : ` of ${plural(data.instances.length, "instance")}`}
        </p>
      </div>
      <div class="with-filters">
        <aside aria-label="Filters">
          <details class="filters" open={wide}>
            <summary>Filters</summary>
            {filter.facets.map((facet) => (
              <Choices
                key={facet.key}
                facet={facet}
                counts={answer.counts.get(facet.key)}
                route={route}
                folded={!wide}
              />
            ))}
          </details>
        </aside>
        <div class="found">
          <SearchField route={route} />
          <Active filter={filter} route={route} />
          <Table
            caption="Instances"
            columns={columns}
            rows={rows}
            keyOf={(row) => row.instanceId}
            sort={sort}
            onSort={(sort) => replace(changed(route, { sort }))}
            card={(row) => <Card data={data} row={row} />}
            cardHeight={112}
            rowHeight={54}
            empty="No instance matches these filters."
          />
        </div>
      </div>
      {chosen && <Detail data={data} row={chosen} order={rows} onClose={() => open(undefined)} onGo={open} />}
    </section>
  );
}

function SearchField({ route }: { route: Route }): JSX.Element {
  return (
    <label class="search">
      <span class="hidden">Find instances</span>
      <Search size={16} aria-hidden="true" />
      <input
        type="search"
        placeholder="Name, id, account, patch, CVE, reason …"
        value={route.params.get("q") ?? ""}
        onInput={(event) => replace(changed(route, { q: event.currentTarget.value, i: null }))}
      />
    </label>
  );
}

function toggled(route: Route, key: FacetKey, value: string): string {
  const values = route.params.getAll(key);
  return changed(route, {
    [key]: values.includes(value) ? values.filter((v) => v !== value) : [...values, value],
    i: null,
  });
}

interface ChoicesProps {
  facet: Facet;
  counts: Uint32Array | undefined;
  route: Route;
  /** True on a narrow screen, where the lists stand above the table. */
  folded: boolean;
}

function Choices({ facet, counts, route, folded }: ChoicesProps): JSX.Element | null {
  const [opened, setOpened] = useState<boolean | null>(null);
  const chosen = route.params.getAll(facet.key);
  // Nothing to choose between where all instances have the same.
  if (facet.lists.length < 2 && chosen.length === 0) return null;
  const open =
    opened ?? (chosen.length > 0 || (!folded && (facet.values.length <= MANY || ALWAYS_OPEN.includes(facet.key))));
  return (
    <details
      class="facet"
      open={open}
      onToggle={(event) => {
        // Also comes when the list is there for the first time.
        if (event.currentTarget.open !== open) setOpened(event.currentTarget.open);
      }}
    >
      <summary>
        {facet.label}
        {chosen.length > 0 && <span class="badge">{chosen.length}</span>}
      </summary>
      {/* What nobody sees is not counted anew at each letter. */}
      {open && <Choice facet={facet} counts={counts} route={route} chosen={chosen} />}
    </details>
  );
}

function Choice({ facet, counts, route, chosen }: Omit<ChoicesProps, "folded"> & { chosen: string[] }): JSX.Element {
  const [find, setFind] = useState("");
  const needle = find.toLowerCase();
  const listed = facet.values
    .map((value, i) => ({ value, name: facet.name(value), n: counts?.[i] ?? 0 }))
    .filter(
      ({ value, name }) => chosen.includes(value) || !needle || `${name} ${value}`.toLowerCase().includes(needle),
    );
  // With few values each keeps its place; of many, those come first that would leave something.
  if (facet.values.length > MANY && facet.key !== "stage") listed.sort((a, b) => b.n - a.n);
  return (
    <fieldset>
      <legend class="hidden">{facet.label}</legend>
      {facet.values.length > MANY && (
        <input
          type="search"
          class="find"
          aria-label={`Find in ${facet.label}`}
          placeholder={`Find in ${count(facet.values.length)} …`}
          value={find}
          onInput={(event) => setFind(event.currentTarget.value)}
        />
      )}
      <ul>
        {listed.slice(0, LISTED).map(({ value, name, n }) => (
          <li key={value} class={n === 0 ? "none" : ""}>
            <label title={name === value ? name : `${name} (${value})`}>
              <input
                type="checkbox"
                checked={chosen.includes(value)}
                onChange={() => replace(toggled(route, facet.key, value))}
              />
              {facet.key === "outcome" && <Sign outcome={value} size={14} />}
              <T class="name">{name}</T>
              <span class="n">{count(n)}</span>
            </label>
          </li>
        ))}
        {listed.length > LISTED && <li class="muted">{`and ${count(listed.length - LISTED)} more`}</li>}
      </ul>
    </fieldset>
  );
}

/** The filters that are on, each with a button that takes it away. */
function Active({ filter, route }: { filter: Filter; route: Route }): JSX.Element | null {
  const text = route.params.get("q");
  const on = KEYS.flatMap((key) => route.params.getAll(key).map((value) => ({ key, value })));
  if (on.length === 0 && !text) return null;
  return (
    <ul class="active" aria-label="Active filters">
      {text && (
        <li>
          <button type="button" onClick={() => replace(changed(route, { q: null }))}>
            <T class="name">{`“${text}”`}</T>
            <X size={13} aria-hidden="true" />
            <span class="hidden">remove</span>
          </button>
        </li>
      )}
      {on.map(({ key, value }) => {
        const facet = filter.facet(key);
        return (
          <li key={`${key} ${value}`}>
            <button type="button" onClick={() => replace(toggled(route, key, value))}>
              <span class="muted">{facet?.label ?? "Patch"}</span>
              <T class="name">{facet?.name(value) ?? value}</T>
              <X size={13} aria-hidden="true" />
              <span class="hidden">remove</span>
            </button>
          </li>
        );
      })}
      <li>
        <a href={href("instances", { sort: route.params.get("sort") })}>Clear all</a>
      </li>
    </ul>
  );
}

/** The reason, with a sign where others patch it too. */
const Why = ({ row }: { row: Instance }): JSX.Element => {
  const others = othersOf(row).map(otherName).join(", ");
  return (
    <span class="clamp" title={others && `Also patched by others: ${others}`}>
      {others && (
        <span class="mark">
          <Users size={14} aria-hidden="true" />
          <span class="hidden">Also patched by others. </span>
        </span>
      )}
      <T>{sentenceCase(row.reason.text)}</T>
    </span>
  );
};

const InstanceLink = ({ row }: { row: Instance }): JSX.Element => (
  <a class="row-link" href={changed(here(), { i: row.instanceId })}>
    <T class="name">{row.name || row.instanceId}</T>
    {row.name && <Id>{row.instanceId}</Id>}
  </a>
);

const makeColumns = (data: Data): Column<Instance>[] => [
  {
    id: "name",
    header: "Instance",
    width: "20%",
    sort: (row) => row.name || row.instanceId,
    cell: (row) => <InstanceLink row={row} />,
  },
  {
    id: "outcome",
    header: "Outcome",
    width: "10.2rem",
    largestFirst: true,
    sort: (row) => pressing(row.outcome),
    cell: (row) => <OutcomeChip outcome={row.outcome} />,
  },
  { id: "reason", header: "Reason", sort: (row) => row.reason.text.slice(0, 200), cell: (row) => <Why row={row} /> },
  {
    id: "account",
    header: "Account",
    width: "16%",
    sort: (row) => `${row.accountName} ${row.accountId}`,
    cell: (row) => (
      <span class="two">
        <T class="name">{row.accountName || row.accountId}</T>
        <T class="muted name">{row.region}</T>
      </span>
    ),
  },
  {
    id: "stage",
    header: "Stage",
    width: "15%",
    sort: (row) => data.steps.findIndex((step) => step.stage === row.stage && step.wave === row.wave),
    cell: (row) => (
      <span class="two">
        <T class="name">{data.stepLabel(row.stage, row.wave)}</T>
        <T class="muted name">{osName(row.os)}</T>
      </span>
    ),
  },
  {
    id: "missing",
    header: "Missing",
    width: "5.4rem",
    align: "end",
    largestFirst: true,
    sort: (row) => stillMissing(row),
    cell: (row) => (stillMissing(row) > 0 ? count(stillMissing(row)) : <span class="muted">0</span>),
  },
];

/** Patches that are still missing at the end of the run. */
function stillMissing(row: Instance): number {
  return standings(row).filter(({ state }) => state === "missing" || state === "failed").length;
}

const Card = ({ data, row }: { data: Data; row: Instance }): JSX.Element => (
  <div class="card">
    <span class="card-top">
      <InstanceLink row={row} />
      <OutcomeChip outcome={row.outcome} />
    </span>
    <Why row={row} />
    <T class="muted name">{`${row.accountName || row.accountId} · ${row.region} · ${data.stepLabel(row.stage, row.wave)}`}</T>
  </div>
);

/** Prepares the first search and the first sortings while nothing else is going on, one after the other. */
export function useWarmUp({ filter, order }: InstanceTable): void {
  useEffect(() => {
    const tasks = [...filter.warmUp(), ...order.warmUp()];
    const next = (): void => {
      tasks.shift()?.();
      if (tasks.length > 0) timer = setTimeout(next);
    };
    let timer = setTimeout(next, 300);
    return () => clearTimeout(timer);
  }, [filter, order]);
}
