// The organization as a treemap: box size is the number of instances, colours are outcomes. The table below has the
// same content.

import { hierarchy, treemap, treemapSquarify } from "d3-hierarchy";
import { ChevronRight, Lock } from "lucide-preact";
import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { count, percent, plural } from "../model/format";
import { kindName, type Organization, type OrgNode, pathTo, withoutAccess, worst } from "../model/organization";
import { countOf, OUTCOMES, outcomeText, succeeded, urgency } from "../model/outcomes";
import { href, type Route, replaceRoute, withParams } from "../model/route";
import { Sorter } from "../model/sorting";
import { countsText, OutcomeBar, OutcomeIcon, presentOutcomes } from "../parts/outcome";
import { Section } from "../parts/panel";
import { type Column, Table, useRows } from "../parts/table";
import { Id, Text } from "../parts/text";

/** Returns the link of a box: into the box, or for a Region to its instances. */
function linkTo(node: OrgNode): string {
  if (node.kind !== "region") return href("map", { at: node.key });
  const [account, region] = node.key.split("/");
  return href("instances", { account, region });
}

/** Returns the first node below with more than one child, so that readers do not click through single units. */
const skipSingleUnits = (node: OrgNode): OrgNode => {
  const [only, ...others] = node.children;
  return only && others.length === 0 && only.kind === "ou" ? skipSingleUnits(only) : node;
};

const targetsWithoutAccess = (node: OrgNode): number => withoutAccess(node.unreached).length;

/** Returns the text of a box, for screen readers and as its tooltip. */
function boxLabel(node: OrgNode): string {
  const noAccess = targetsWithoutAccess(node);
  const targets = noAccess > 0 ? `; ${plural(noAccess, "target")} without access` : "";
  return `${kindName(node)} ${node.name}: ${countsText(node.counts)}${targets}`;
}

interface Box {
  node: OrgNode;
  /** True for an organizational unit with boxes inside. */
  group: boolean;
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Height of the head of a box, in pixels. */
const HEAD = 24;
/** Minimum size of a link, in pixels (WCAG 2.2, criterion 2.5.8). */
const TARGET = 24;
/** Returns the boxes inside a node: units and accounts are nested, an account is one box. */
const childBoxes = (node: OrgNode): OrgNode[] | null =>
  node.kind === "root" || node.kind === "ou" ? node.children : null;

/** Returns all boxes below a node. An account without instances gets a small box, so that readers do not overlook it. */
function layout(node: OrgNode, width: number, height: number): Box[] {
  const root = hierarchy<OrgNode>(node, (at) => (at === node ? at.children : childBoxes(at)));
  const leaves = root.leaves().length;
  const least = Math.max(1, node.instances / leaves / 2);
  root
    .sum((at) => (at !== node && !childBoxes(at) ? at.instances || least : 0))
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const roomy = (at: { x0: number; x1: number; y0: number; y1: number }): boolean =>
    at.x1 - at.x0 > 60 && at.y1 - at.y0 > 56;
  const laid = treemap<OrgNode>()
    .tile(treemapSquarify.ratio(1.3))
    .size([width, height])
    .paddingInner((at) => (at.depth === 0 ? 6 : 3))
    .paddingOuter((at) => (at.depth > 0 && roomy(at) ? 4 : 0))
    .paddingTop((at) => (at.depth > 0 && roomy(at) ? HEAD + 2 : 0))
    .round(true)(root);
  return laid
    .descendants()
    .slice(1)
    .map(({ data, children, x0, x1, y0, y1 }) => ({
      node: data,
      group: children !== undefined,
      left: x0,
      top: y0,
      width: x1 - x0,
      height: y1 - y0,
    }));
}

export function OrganizationMap({ node, height }: { node: OrgNode; height: number }): JSX.Element {
  const shown = skipSingleUnits(node);
  const frame = useRef<HTMLUListElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);
  const boxes = useMemo(() => (width > 0 ? layout(shown, width, height) : []), [shown, width, height]);
  return (
    <ul class="map" ref={frame} style={{ height: `${height}px` }}>
      {boxes.map((box) => (
        <li
          key={box.node.key}
          style={{ left: `${box.left}px`, top: `${box.top}px`, width: `${box.width}px`, height: `${box.height}px` }}
        >
          <MapBox box={box} />
        </li>
      ))}
    </ul>
  );
}

function MapBox({ box: { node, group, width, height } }: { box: Box }): JSX.Element {
  const noAccess = targetsWithoutAccess(node);
  const roomy = width > 60 && height > 36;
  const bad = worst(node);
  const label = boxLabel(node);
  const kind = group ? "box-group" : node.instances === 0 ? "box-empty" : width < 90 ? "box-small" : "";
  const content = (
    <>
      {roomy && (
        <span class="box-head">
          {noAccess > 0 && <Lock size={13} aria-hidden="true" />}
          {bad && urgency(bad) >= urgency("missing") && <OutcomeIcon outcome={bad} size={13} />}
          <Text>{node.name}</Text>
          {width > 120 && <span class="box-count">{count(node.instances)}</span>}
        </span>
      )}
      {!group && (
        <span class="box-fill">
          {presentOutcomes(node.counts).map(([outcome, n]) => (
            <span key={outcome} class={`fill-${outcome}`} style={{ flexGrow: n }} />
          ))}
          {node.instances === 0 && width > 100 && height > 60 && (
            <span class="box-none">{noAccess > 0 ? "No access" : "No instances"}</span>
          )}
        </span>
      )}
    </>
  );
  // Too small for a link: the box around it and the row in the table below have one.
  if (Math.min(width, height) < TARGET)
    return (
      <span class={`box ${kind}`} role="img" aria-label={label} title={label}>
        {content}
      </span>
    );
  return (
    <a class={`box ${kind}`} href={linkTo(node)} aria-label={label} title={label}>
      {content}
    </a>
  );
}

