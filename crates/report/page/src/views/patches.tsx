// Every patch: where it is installed, missing, failed, waiting for a reboot or held back.
import { Search } from "lucide-preact";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Data } from "../model/data";
import { count, osName, plural } from "../model/format";
import { Order } from "../model/order";
import { PATCH_STATE_LABELS, PATCH_STATES, type PatchIndex, type PatchRow, severityRank } from "../model/patches";
import { changed, here, href, type Route, replace } from "../model/route";
import { OutcomeChip } from "../parts/outcome";
import { Facts, Nothing, Plain } from "../parts/panel";
import { type Column, Table, useRows } from "../parts/table";
import { Id, T } from "../parts/text";

/** At most so many instances of a patch are listed in place; the link shows all. */
const LISTED = 100;

export function Patches({ data, index, route }: { data: Data; index: PatchIndex; route: Route }): JSX.Element {
  const find = route.params.get("q") ?? "";
  const order = useMemo(() => new Order([...index.patches].sort(mostOpen), COLUMNS), [index]);
  const keep = useMemo(() => finder(find), [find]);
  const sort = route.params.get("sort");
  const rows = useRows(order, sort, keep);
  const chosen = index.byId.get(route.params.get("p") ?? "");
  return (
    <section class="section" aria-labelledby="patches">
      <div class="section-head">
        <h1 id="patches">Patches</h1>
        <p class="note" role="status">
          <b data-count="patches">{count(rows.length)}</b>
          {rows.length === index.patches.length
            ? " that were or are missing somewhere"
            : ` of ${plural(index.patches.length, "patch", "patches")}`}
        </p>
      </div>
      {index.patches.length === 0 ? (
        <Nothing>No patch was missing anywhere, as far as instances were scanned.</Nothing>
      ) : (
        <>
          <label class="search">
            <span class="hidden">Find patches</span>
            <Search size={16} aria-hidden="true" />
            <input
              type="search"
              placeholder="Patch, title, CVE, severity …"
              value={find}
              onInput={(event) => replace(changed(route, { q: event.currentTarget.value, p: null }))}
            />
          </label>
          {chosen && <One data={data} patch={chosen} route={route} />}
          <Table
            caption="Patches"
            columns={COLUMNS}
            rows={rows}
            keyOf={(patch) => patch.id}
            sort={sort}
            onSort={(sort) => replace(changed(route, { sort }))}
            card={(patch) => <Card patch={patch} />}
            cardHeight={100}
            rowHeight={50}
            empty="No patch matches."
          />
        </>
      )}
    </section>
  );
}

/** Not there yet, for whatever reason. */
const open = (patch: PatchRow): number => patch.where.missing.length + patch.where.failed.length;
/** The order without a sorted column: what is still open most often, and most severe. */
const mostOpen = (a: PatchRow, b: PatchRow): number =>
  open(b) - open(a) || severityRank(b.severity) - severityRank(a.severity) || (a.id < b.id ? -1 : 1);

