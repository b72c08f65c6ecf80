// Accounts: without access, with lost results, not attempted, outside the plan; notes and changes of baselines by account.
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { baselineSentence, baselinesOnly, changeText, onlyCompares } from "../model/baselines";
import type { Data } from "../model/data";
import { plural, sentenceCase } from "../model/format";
import { accountsWithLostResults, accountsWithoutAccess, type UnreachedAccount } from "../model/organization";
import { targetOutcomeLabel } from "../model/outcomes";
import type { Reason, TargetReport } from "../model/report";
import { href } from "../model/route";
import { accessOf } from "../model/seen";
import { Collapsible, LinkList } from "../parts/folded";
import { Empty, PlainTable, Section } from "../parts/panel";
import { ReasonAction } from "../parts/reason";
import { Id, Text } from "../parts/text";

const Account = ({ row }: { row: { accountId: string; accountName: string } }): JSX.Element => (
  <span class="two">
    <Text>{row.accountName || "–"}</Text>
    <Id>{row.accountId}</Id>
  </span>
);

const ReasonText = ({ reason: { code, text } }: { reason: Reason }): JSX.Element => (
  <span class="reason">
    <Text class="why">{sentenceCase(text)}</Text>
    <ReasonAction code={code} />
  </span>
);

export const Accounts = ({ data }: { data: Data }): JSX.Element => (
  <>
    <AccountsWithoutAccess data={data} />
    <LostResults data={data} />
    <NotAttempted data={data} />
    <AccountsOutsidePlan data={data} />
    <ConflictNotes data={data} />
    <BaselineChanges data={data} />
  </>
);

export function AccountsWithoutAccess({ data }: { data: Data }): JSX.Element {
  const rows = useMemo(() => accountsWithoutAccess(data), [data]);
  return (
    <Section
      id="no-access"
      title="No access"
      note="orgpatch could not access these accounts. Their instances are not in this report, unless orgpatch listed them before it lost access."
    >
      {rows.length === 0 ? (
        <Empty>None. orgpatch could access every account that it tried.</Empty>
      ) : (
        <UnreachedAccounts caption="Accounts that orgpatch could not access" data={data} rows={rows} />
      )}
    </Section>
  );
}

/** Targets on which orgpatch could not work, and those whose result is lost. */
export function LostResults({ data }: { data: Data }): JSX.Element | null {
  const rows = useMemo(() => accountsWithLostResults(data), [data]);
  if (rows.length === 0) return null;
  return (
    <Section
      id="lost"
      title="Errors and lost results"
      note="orgpatch could not work in these accounts, or their result was lost. Where it was lost, check the instances yourself."
    >
      <UnreachedAccounts caption="Accounts with lost results" data={data} rows={rows} />
    </Section>
  );
}

const UnreachedAccounts = ({
  caption,
  data,
  rows,
}: {
  caption: string;
  data: Data;
  rows: UnreachedAccount[];
}): JSX.Element => {
  const { inPart } = accessOf(data);
  return (
    <PlainTable
      caption={caption}
      heads={["Account", "Organizational unit", "Regions", "Stage", "Outcome", "Reason"]}
      rows={rows.map((row) => ({
        key: `${row.accountId} ${row.stage} ${row.reason.code} ${row.reason.text}`,
        cells: [
          <Account row={row} />,
          <Text>{row.ouPath || "–"}</Text>,
          <>
            <ul>
              {row.regions.map((region) => (
                <li key={region} class="one-line">
                  <Text>{region}</Text>
                </li>
              ))}
            </ul>
            {inPart.has(row.accountId) && <span class="muted">other Regions could be entered</span>}
          </>,
          <Text>{data.stepLabel(row.stage, row.wave)}</Text>,
          <span class="state state-failed">{targetOutcomeLabel(row.outcome)}</span>,
          <ReasonText reason={row.reason} />,
        ],
      }))}
    />
  );
};

