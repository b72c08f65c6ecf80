// Readiness: what to fix first, and the matrix of instances and checks.
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Data } from "../model/data";
import { count, plural, sentenceCase } from "../model/format";
import { type Readiness, type ReadinessRow, readiness, STATUS_LABELS, statusOf, statusRank } from "../model/readiness";
import type { Cause } from "../model/report";
import { href, type Route, replaceRoute, withParams } from "../model/route";
import { Sorter } from "../model/sorting";
import { AttentionItem } from "../parts/attention-item";
import { Empty, Section } from "../parts/panel";
import { Status } from "../parts/status";
import { type Column, Table, useRows } from "../parts/table";
import { Id, Text } from "../parts/text";

/** Maximum number of checks as columns; those that fail most often come first. */
const COLUMNS = 12;
/** Number of causes that are listed before "Show more". */
const FIRST = 6;

export function ReadinessView({ data, route }: { data: Data; route: Route }): JSX.Element {
  const all = useMemo(() => readiness(data), [data]);
  if (all.rows.length === 0) {
    return (
      <Section id="readiness" title="Readiness">
        <Empty>This report has no readiness findings.</Empty>
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
      note="Sorted by number of instances helped; failures before warnings."
    >
      {fixes.length === 0 ? (
        <Empty>Nothing to fix: every check passes.</Empty>
      ) : (
        <ol class="attention-list">
          {fixes.slice(0, listed).map((cause) => (
            <AttentionItem
              key={cause.text}
              to={href("instances", { cause: cause.text })}
              sign={<Status status={statusOf(cause)} size={20} />}
              n={cause.instances}
              title={<Text class="clamp">{sentenceCase(cause.text)}</Text>}
            >
              {cause.fix && <Text class="clamp">{`To fix: ${cause.fix}`}</Text>}
              <span class="muted">
                Check <Text class="check">{cause.check}</Text>
              </span>
            </AttentionItem>
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
  const onlyProblems = route.params.get("all") === null;
  const columns = useMemo(() => makeColumns(all), [all]);
  const sorter = useMemo(() => new Sorter(all.rows, columns), [all, columns]);
  const sort = route.params.get("sort");
  const rows = useRows(sorter, sort, onlyProblems ? hasProblem : undefined);
  const passing = all.rows.filter((row) => row.worst === "pass").length;
  return (
    <Section
      id="matrix"
      title="Instances and checks"
      note={`${plural(all.checks.length, "check")}. Blank: not recorded.`}
    >
      {passing > 0 && (
        <label class="toggle">
          <input
            type="checkbox"
            checked={!onlyProblems}
            onChange={() => replaceRoute(withParams(route, { all: onlyProblems ? "1" : null }))}
          />
          {`Show the ${plural(passing, "instance")} that ${passing === 1 ? "passes" : "pass"} every check`}
        </label>
      )}
      <div class="matrix">
        <Table
          caption="Instances and checks"
          columns={columns}
          rows={rows}
          keyOf={(row) => row.instance.instanceId}
          sort={sort}
          onSort={(sort) => replaceRoute(withParams(route, { sort }))}
          card={(row) => <Card row={row} />}
          cardHeight={116}
          rowHeight={50}
          empty="Every instance passes every check."
        />
      </div>
    </Section>
  );
}

const hasProblem = (row: ReadinessRow): boolean => row.worst !== "pass";

const RowLink = ({ row: { instance } }: { row: ReadinessRow }): JSX.Element => (
  <a class="row-link" href={href("instances", { i: instance.instanceId })}>
    <Text class="name">{instance.name || instance.instanceId}</Text>
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
        <Text class="name">{instance.accountName}</Text>
        <Text class="muted name">{instance.region}</Text>
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
            <span class="cell-label">{STATUS_LABELS[statusOf(cell)]}</span>
          </span>
        );
      },
    }),
  ),
];

const Card = ({ row }: { row: ReadinessRow }): JSX.Element => (
  <div class="card">
    <RowLink row={row} />
    <Text class="muted name">{`${row.instance.accountName} · ${row.instance.region}`}</Text>
    <ul class="card-checks">
      {[...row.cells.values()]
        .filter((cell) => statusOf(cell) !== "pass")
        .slice(0, 4)
        .map((cell) => (
          <li key={cell.check}>
            <Status status={statusOf(cell)} size={14} />
            <Text class="name">{cell.check}</Text>
          </li>
        ))}
    </ul>
  </div>
);
