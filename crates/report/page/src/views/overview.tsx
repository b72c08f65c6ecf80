// The first view: result of the run, what needs attention, stages, the organization at a glance, timeline.
import { FileQuestion, Lock, type LucideIcon } from "lucide-preact";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { attentionGroups } from "../model/attention";
import { baselinesOnly } from "../model/baselines";
import type { Data } from "../model/data";
import { duration, plural, sentenceCase, utc } from "../model/format";
import type { Loading } from "../model/loading";
import {
  accountsWithLostResults,
  accountsWithoutAccess,
  type Organization,
  type UnreachedAccount,
} from "../model/organization";
import { outcomeText } from "../model/outcomes";
import { href } from "../model/route";
import { timeline } from "../model/timeline";
import { AttentionItem } from "../parts/attention-item";
import { LoadingNote } from "../parts/loading";
import { OutcomeIcon } from "../parts/outcome";
import { Empty, Section } from "../parts/panel";
import { ReasonAction } from "../parts/reason";
import { Text, Time } from "../parts/text";
import { Changes } from "./comparison";
import { CompetingPatchers } from "./competing-patchers";
import { OrganizationMap } from "./map";
import { RunResult } from "./run-result";
import { Stages } from "./stages";

interface Props {
  data: Data;
  organization: () => Organization;
  /** Set while the instances are loaded. */
  loading?: Loading;
}

export const Overview = ({ data, organization, loading }: Props): JSX.Element => (
  <>
    <RunResult data={data} loading={loading} />
    {loading ? (
      <Section id="attention" title="Needs attention">
        <LoadingNote loading={loading} />
      </Section>
    ) : (
      <>
        <Attention data={data} />
        <CompetingPatchers data={data} />
      </>
    )}
    <Changes data={data} />
    <Stages data={data} />
    {loading && (
      <Section id="glance" title="Organization">
        <LoadingNote loading={loading} />
      </Section>
    )}
    {data.instances.length > 0 && (
      <Section
        id="glance"
        title="Organization"
        note={
          <>
            Box size: number of instances.{" "}
            <span class="screen">
              <a href={href("map")}>Open the map</a> to drill down.
            </span>
          </>
        }
      >
        <OrganizationMap node={organization().root} height={260} />
      </Section>
    )}
    <Timeline data={data} />
  </>
);

function Attention({ data }: { data: Data }): JSX.Element | null {
  const groups = useMemo(() => attentionGroups(data), [data]);
  const noAccess = useMemo(() => accountsWithoutAccess(data), [data]);
  const lost = useMemo(() => accountsWithLostResults(data), [data]);
  if (groups.length === 0 && noAccess.length === 0 && lost.length === 0) {
    if (baselinesOnly(data.run)) return null;
    return (
      <Section id="attention" title="Needs attention">
        {data.instances.length === 0 ? (
          <Empty>This report has no instances.</Empty>
        ) : (
          <p class="nothing good">No instance needs attention, and orgpatch could access every account.</p>
        )}
      </Section>
    );
  }
  return (
    <Section id="attention" title="Needs attention" note="Grouped by reason, most urgent first.">
      <ol class="attention-list">
        {groups.map((group) => (
          <AttentionItem
            key={`${group.outcome} ${group.code}`}
            to={href("instances", { outcome: group.outcome, reason: group.code })}
            sign={<OutcomeIcon outcome={group.outcome} size={20} />}
            n={group.count}
            title={outcomeText(group.outcome).label}
          >
            <Text class="clamp">{sentenceCase(group.text)}</Text>
            <ReasonAction code={group.code} />
            <span class="muted">
              {[
                [...group.stages].slice(0, 3).join("; ") + (group.stages.size > 3 ? " …" : ""),
                plural(group.accounts.size, "account"),
                ...(group.otherTexts > 0 ? [`and ${plural(group.otherTexts, "similar reason")}`] : []),
              ].join(" · ")}
            </span>
          </AttentionItem>
        ))}
        <UnreachedAccounts
          rows={noAccess}
          Icon={Lock}
          title="Accounts that orgpatch could not access"
          details="Their instances are not in this report."
        />
        <UnreachedAccounts
          rows={lost}
          Icon={FileQuestion}
          title="Accounts with lost results"
          details="orgpatch began work there, but recorded no result."
        />
      </ol>
    </Section>
  );
}

function UnreachedAccounts(props: {
  rows: UnreachedAccount[];
  Icon: LucideIcon;
  title: string;
  details: string;
}): JSX.Element | null {
  const { rows, Icon, title, details } = props;
  if (rows.length === 0) return null;
  const accounts = new Set(rows.map((row) => row.accountId)).size;
  return (
    <AttentionItem
      to={href("accounts")}
      sign={<Icon class="sign tone-failed" size={20} aria-hidden="true" />}
      n={accounts}
      title={title}
    >
      <span>{details}</span>
    </AttentionItem>
  );
}

/** The timeline of the steps; nothing if the report has no times of steps. */
function Timeline({ data }: { data: Data }): JSX.Element | null {
  const { from, to, spans } = useMemo(() => timeline(data), [data]);
  if (spans.length === 0) return null;
  const place = (at: number): string => `${(100 * (at - from)) / Math.max(to - from, 1)}%`;
  return (
    <Section id="timeline" title="Timeline" note={`${duration(data.run.startedAt, data.run.finishedAt)} in total`}>
      <ol class="timeline">
        {spans.map((span) => (
          <li key={`${span.kind} ${span.label}`} class={`row-${span.kind}`}>
            <Text class="span-name">{span.label}</Text>
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
