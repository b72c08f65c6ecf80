// All instances: filters, the table, and the details of the selected instance.
import { Search, Users, X } from "lucide-preact";
import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { competingPatcherCodes, patcherName } from "../model/competing-patchers";
import type { Data, Instance } from "../model/data";
import type { Facet, FacetKey, Filter, Query } from "../model/filter";
import { count, osName, plural, sentenceCase } from "../model/format";
import { urgency } from "../model/outcomes";
import { stillMissing } from "../model/patches";
import { currentRoute, href, navigate, type Route, replaceRoute, withParams } from "../model/route";
import { Sorter } from "../model/sorting";
import { useMedia } from "../parts/media";
import { OutcomeChip, OutcomeIcon } from "../parts/outcome";
import { type Column, Table, useRows } from "../parts/table";
import { Id, Text } from "../parts/text";
import { Detail } from "./detail";

const FACET_KEYS: FacetKey[] = [
  "outcome",
  "stage",
  "ou",
  "account",
  "region",
  "os",
  "reason",
  "kind",
  "competing",
  "passes",
  "change",
  "check",
  "cause",
  "patch",
];
/** The facets that people use most. They are open on a wide screen even with many values. */
const ALWAYS_OPEN: FacetKey[] = ["outcome", "stage", "account"];
/** A facet with more values than this gets a search field. */
const MANY = 8;
/** Maximum number of listed values; the search field finds the others. */
const LISTED = 24;

/** The order without a sorted column: most urgent first. */
const WORST_FIRST = "-outcome";

/** Returns the query in the address. */
export function queryOf(route: Route): Query {
  const facets: Query["facets"] = {};
  for (const key of FACET_KEYS) {
    const values = route.params.getAll(key);
    if (values.length > 0) facets[key] = values;
  }
  return { text: route.params.get("q") ?? "", facets };
}

/** The parts of this view that are made once for a report. */
export interface InstanceTable {
  columns: Column<Instance>[];
  sorter: Sorter<Instance>;
  filter: Filter;
}

export function instanceTable(data: Data, filter: Filter): InstanceTable {
  const columns = makeColumns(data);
  return { columns, filter, sorter: new Sorter(data.instances, columns) };
}

export function Instances({ data, table, route }: { data: Data; table: InstanceTable; route: Route }): JSX.Element {
  const { columns, filter, sorter } = table;
  const query = queryOf(route);
  // Sorting and selecting an instance do not change the result of the filter.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `query` is a new object each time; its text says whether it changed.
  const result = useMemo(() => filter.run(query), [filter, JSON.stringify(query)]);
  const keep = useCallback((row: Instance) => result.matches[row.index] === 1, [result]);
  const sort = route.params.get("sort") ?? WORST_FIRST;
  const rows = useRows(sorter, sort, keep);
  const chosen = data.byId.get(route.params.get("i") ?? "");
  const open = (row: Instance | undefined): void => {
    const link = withParams(route, { i: row?.instanceId });
    if (row && chosen) replaceRoute(link);
    else navigate(link);
  };
  const wide = useMedia("(min-width: 1000px)");
  return (
    <section class="section instances" aria-labelledby="instances">
      <div class="section-head">
        <h1 id="instances">Instances</h1>
        <p class="note" role="status">
          <b data-count="instances">{count(result.total)}</b>
          {result.total === data.instances.length ? " in total" : ` of ${plural(data.instances.length, "instance")}`}
        </p>
      </div>
      <div class="with-filters">
        <aside aria-label="Filters">
          <details class="filters" open={wide}>
            <summary>Filters</summary>
            {filter.facets.map((facet) => (
              <FacetFilter
                key={facet.key}
                facet={facet}
                counts={result.counts.get(facet.key)}
                route={route}
                folded={!wide}
              />
            ))}
          </details>
        </aside>
        <div class="found">
          <SearchField route={route} />
          <ActiveFilters filter={filter} route={route} />
          <Table
            caption="Instances"
            columns={columns}
            rows={rows}
            keyOf={(row) => row.instanceId}
            sort={sort}
            onSort={(sort) => replaceRoute(withParams(route, { sort }))}
            card={(row) => <Card data={data} row={row} />}
            cardHeight={112}
            rowHeight={54}
            empty="No instance matches these filters."
          />
        </div>
      </div>
      {chosen && <Detail data={data} row={chosen} shown={rows} onClose={() => open(undefined)} onGo={open} />}
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
        placeholder="Name, ID, account, patch, CVE, reason …"
        value={route.params.get("q") ?? ""}
        onInput={(event) => replaceRoute(withParams(route, { q: event.currentTarget.value, i: null }))}
      />
    </label>
  );
}

/** Returns the link that adds or removes a value of a facet. */
function toggled(route: Route, key: FacetKey, value: string): string {
  const values = route.params.getAll(key);
  return withParams(route, {
    [key]: values.includes(value) ? values.filter((v) => v !== value) : [...values, value],
    i: null,
  });
}

interface FacetProps {
  facet: Facet;
  counts: Uint32Array | undefined;
  route: Route;
  /** True on a narrow screen, where the filters are above the table. */
  folded: boolean;
}

