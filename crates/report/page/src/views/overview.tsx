// The page that opens first: the answer, what needs somebody, the stages, the organization at a glance, the time.
import { FileQuestion, Lock, type LucideIcon } from "lucide-preact";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { troubles } from "../model/attention";
import { baselinesOnly } from "../model/baselines";
import type { Data } from "../model/data";
import { duration, plural, sentenceCase, utc } from "../model/format";
import { lockedAccounts, lostAccounts, type Organization, type UnreachedAccount } from "../model/organization";
import { outcomeWords } from "../model/outcomes";
import { href } from "../model/route";
import { timeline } from "../model/timeline";
import { Sign } from "../parts/outcome";
import { Nothing, Section } from "../parts/panel";
import { T, Time } from "../parts/text";
import { Trouble } from "../parts/trouble";
import { Answer } from "./answer";
import { Changes } from "./comparison";
import { OrganizationMap } from "./map";
import { Others } from "./others";
import { Stages } from "./stages";

export const Overview = ({ data, organization }: { data: Data; organization: Organization }): JSX.Element => (
  <>
    <Answer data={data} />
    <Attention data={data} />
    <Others data={data} />
    <Changes data={data} />
    <Stages data={data} />
    {data.instances.length > 0 && (
      <Section
        id="glance"
        title="Organization"
        note={
          <>
            Each box is as large as its number of instances.{" "}
            <span class="screen">
              <a href={href("map")}>Open the map</a> to drill down.
            </span>
          </>
        }
      >
        <OrganizationMap node={organization.root} height={260} />
      </Section>
    )}
    <When data={data} />
  </>
);

function Attention({ data }: { data: Data }): JSX.Element | null {
  const groups = useMemo(() => troubles(data), [data]);
  const locked = useMemo(() => lockedAccounts(data), [data]);
  const lost = useMemo(() => lostAccounts(data), [data]);
  if (groups.length === 0 && locked.length === 0 && lost.length === 0) {
    if (baselinesOnly(data.run)) return null;
    return (
      <Section id="attention" title="Needs attention">
        {data.instances.length === 0 ? (
          <Nothing>No instance is in this report, so nothing can be said of any.</Nothing>
        ) : (
          <p class="nothing good">Nothing. No instance is in trouble, and every account could be entered.</p>
        )}
      </Section>
    );
  }
  return (
    <Section id="attention" title="Needs attention" note="Grouped by reason, most pressing first.">
      <ol class="troubles">
        {groups.map((group) => (
          <Trouble
            key={`${group.outcome} ${group.code}`}
            to={href("instances", { outcome: group.outcome, reason: group.code })}
            sign={<Sign outcome={group.outcome} size={20} />}
            n={group.count}
            title={outcomeWords(group.outcome).label}
          >
            <T class="clamp">{sentenceCase(group.text)}</T>
            <span class="muted">
              {[
                [...group.stages].slice(0, 3).join("; ") + (group.stages.size > 3 ? " …" : ""),
                plural(group.accounts.size, "account"),
                ...(group.otherTexts > 0 ? [`and ${plural(group.otherTexts, "similar reason")}`] : []),
              ].join(" · ")}
            </span>
          </Trouble>
        ))}
        <Unreached
          rows={locked}
          Icon={Lock}
          title="Accounts that could not be entered"
          what="What could not be listed there before is missing from this report."
        />
        <Unreached
          rows={lost}
          Icon={FileQuestion}
          title="Accounts whose results are lost"
          what="The run was there, but what it did there is not recorded."
        />
      </ol>
    </Section>
  );
}

function Unreached(props: {
  rows: UnreachedAccount[];
  Icon: LucideIcon;
  title: string;
  what: string;
}): JSX.Element | null {
  const { rows, Icon, title, what } = props;
  if (rows.length === 0) return null;
  const accounts = new Set(rows.map((row) => row.accountId)).size;
  return (
    <Trouble
      to={href("accounts")}
      sign={<Icon class="sign tone-failed" size={20} aria-hidden="true" />}
      n={accounts}
      title={title}
    >
      <span>{what}</span>
    </Trouble>
  );
}

/** When each step ran. Without the steps' times there is nothing that the answer does not say already. */
function When({ data }: { data: Data }): JSX.Element | null {
  const { from, to, spans } = useMemo(() => timeline(data), [data]);
  if (spans.length === 0) return null;
  const place = (at: number): string => `${(100 * (at - from)) / Math.max(to - from, 1)}%`;
  return (
    <Section id="timeline" title="Timeline" note={`${duration(data.run.startedAt, data.run.finishedAt)} in all`}>
      <ol class="timeline">
        {spans.map((span) => (
          <li key={`${span.kind} ${span.label}`} class={`row-${span.kind}`}>
            <T class="span-name">{span.label}</T>
            <span class="track" aria-hidden="true">
              <span
                class={`span span-${span.decision ?? "wait"}`}
                style={{ left: place(span.from), right: `calc(100% - ${place(span.to)})` }}
              />
            </span>
            <span class="span-time">
              {utc(span.from)}
              <span class="muted"> for {duration(span.from, span.to)}</span>
            </span>
          </li>
        ))}
      </ol>
      <p class="timeline-ends">
        <Time at={data.run.startedAt} />
        <Time at={data.run.finishedAt} />
      </p>
    </Section>
  );
}