/** The number of targets per step that the run did not reach. */
function NotAttempted({ data }: { data: Data }): JSX.Element | null {
  const perStep = new Map<string, number>();
  for (const target of data.targets) {
    if (target.outcome !== "not-attempted") continue;
    const label = data.stepLabel(target.stage, target.wave);
    perStep.set(label, (perStep.get(label) ?? 0) + 1);
  }
  if (perStep.size === 0) return null;
  return (
    <Section
      id="not-attempted"
      title="Not attempted"
      note="The run ended before it reached these targets. A target is one account in one Region."
    >
      <PlainTable
        caption="Targets not attempted"
        heads={["Stage", "Targets"]}
        rows={[...perStep].map(([label, n]) => ({ key: label, cells: [<Text>{label}</Text>, plural(n, "target")] }))}
      />
    </Section>
  );
}

export const AccountsOutsidePlan = ({ data }: { data: Data }): JSX.Element => (
  <Section id="outside" title="Outside the plan" note="No stage of the plan includes these accounts.">
    {data.accountsOutsidePlan.length === 0 ? (
      <Empty>None. The plan covers every account of the organization.</Empty>
    ) : (
      <PlainTable
        caption="Accounts outside the plan"
        heads={["Account", "Organizational unit", "State", "Reason"]}
        rows={data.accountsOutsidePlan.map((row) => ({
          key: row.accountId,
          cells: [
            <Account row={row} />,
            <Text>{row.ouPath || "–"}</Text>,
            <Text>{row.accountState ?? "–"}</Text>,
            <ReasonText reason={row.reason} />,
          ],
        }))}
      />
    )}
  </Section>
);

/** Notes about competing patchers that concern whole targets; targets with the same note share a row. */
function ConflictNotes({ data }: { data: Data }): JSX.Element | null {
  const notes = new Map<string, { reason: Reason; targets: TargetReport[] }>();
  for (const target of data.targets) {
    for (const reason of target.conflictNotes ?? []) {
      const { code, text } = reason;
      const note = notes.get(`${code} ${text}`) ?? { reason, targets: [] };
      note.targets.push(target);
      notes.set(`${code} ${text}`, note);
    }
  }
  if (notes.size === 0) return null;
  return (
    <Section
      id="notes"
      title="Competing patchers"
      note="What orgpatch could not check, and what may affect every instance of a target."
    >
      <PlainTable
        caption="Notes on competing patchers"
        heads={["Note", "Targets"]}
        rows={[...notes].map(([key, { reason, targets }]) => ({
          key,
          cells: [
            <ReasonText reason={reason} />,
            <Collapsible summary={plural(targets.length, "target")}>
              {() => (
                <LinkList
                  of={targets}
                  label="Targets"
                  entry={(target) => (
                    <a href={href("instances", { account: target.accountId, region: target.region })}>
                      <Text>{`${target.accountName || target.accountId} · ${target.region}`}</Text>
                    </a>
                  )}
                />
              )}
            </Collapsible>,
          ],
        }))}
      />
    </Section>
  );
}

/** What the run did to patch baselines, or would do. */
function BaselineChanges({ data }: { data: Data }): JSX.Element | null {
  const rows = data.targets.filter((target) => target.baselineChanges?.length);
  if (rows.length === 0 && !baselinesOnly(data.run)) return null;
  return (
    <Section id="baselines" title="Patch baselines" note={`${baselineSentence(data)}.`}>
      {rows.length > 0 && (
        <PlainTable
          caption="Changes of patch baselines"
          heads={["Account", "Region", "Stage", "Changes"]}
          rows={rows.map((target) => ({
            key: `${target.accountId} ${target.region} ${target.stage}`,
            cells: [
              <Account row={target} />,
              <Text>{target.region}</Text>,
              <Text>{data.stepLabel(target.stage, target.wave)}</Text>,
              <ul class="changes">
                {(target.baselineChanges ?? [])
                  .map((change) => changeText(change, onlyCompares(data.run)))
                  .map((text) => (
                    <li key={text}>
                      <Text class="why">{text}</Text>
                    </li>
                  ))}
              </ul>,
            ],
          }))}
        />
      )}
    </Section>
  );
}
