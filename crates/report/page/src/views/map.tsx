// The organization as boxes in boxes: as large as their number of instances, coloured by what became of them. Below
// stands the same as a table.

import { hierarchy, treemap, treemapSquarify } from "d3-hierarchy";
import { ChevronRight, Lock } from "lucide-preact";
import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { count, percent, plural } from "../model/format";
import { Order } from "../model/order";
import { kindName, notEntered, type Organization, type OrgNode, pathTo, worst } from "../model/organization";
import { OUTCOMES, of, outcomeWords, pressing, succeeded } from "../model/outcomes";
import { changed, href, type Route, replace } from "../model/route";
import { OutcomeBar, present, Sign, sentence } from "../parts/outcome";
import { Section } from "../parts/panel";
import { type Column, Table, useRows } from "../parts/table";
import { Id, T } from "../parts/text";

/** Where a box leads: into it, or for a Region to its instances. */
function linkTo(node: OrgNode): string {
  if (node.kind !== "region") return href("map", { at: node.key });
  const [account, region] = node.key.split("/");
  return href("instances", { account, region });
}

/** A node with one child only is shown as that child: nobody wants to click through single boxes. */
const into = (node: OrgNode): OrgNode => {
  const [only, ...others] = node.children;
  return only && others.length === 0 && only.kind === "ou" ? into(only) : node;
};

const lockedIn = (node: OrgNode): number => notEntered(node.unreached).length;

/** The sentence that says what a box shows. */
function words(node: OrgNode): string {
  const locked = lockedIn(node);
  const targets = locked > 0 ? `; ${plural(locked, "target")} not entered` : "";
  return `${kindName(node)} ${node.name}: ${sentence(node.counts)}${targets}`;
}

interface Box {
  node: OrgNode;
  /** True for an organizational unit that has its own boxes inside. */
  group: boolean;
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Height of the head of a box. */
const HEAD = 24;
/** What can be hit with a finger, in pixels (WCAG 2.2, 2.5.8). */
const TARGET = 24;
/** Organizational units and accounts in each other; in an account its Regions. */
const inside = (node: OrgNode): OrgNode[] | null => (node.kind === "root" || node.kind === "ou" ? node.children : null);

/** All boxes below a node. An account without an instance still gets a small one: it must not be overlooked. */
function layout(node: OrgNode, width: number, height: number): Box[] {
  const root = hierarchy<OrgNode>(node, (at) => (at === node ? at.children : inside(at)));
  const leaves = root.leaves().length;
  const least = Math.max(1, node.instances / leaves / 2);
  root
    .sum((at) => (at !== node && !inside(at) ? at.instances || least : 0))
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
  const shown = into(node);
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
  const locked = lockedIn(node);
  const roomy = width > 60 && height > 36;
  const bad = worst(node);
  const label = words(node);
  const kind = group ? "box-group" : node.instances === 0 ? "box-empty" : width < 90 ? "box-small" : "";
  const content = (
    <>
      {roomy && (
        <span class="box-head">
          {locked > 0 && <Lock size={13} aria-hidden="true" />}
          {bad && pressing(bad) >= pressing("missing") && <Sign outcome={bad} size={13} />}
          <T>{node.name}</T>
          {width > 120 && <span class="box-count">{count(node.instances)}</span>}
        </span>
      )}
      {!group && (
        <span class="box-fill">
          {present(node.counts).map(([outcome, n]) => (
            <span key={outcome} class={`fill-${outcome}`} style={{ flexGrow: n }} />
          ))}
          {node.instances === 0 && width > 100 && height > 60 && (
            <span class="box-none">{locked > 0 ? "Not entered" : "No instances"}</span>
          )}
        </span>
      )}
    </>
  );
  // Too small to be hit: the box around it, or its line in the table below, leads to it.
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
      <li key={outcome} title={outcomeWords(outcome).meaning}>
        <span class={`swatch fill-${outcome}`} aria-hidden="true" />
        {outcomeWords(outcome).label}
      </li>
    ))}
    <li title="The account lets nobody in, is suspended, or has no such Region">
      <span class="swatch box-empty" aria-hidden="true" />
      Not entered
    </li>
  </ul>
);

const numbers = (outcome: "failed" | "unreachable" | "not-ready"): Column<OrgNode> => ({
  id: outcome,
  header: outcomeWords(outcome).label,
  width: "7.5rem",
  align: "end",
  largestFirst: true,
  sort: (node) => of(node.counts, outcome),
  cell: (node) => (of(node.counts, outcome) > 0 ? count(of(node.counts, outcome)) : <span class="muted">0</span>),
});

const COLUMNS: Column<OrgNode>[] = [
  {
    id: "name",
    header: "Name",
    sort: (node) => node.name,
    cell: (node) => (
      <a class="row-link" href={linkTo(node)}>
        <T class="name">{node.name}</T>
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
  numbers("failed"),
  numbers("unreachable"),
  numbers("not-ready"),
  {
    id: "locked",
    header: "Not entered",
    width: "7.5rem",
    align: "end",
    largestFirst: true,
    sort: lockedIn,
    cell: (node) => (lockedIn(node) > 0 ? plural(lockedIn(node), "target") : <span class="muted">0</span>),
  },
  { id: "outcomes", header: "Outcomes", width: "22%", cell: (node) => <OutcomeBar counts={node.counts} size="s" /> },
];

const Card = ({ node }: { node: OrgNode }): JSX.Element => (
  <div class="card">
    <a class="row-link" href={linkTo(node)}>
      <T class="name">{node.name}</T>
    </a>
    <span class="muted">{`${plural(node.instances, "instance")} · ${percent(succeeded(node.counts), node.instances)} up to date${lockedIn(node) > 0 ? ` · ${plural(lockedIn(node), "target")} not entered` : ""}`}</span>
    <OutcomeBar counts={node.counts} size="s" />
  </div>
);

export function MapView({ organization, route }: { organization: Organization; route: Route }): JSX.Element {
  const node = into(organization.byKey.get(route.params.get("at") ?? "") ?? organization.root);
  const order = useMemo(
    () =>
      new Order(
        [...node.children].sort((a, b) => b.instances - a.instances || lockedIn(b) - lockedIn(a)),
        COLUMNS,
      ),
    [node],
  );
  const sort = route.params.get("sort");
  const rows = useRows(order, sort);
  return (
    <Section
      whole
      id="map"
      title="Organization"
      note="Boxes are as large as their number of instances. Choose one to see what is in it."
    >
      <Crumbs node={node} />
      {rows.length > 0 && (
        <>
          <OrganizationMap node={node} height={Math.min(520, Math.max(300, Math.round(innerHeight * 0.5)))} />
          <Legend />
        </>
      )}
      <Table
        caption={`What is in ${node.name}`}
        columns={COLUMNS}
        rows={rows}
        keyOf={(child) => child.key}
        sort={sort}
        onSort={(sort) => replace(changed(route, { sort }))}
        card={(child) => <Card node={child} />}
        cardHeight={92}
        empty="The run has no targets."
      />
    </Section>
  );
}

function Crumbs({ node }: { node: OrgNode }): JSX.Element {
  return (
    <nav aria-label="Where in the organization">
      <ol class="crumbs">
        {pathTo(node).map((at) => (
          <li key={at.key}>
            {at === node ? (
              <span aria-current="location">
                <T>{at.name}</T>
                <span class="muted">{` ${plural(at.instances, "instance")}`}</span>
              </span>
            ) : (
              <>
                <a href={href("map", { at: at.key })}>
                  <T>{at.name}</T>
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
          Show its instances
        </a>
      )}
    </nav>
  );
}