function FacetFilter({ facet, counts, route, folded }: FacetProps): JSX.Element | null {
  const [opened, setOpened] = useState<boolean | null>(null);
  const chosen = route.params.getAll(facet.key);
  // A facet in which all instances have the same value offers no choice.
  if (facet.lists.length < 2 && chosen.length === 0) return null;
  const open =
    opened ?? (chosen.length > 0 || (!folded && (facet.values.length <= MANY || ALWAYS_OPEN.includes(facet.key))));
  return (
    <details
      class="facet"
      open={open}
      onToggle={(event) => {
        // The event also fires when the element is created.
        if (event.currentTarget.open !== open) setOpened(event.currentTarget.open);
      }}
    >
      <summary>
        {facet.label}
        {chosen.length > 0 && <span class="badge">{chosen.length}</span>}
      </summary>
      {/* Closed facets are not rendered, so that typing stays quick. */}
      {open && <FacetChoices facet={facet} counts={counts} route={route} chosen={chosen} />}
    </details>
  );
}

/** Returns the tooltip of a value: name, value if it differs, and explanation. */
function tooltip({ name, hint }: Facet, value: string): string {
  const title = name(value) === value ? value : `${name(value)} (${value})`;
  const explanation = hint?.(value);
  return explanation ? `${title}: ${explanation}` : title;
}

function FacetChoices({
  facet,
  counts,
  route,
  chosen,
}: Omit<FacetProps, "folded"> & { chosen: string[] }): JSX.Element {
  const [find, setFind] = useState("");
  const needle = find.toLowerCase();
  const listed = facet.values
    .map((value, i) => ({ value, name: facet.name(value), n: counts?.[i] ?? 0 }))
    .filter(
      ({ value, name }) => chosen.includes(value) || !needle || `${name} ${value}`.toLowerCase().includes(needle),
    );
  // Few values keep their order. Of many, those with most instances come first.
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
            <label title={tooltip(facet, value)}>
              <input
                type="checkbox"
                checked={chosen.includes(value)}
                onChange={() => replaceRoute(toggled(route, facet.key, value))}
              />
              {facet.key === "outcome" && <OutcomeIcon outcome={value} size={14} />}
              <Text class="name">{name}</Text>
              <span class="n">{count(n)}</span>
            </label>
          </li>
        ))}
        {listed.length > LISTED && <li class="muted">{`and ${count(listed.length - LISTED)} more`}</li>}
      </ul>
    </fieldset>
  );
}

/** The active filters, each with a button that removes it. */
function ActiveFilters({ filter, route }: { filter: Filter; route: Route }): JSX.Element | null {
  const text = route.params.get("q");
  const on = FACET_KEYS.flatMap((key) => route.params.getAll(key).map((value) => ({ key, value })));
  if (on.length === 0 && !text) return null;
  return (
    <ul class="active" aria-label="Active filters">
      {text && (
        <li>
          <button type="button" onClick={() => replaceRoute(withParams(route, { q: null }))}>
            <Text class="name">{`“${text}”`}</Text>
            <X size={13} aria-hidden="true" />
            <span class="hidden">remove</span>
          </button>
        </li>
      )}
      {on.map(({ key, value }) => {
        const facet = filter.facet(key);
        return (
          <li key={`${key} ${value}`}>
            <button type="button" onClick={() => replaceRoute(toggled(route, key, value))}>
              <span class="muted">{facet?.label ?? "Patch"}</span>
              <Text class="name">{facet?.name(value) ?? value}</Text>
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

/** The reason, with an icon if the instance has competing patchers. */
const ReasonCell = ({ row }: { row: Instance }): JSX.Element => {
  const competing = competingPatcherCodes(row).map(patcherName).join(", ");
  return (
    <span class="clamp" title={competing && `Competing patchers: ${competing}`}>
      {competing && (
        <span class="mark">
          <Users size={14} aria-hidden="true" />
          <span class="hidden">Has competing patchers. </span>
        </span>
      )}
      <Text>{sentenceCase(row.reason.text)}</Text>
    </span>
  );
};

const InstanceLink = ({ row }: { row: Instance }): JSX.Element => (
  <a class="row-link" href={withParams(currentRoute(), { i: row.instanceId })}>
    <Text class="name">{row.name || row.instanceId}</Text>
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
    sort: (row) => urgency(row.outcome),
    cell: (row) => <OutcomeChip outcome={row.outcome} />,
  },
  {
    id: "reason",
    header: "Reason",
    sort: (row) => row.reason.text.slice(0, 200),
    cell: (row) => <ReasonCell row={row} />,
  },
  {
    id: "account",
    header: "Account",
    width: "16%",
    sort: (row) => `${row.accountName} ${row.accountId}`,
    cell: (row) => (
      <span class="two">
        <Text class="name">{row.accountName || row.accountId}</Text>
        <Text class="muted name">{row.region}</Text>
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
        <Text class="name">{data.stepLabel(row.stage, row.wave)}</Text>
        <Text class="muted name">{osName(row.os)}</Text>
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

const Card = ({ data, row }: { data: Data; row: Instance }): JSX.Element => (
  <div class="card">
    <span class="card-top">
      <InstanceLink row={row} />
      <OutcomeChip outcome={row.outcome} />
    </span>
    <ReasonCell row={row} />
    <Text class="muted name">{`${row.accountName || row.accountId} · ${row.region} · ${data.stepLabel(row.stage, row.wave)}`}</Text>
  </div>
);

/** Prepares the first search and the first sortings in small tasks after the page has opened. */
export function useWarmUp({ filter, sorter }: InstanceTable): void {
  useEffect(() => {
    const tasks = [...filter.warmUp(), ...sorter.warmUp()];
    const next = (): void => {
      tasks.shift()?.();
      if (tasks.length > 0) timer = setTimeout(next);
    };
    let timer = setTimeout(next, 300);
    return () => clearTimeout(timer);
  }, [filter, sorter]);
}
