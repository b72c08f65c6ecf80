// The first view: result of the run, what needs attention, stages, the organization at a glance, timeline.
import { FileQuestion, Lock, type LucideIcon } from "lucide-preact";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { type AttentionGroup, attentionGroups } from "../model/attention";
import { baselinesOnly } from "../model/baselines";
import type { Data } from "../model/data";
import { duration, plural, sentenceCase, utc } from "../model/format";
import { leftOutGroups } from "../model/left-out";
import type { Loading } from "../model/loading";
import { accountsWithLostResults, type Organization } from "../model/organization";
import { outcomeText } from "../model/outcomes";
import { href } from "../model/route";
import { accessOf } from "../model/seen";
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
        <LeftOut data={data} />
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
  const access = useMemo(() => accessOf(data), [data]);
  const lost = useMemo(() => accountsWithLostResults(data), [data]);
  if (groups.length === 0 && access.closed.size === 0 && access.inPart.size === 0 && lost.length === 0) {
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
  const isShared = ({ outcome, code }: AttentionGroup): boolean =>
    groups.filter((other) => other.outcome === outcome && other.code === code).length > 1;
  return (
    <Section id="attention" title="Needs attention" note="Grouped by reason, most urgent first.">
      <ol class="attention-list">
        {groups.map((group) => (
          <AttentionItem
            key={`${group.outcome} ${group.code} ${group.kind}`}
            to={href("instances", {
              outcome: group.outcome,
              reason: group.code,
              kind: isShared(group) ? group.kind : null,
            })}
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
          accounts={access.closed}
          Icon={Lock}
          title="Accounts that orgpatch could not access"
          details="Their instances are not in this report."
        />
        <UnreachedAccounts
          accounts={access.inPart}
          Icon={Lock}
          title="Accounts that orgpatch could access in some Regions only"
          details="The instances of the other Regions are not in this report."
        />
        <UnreachedAccounts
          accounts={new Set(lost.map((row) => row.accountId))}
          Icon={FileQuestion}
          title="Accounts with errors or lost results"
          details="AWS rejected a call or did not answer, or the result was lost. The reasons say which."
        />
      </ol>
    </Section>
  );
}

/** The instances to which nothing was sent although the plan selects them: each reason leads to who they are. */
function LeftOut({ data }: { data: Data }): JSX.Element | null {
  const groups = useMemo(() => leftOutGroups(data), [data]);
  if (groups.length === 0) return null;
  return (
    <Section id="left-out" title="Left out" note="Nothing was sent to these instances, although the plan selects them.">
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
            {group.otherTexts > 0 && <span class="muted">and {plural(group.otherTexts, "similar reason")}</span>}
          </AttentionItem>
        ))}
      </ol>
    </Section>
  );
}

function UnreachedAccounts(props: {
  accounts: Set<string>;
  Icon: LucideIcon;
  title: string;
  details: string;
}): JSX.Element | null {
  const { accounts, Icon, title, details } = props;
  if (accounts.size === 0) return null;
  return (
    <AttentionItem
      to={href("accounts")}
      sign={<Icon class="sign tone-failed" size={20} aria-hidden="true" />}
      n={accounts.size}
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
