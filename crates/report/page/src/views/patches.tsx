// All patches: where each is installed, missing, failed, waiting for a reboot or held back.
import { Search } from "lucide-preact";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Data } from "../model/data";
import { count, osName, plural } from "../model/format";
import {
  moreNotListed,
  PATCH_STATE_LABELS,
  PATCH_STATES,
  type PatchIndex,
  type PatchRow,
  rowsOf,
  severityRank,
} from "../model/patches";
import { currentRoute, href, type Route, replaceRoute, withParams } from "../model/route";
import { Sorter } from "../model/sorting";
import { OutcomeChip } from "../parts/outcome";
import { Empty, Facts, PlainTable } from "../parts/panel";
import { type Column, Table, useRows } from "../parts/table";
import { Id, Text } from "../parts/text";

/** Maximum number of instances listed for a patch; a link shows all of them. */
const LISTED = 100;

export function Patches({ data, index, route }: { data: Data; index: PatchIndex; route: Route }): JSX.Element {
  const find = route.params.get("q") ?? "";
  const sorter = useMemo(() => new Sorter([...index.patches].sort(mostOpen), COLUMNS), [index]);
  const keep = useMemo(() => matcher(find), [find]);
  const sort = route.params.get("sort");
  const rows = useRows(sorter, sort, keep);
  const chosen = rowsOf(index, route.params.get("p") ?? "") ?? [];
  return (
    <section class="section" aria-labelledby="patches">
      <div class="section-head">
        <h1 id="patches">Patches</h1>
        <p class="note" role="status">
          <b data-count="patches">{count(rows.length)}</b>
          {rows.length === index.patches.length
            ? " missing before or after the run"
            : ` of ${plural(index.patches.length, "patch", "patches")}`}
          {index.notListed.patches > 0 &&
            `, ${moreNotListed(index.notListed.patches)}, on ${plural(index.notListed.instances, "instance")}`}
        </p>
      </div>
      {index.patches.length === 0 ? (
        <Empty>No patch was missing on the scanned instances.</Empty>
      ) : (
        <>
          <label class="search">
            <span class="hidden">Find patches</span>
            <Search size={16} aria-hidden="true" />
            <input
              type="search"
              placeholder="Patch, title, CVE, severity …"
              value={find}
              onInput={(event) => replaceRoute(withParams(route, { q: event.currentTarget.value, p: null }))}
            />
          </label>
          {/* A link by id alone chooses the patch on every system. */}
          {chosen.map((patch, n) => (
            <PatchDetail key={patch.key} id={`patch-${n}`} data={data} patch={patch} route={route} />
          ))}
          <Table
            caption="Patches"
            columns={COLUMNS}
            rows={rows}
            keyOf={(patch) => patch.key}
            sort={sort}
            onSort={(sort) => replaceRoute(withParams(route, { sort }))}
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

/** Returns the number of instances on which a patch is missing or failed. */
const openCount = (patch: PatchRow): number => patch.where.missing.length + patch.where.failed.length;
/** The order without a sorted column: most open instances first, then most severe. */
const mostOpen = (a: PatchRow, b: PatchRow): number =>
  openCount(b) - openCount(a) || severityRank(b.severity) - severityRank(a.severity) || (a.id < b.id ? -1 : 1);

function matcher(find: string): (patch: PatchRow) => boolean {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  return (patch) => {
    const text = [patch.id, patch.title, patch.classification, patch.severity, ...patch.cves].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

const number = (n: number): JSX.Element | string => (n > 0 ? count(n) : <span class="muted">0</span>);
const PatchLink = ({ patch }: { patch: PatchRow }): JSX.Element => (
  <a class="row-link" href={withParams(currentRoute(), { p: patch.key })}>
    <Text class="name">{patch.id}</Text>
    {patch.title && patch.title !== patch.id && <Text class="muted name">{patch.title}</Text>}
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
    cell: (patch) => <Text class={`severity severity-${severityRank(patch.severity)}`}>{patch.severity || "–"}</Text>,
  },
  {
    id: "class",
    header: "Class",
    width: "9rem",
    sort: (patch) => patch.classification,
    cell: (patch) => <Text class="name">{patch.classification || "–"}</Text>,
  },
  {
    id: "os",
    header: "System",
    width: "11rem",
    sort: (patch) => osName(patch.os),
    cell: (patch) => <Text class="name">{osName(patch.os)}</Text>,
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
    <Text class="muted name">
      {[osName(patch.os), patch.severity, patch.classification].filter(Boolean).join(" · ")}
    </Text>
    <span>
      {PATCH_STATES.filter((state) => patch.where[state].length > 0)
        .map((state) => `${count(patch.where[state].length)} ${PATCH_STATE_LABELS[state].toLowerCase()}`)
        .join(", ")}
    </span>
  </div>
);

function PatchDetail(props: { id: string; data: Data; patch: PatchRow; route: Route }): JSX.Element {
  const { id, data, patch, route } = props;
  const rows = [...PATCH_STATES].reverse().flatMap((state) =>
    patch.where[state].flatMap((at) => {
      const row = data.instances[at];
      return row ? [{ state, row }] : [];
    }),
  );
  return (
    <section class="one" aria-labelledby={id}>
      <header>
        <h2 id={id}>
          <Text>{patch.id}</Text>
        </h2>
        <a href={withParams(route, { p: null })}>Close</a>
      </header>
      {patch.title && patch.title !== patch.id && (
        <p>
          <Text>{patch.title}</Text>
        </p>
      )}
      <Facts
        of={[
          ["System", <Text>{osName(patch.os)}</Text>],
          ["Severity", <Text>{patch.severity || "–"}</Text>],
          ["Class", <Text>{patch.classification || "–"}</Text>],
          [
            "CVE",
            <>
              <Text class="cves">{patch.cves.join(" ") || "None reported"}</Text> {moreNotListed(patch.moreCves)}
            </>,
          ],
          ...PATCH_STATES.map((state): [string, string] => [
            PATCH_STATE_LABELS[state],
            plural(patch.where[state].length, "instance"),
          ]),
          ...(patch.untested > 0
            ? [["Installed, not tested by the first stage", plural(patch.untested, "instance")] as [string, string]]
            : []),
          ...(patch.heldBack.length > 0
            ? [["Held back in", <Text>{patch.heldBack.join("; ")}</Text>] as [string, JSX.Element]]
            : []),
        ]}
      />
      {rows.length > 0 && (
        <PlainTable
          caption="Instances with this patch"
          heads={["Instance", "Patch state", "Outcome", "Account", "Region"]}
          rows={rows.slice(0, LISTED).map(({ state, row }) => ({
            key: row.instanceId,
            cells: [
              <a href={href("instances", { patch: patch.key, i: row.instanceId })}>
                <Text class="name">{row.name || row.instanceId}</Text>
              </a>,
              <span class={`state state-${state}`}>{PATCH_STATE_LABELS[state]}</span>,
              <OutcomeChip outcome={row.outcome} />,
              <>
                <Text>{row.accountName}</Text> <Id>{row.accountId}</Id>
              </>,
              <Text>{row.region}</Text>,
            ],
          }))}
        />
      )}
      <a class="more" href={href("instances", { patch: patch.key })}>
        {rows.length > LISTED
          ? `Show all ${plural(rows.length, "instance")} in the instance table`
          : "Show in the instance table"}
      </a>
    </section>
  );
}
