// Readiness: what keeps instances from being patched, what to fix first, and instances against checks.
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Data } from "../model/data";
import { count, plural, sentenceCase } from "../model/format";
import { Order } from "../model/order";
import { type Readiness, type ReadinessRow, readiness, STATUS_LABELS, statusOf, statusRank } from "../model/readiness";
import type { Cause } from "../model/report";
import { changed, href, type Route, replace } from "../model/route";
import { Nothing, Section } from "../parts/panel";
import { Status } from "../parts/status";
import { type Column, Table, useRows } from "../parts/table";
import { Id, T } from "../parts/text";
import { Trouble } from "../parts/trouble";

/** More checks than this do not fit beside each other; those that fail most often come first anyway. */
const COLUMNS = 12;
/** So many things to fix are listed at first. */
const FIRST = 6;

export function ReadinessView({ data, route }: { data: Data; route: Route }): JSX.Element {
  const all = useMemo(() => readiness(data), [data]);
  if (all.rows.length === 0) {
    return (
      <Section id="readiness" title="Readiness">
        <Nothing>Nothing was found that keeps an instance from being patched.</Nothing>
      </Section>
    );
  }
  return (
    <>
      <Fixes fixes={data.readiness?.firstToFix ?? []} />
      <Matrix all={all} route={route} />
    </>
  );
}

function Fixes({ fixes }: { fixes: Cause[] }): JSX.Element {
  const [listed, setListed] = useState(FIRST);
  return (
    <Section
      id="fixes"
      title="What to fix first"
      note="What helps most instances comes first; failures before warnings."
    >
      {fixes.length === 0 ? (
        <Nothing>Nothing. Every check that was made passes.</Nothing>
      ) : (
        <ol class="troubles">
          {fixes.slice(0, listed).map((cause) => (
            <Trouble
              key={cause.text}
              to={href("instances", { cause: cause.text })}
              sign={<Status status={statusOf(cause)} size={20} />}
              n={cause.instances}
              title={<T class="clamp">{sentenceCase(cause.text)}</T>}
            >
              {cause.fix && <T class="clamp">{`To fix: ${cause.fix}`}</T>}
              <span class="muted">
                Check <T class="check">{cause.check}</T>
              </span>
            </Trouble>
          ))}
        </ol>
      )}
      {fixes.length > listed && (
        <button type="button" class="show" onClick={() => setListed(fixes.length)}>
          {`Show ${count(fixes.length - listed)} more`}
        </button>
      )}
    </Section>
  );
}

function Matrix({ all, route }: { all: Readiness; route: Route }): JSX.Element {
  const onlyTrouble = route.params.get("all") === null;
  const columns = useMemo(() => makeColumns(all), [all]);
  const order = useMemo(() => new Order(all.rows, columns), [all, columns]);
  const sort = route.params.get("sort");
  const rows = useRows(order, sort, onlyTrouble ? troubled : everyone);
  const hidden = all.rows.filter((row) => row.worst === "pass").length;
  return (
    <Section
      id="matrix"
      title="Instances and checks"
      note={`${plural(all.checks.length, "check")}. An empty place: nothing is recorded.`}
    >
      {hidden > 0 && (
        <label class="toggle">
          <input
            type="checkbox"
            checked={!onlyTrouble}
            onChange={() => replace(changed(route, { all: onlyTrouble ? "1" : null }))}
          />
          {`Also the ${plural(hidden, "instance")} that pass every check`}
        </label>
      )}
      <div class="matrix">
        <Table
          caption="Instances and checks"
          columns={columns}
          rows={rows}
          keyOf={(row) => row.instance.instanceId}
          sort={sort}
          onSort={(sort) => replace(changed(route, { sort }))}
          card={(row) => <Card row={row} />}
          cardHeight={116}
          rowHeight={50}
          empty="Every instance passes every check."
        />
      </div>
    </Section>
  );
}

const troubled = (row: ReadinessRow): boolean => row.worst !== "pass";
const everyone = (): boolean => true;

const RowLink = ({ row: { instance } }: { row: ReadinessRow }): JSX.Element => (
  <a class="row-link" href={href("instances", { i: instance.instanceId })}>
    <T class="name">{instance.name || instance.instanceId}</T>
    {instance.name && <Id>{instance.instanceId}</Id>}
  </a>
);

const makeColumns = (all: Readiness): Column<ReadinessRow>[] => [
  {
    id: "instance",
    header: "Instance",
    width: "24%",
    sort: ({ instance }) => instance.name || instance.instanceId,
    cell: (row) => <RowLink row={row} />,
  },
  {
    id: "account",
    header: "Account",
    width: "16%",
    sort: ({ instance }) => instance.accountName,
    cell: ({ instance }) => (
      <span class="two">
        <T class="name">{instance.accountName}</T>
        <T class="muted name">{instance.region}</T>
      </span>
    ),
  },
  ...all.checks.slice(0, COLUMNS).map(
    (name): Column<ReadinessRow> => ({
      id: `check ${name}`,
      header: name,
      largestFirst: true,
      sort: (row) => {
        const cell = row.cells.get(name);
        return cell && statusRank(cell);
      },
      cell: (row) => {
        const cell = row.cells.get(name);
        if (!cell) return null;
        return (
          <span class="cell" title={cell.evidence}>
            <Status status={statusOf(cell)} />
            <span class="cell-word">{STATUS_LABELS[statusOf(cell)]}</span>
          </span>
        );
      },
    }),
  ),
];

const Card = ({ row }: { row: ReadinessRow }): JSX.Element => (
  <div class="card">
    <RowLink row={row} />
    <T class="muted name">{`${row.instance.accountName} · ${row.instance.region}`}</T>
    <ul class="card-checks">
      {[...row.cells.values()]
        .filter((cell) => statusOf(cell) !== "pass")
        .slice(0, 4)
        .map((cell) => (
          <li key={cell.check}>
            <Status status={statusOf(cell)} size={14} />
            <T class="name">{cell.check}</T>
          </li>
        ))}
    </ul>
  </div>
);