function finder(find: string): (patch: PatchRow) => boolean {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  return (patch) => {
    const text = [patch.id, patch.title, patch.classification, patch.severity, ...patch.cves].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

const number = (n: number): JSX.Element | string => (n > 0 ? count(n) : <span class="muted">0</span>);
const PatchLink = ({ patch }: { patch: PatchRow }): JSX.Element => (
  <a class="row-link" href={changed(here(), { p: patch.id })}>
    <T class="name">{patch.id}</T>
    {patch.title && patch.title !== patch.id && <T class="muted name">{patch.title}</T>}
  </a>
);

const COLUMNS: Column<PatchRow>[] = [
  { id: "patch", header: "Patch", sort: (patch) => patch.id, cell: (patch) => <PatchLink patch={patch} /> },
  {
    id: "severity",
    header: "Severity",
    width: "8rem",
    largestFirst: true,
    sort: (patch) => severityRank(patch.severity),
    cell: (patch) => <T class={`severity severity-${severityRank(patch.severity)}`}>{patch.severity || "–"}</T>,
  },
  {
    id: "class",
    header: "Class",
    width: "9rem",
    sort: (patch) => patch.classification,
    cell: (patch) => <T class="name">{patch.classification || "–"}</T>,
  },
  {
    id: "os",
    header: "System",
    width: "11rem",
    sort: (patch) => [...patch.os].map(osName).join(", "),
    cell: (patch) => <T class="name">{[...patch.os].map(osName).join(", ") || "–"}</T>,
  },
  ...PATCH_STATES.map(
    (state): Column<PatchRow> => ({
      id: state,
      header: PATCH_STATE_LABELS[state],
      width: state === "pending-reboot" ? "8.6rem" : "6.4rem",
      align: "end",
      largestFirst: true,
      sort: (patch) => patch.where[state].length,
      cell: (patch) => number(patch.where[state].length),
    }),
  ),
];

const Card = ({ patch }: { patch: PatchRow }): JSX.Element => (
  <div class="card">
    <PatchLink patch={patch} />
    <T class="muted name">{[patch.severity, patch.classification].filter(Boolean).join(" · ")}</T>
    <span>
      {PATCH_STATES.filter((state) => patch.where[state].length > 0)
        .map((state) => `${count(patch.where[state].length)} ${PATCH_STATE_LABELS[state].toLowerCase()}`)
        .join(", ")}
    </span>
  </div>
);

function One({ data, patch, route }: { data: Data; patch: PatchRow; route: Route }): JSX.Element {
  const rows = [...PATCH_STATES].reverse().flatMap((state) =>
    patch.where[state].flatMap((at) => {
      const row = data.instances[at];
      return row ? [{ state, row }] : [];
    }),
  );
  return (
    <section class="one" aria-labelledby="patch">
      <header>
        <h2 id="patch">
          <T>{patch.id}</T>
        </h2>
        <a href={changed(route, { p: null })}>Close</a>
      </header>
      {patch.title && patch.title !== patch.id && (
        <p>
          <T>{patch.title}</T>
        </p>
      )}
      <Facts
        of={[
          ["Severity", <T>{patch.severity || "–"}</T>],
          ["Class", <T>{patch.classification || "–"}</T>],
          ["CVE", <T class="cves">{patch.cves.join(" ") || "None named"}</T>],
          ...PATCH_STATES.map((state): [string, string] => [
            PATCH_STATE_LABELS[state],
            plural(patch.where[state].length, "instance"),
          ]),
          ...(patch.untested > 0
            ? [["Installed, not tested by the first stage", plural(patch.untested, "instance")] as [string, string]]
            : []),
          ...(patch.heldBack.length > 0
            ? [["Held back in", <T>{patch.heldBack.join("; ")}</T>] as [string, JSX.Element]]
            : []),
        ]}
      />
      {rows.length > 0 && (
        <Plain
          caption="Instances with this patch"
          heads={["Instance", "The patch is", "Outcome", "Account", "Region"]}
          rows={rows.slice(0, LISTED).map(({ state, row }) => ({
            key: row.instanceId,
            cells: [
              <a href={href("instances", { patch: patch.id, i: row.instanceId })}>
                <T class="name">{row.name || row.instanceId}</T>
              </a>,
              <span class={`state state-${state}`}>{PATCH_STATE_LABELS[state]}</span>,
              <OutcomeChip outcome={row.outcome} />,
              <>
                <T>{row.accountName}</T> <Id>{row.accountId}</Id>
              </>,
              <T>{row.region}</T>,
            ],
          }))}
        />
      )}
      <a class="more" href={href("instances", { patch: patch.id })}>
        {rows.length > LISTED
          ? `All ${plural(rows.length, "instance")} in the table`
          : "Show them in the table of instances"}
      </a>
    </section>
  );
}