const Legend = (): JSX.Element => (
  <ul class="legend" aria-label="Colours">
    {OUTCOMES.map((outcome) => (
      <li key={outcome} title={outcomeText(outcome).meaning}>
        <span class={`swatch fill-${outcome}`} aria-hidden="true" />
        {outcomeText(outcome).label}
      </li>
    ))}
    <li title="orgpatch cannot assume its role in the account, the account is suspended, or the Region is disabled">
      <span class="swatch box-empty" aria-hidden="true" />
      No access
    </li>
  </ul>
);

const outcomeColumn = (outcome: "failed" | "unreachable" | "not-ready"): Column<OrgNode> => ({
  id: outcome,
  header: outcomeText(outcome).label,
  width: "7.5rem",
  align: "end",
  largestFirst: true,
  sort: (node) => countOf(node.counts, outcome),
  cell: (node) =>
    countOf(node.counts, outcome) > 0 ? count(countOf(node.counts, outcome)) : <span class="muted">0</span>,
});

const COLUMNS: Column<OrgNode>[] = [
  {
    id: "name",
    header: "Name",
    sort: (node) => node.name,
    cell: (node) => (
      <a class="row-link" href={linkTo(node)}>
        <Text class="name">{node.name}</Text>
        {node.kind === "account" && node.name !== node.key && <Id>{node.key}</Id>}
      </a>
    ),
  },
  {
    id: "instances",
    header: "Instances",
    width: "7rem",
    align: "end",
    largestFirst: true,
    sort: (node) => node.instances,
    cell: (node) => count(node.instances),
  },
  {
    id: "uptodate",
    header: "Up to date",
    width: "7rem",
    align: "end",
    sort: (node) => (node.instances > 0 ? succeeded(node.counts) / node.instances : undefined),
    cell: (node) => percent(succeeded(node.counts), node.instances),
  },
  outcomeColumn("failed"),
  outcomeColumn("unreachable"),
  outcomeColumn("not-ready"),
  {
    id: "no-access",
    header: "No access",
    width: "7.5rem",
    align: "end",
    largestFirst: true,
    sort: targetsWithoutAccess,
    cell: (node) =>
      targetsWithoutAccess(node) > 0 ? plural(targetsWithoutAccess(node), "target") : <span class="muted">0</span>,
  },
  { id: "outcomes", header: "Outcomes", width: "22%", cell: (node) => <OutcomeBar counts={node.counts} size="s" /> },
];

const Card = ({ node }: { node: OrgNode }): JSX.Element => (
  <div class="card">
    <a class="row-link" href={linkTo(node)}>
      <Text class="name">{node.name}</Text>
    </a>
    <span class="muted">{`${plural(node.instances, "instance")} · ${percent(succeeded(node.counts), node.instances)} up to date by this plan's rules${node.unreached.length > 0 ? ` · ${plural(node.unreached.length, "target")} not reached` : ""}`}</span>
    <OutcomeBar counts={node.counts} size="s" />
  </div>
);

export function MapView({ organization, route }: { organization: Organization; route: Route }): JSX.Element {
  const node = skipSingleUnits(organization.byKey.get(route.params.get("at") ?? "") ?? organization.root);
  const sorter = useMemo(
    () =>
      new Sorter(
        [...node.children].sort(
          (a, b) => b.instances - a.instances || targetsWithoutAccess(b) - targetsWithoutAccess(a),
        ),
        COLUMNS,
      ),
    [node],
  );
  const sort = route.params.get("sort");
  const rows = useRows(sorter, sort);
  return (
    <Section whole id="map" title="Organization" note="Box size: number of instances. Select a box to open it.">
      <Crumbs node={node} />
      {rows.length > 0 && (
        <>
          <OrganizationMap node={node} height={Math.min(520, Math.max(300, Math.round(innerHeight * 0.5)))} />
          <Legend />
        </>
      )}
      <Table
        caption={`Contents of ${node.name}`}
        columns={COLUMNS}
        rows={rows}
        keyOf={(child) => child.key}
        sort={sort}
        onSort={(sort) => replaceRoute(withParams(route, { sort }))}
        card={(child) => <Card node={child} />}
        cardHeight={92}
        empty="The run has no targets."
      />
    </Section>
  );
}

function Crumbs({ node }: { node: OrgNode }): JSX.Element {
  return (
    <nav aria-label="Path in the organization">
      <ol class="crumbs">
        {pathTo(node).map((at) => (
          <li key={at.key}>
            {at === node ? (
              <span aria-current="location">
                <Text>{at.name}</Text>
                <span class="muted">{` ${plural(at.instances, "instance")}`}</span>
              </span>
            ) : (
              <>
                <a href={href("map", { at: at.key })}>
                  <Text>{at.name}</Text>
                </a>
                <ChevronRight size={14} aria-hidden="true" />
              </>
            )}
          </li>
        ))}
      </ol>
      {node.kind !== "root" && (
        <a
          class="more"
          href={
            node.kind === "ou" ? href("instances", { ou: node.key.slice(3) }) : href("instances", { account: node.key })
          }
        >
          Show instances
        </a>
      )}
    </nav>
  );
}
