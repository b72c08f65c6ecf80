// Accounts: those that could not be entered, those outside the plan, and what was changed in their baselines.
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { baselineSentence, baselinesOnly, changeWords } from "../model/baselines";
import type { Data } from "../model/data";
import { plural, sentenceCase } from "../model/format";
import { lockedAccounts, lostAccounts, type UnreachedAccount } from "../model/organization";
import { targetWords } from "../model/outcomes";
import type { TargetReport } from "../model/report";
import { href } from "../model/route";
import { Folded, Links } from "../parts/folded";
import { Nothing, Plain, Section } from "../parts/panel";
import { Id, T } from "../parts/text";

const Account = ({ row }: { row: { accountId: string; accountName: string } }): JSX.Element => (
  <span class="two">
    <T>{row.accountName || "–"}</T>
    <Id>{row.accountId}</Id>
  </span>
);

const Why = ({ text }: { text: string }): JSX.Element => <T class="why">{sentenceCase(text)}</T>;

export const Accounts = ({ data }: { data: Data }): JSX.Element => (
  <>
    <Locked data={data} />
    <Lost data={data} />
    <Unattempted data={data} />
    <Outside data={data} />
    <Notes data={data} />
    <Baselines data={data} />
  </>
);

export function Locked({ data }: { data: Data }): JSX.Element {
  const rows = useMemo(() => lockedAccounts(data), [data]);
  return (
    <Section
      id="locked"
      title="Could not be entered"
      note="Their instances are missing from this report, unless they could be listed before."
    >
      {rows.length === 0 ? (
        <Nothing>None. Every account that was tried could be entered.</Nothing>
      ) : (
        <Unreached caption="Accounts that could not be entered" data={data} rows={rows} />
      )}
    </Section>
  );
}

/** Targets of which the run has no result, although it was there. */
export function Lost({ data }: { data: Data }): JSX.Element | null {
  const rows = useMemo(() => lostAccounts(data), [data]);
  if (rows.length === 0) return null;
  return (
    <Section
      id="lost"
      title="Results lost"
      note="The run was there, but what it did there is not recorded. Look at these instances by hand."
    >
      <Unreached caption="Accounts whose results are lost" data={data} rows={rows} />
    </Section>
  );
}

const Unreached = ({ caption, data, rows }: { caption: string; data: Data; rows: UnreachedAccount[] }): JSX.Element => (
  <Plain
    caption={caption}
    heads={["Account", "Organizational unit", "Regions", "Stage", "What", "Why"]}
    rows={rows.map((row) => ({
      key: `${row.accountId} ${row.reason.code} ${row.reason.text}`,
      cells: [
        <Account row={row} />,
        <T>{row.ouPath || "–"}</T>,
        <ul>
          {row.regions.map((region) => (
            <li key={region} class="one-line">
              <T>{region}</T>
            </li>
          ))}
        </ul>,
        <T>{data.stepLabel(row.stage, row.wave)}</T>,
        <span class="state state-failed">{targetWords(row.outcome)}</span>,
        <Why text={row.reason.text} />,
      ],
    }))}
  />
);

/** Targets that the run did not come to, as a number per stage: they are all the same. */
function Unattempted({ data }: { data: Data }): JSX.Element | null {
  const perStep = new Map<string, number>();
  for (const target of data.targets) {
    if (target.outcome !== "not-attempted") continue;
    const label = data.stepLabel(target.stage, target.wave);
    perStep.set(label, (perStep.get(label) ?? 0) + 1);
  }
  if (perStep.size === 0) return null;
  return (
    <Section
      id="unattempted"
      title="Not attempted"
      note="The run ended before it came to these targets (an account in a Region each)."
    >
      <Plain
        caption="Targets that were not attempted"
        heads={["Stage", "Targets"]}
        rows={[...perStep].map(([label, n]) => ({ key: label, cells: [<T>{label}</T>, plural(n, "target")] }))}
      />
    </Section>
  );
}

export const Outside = ({ data }: { data: Data }): JSX.Element => (
  <Section id="outside" title="Outside the plan" note="No stage works on these accounts.">
    {data.accountsOutsidePlan.length === 0 ? (
      <Nothing>None. The plan covers every account of the organization.</Nothing>
    ) : (
      <Plain
        caption="Accounts outside the plan"
        heads={["Account", "Organizational unit", "Why"]}
        rows={data.accountsOutsidePlan.map((row) => ({
          key: row.accountId,
          cells: [<Account row={row} />, <T>{row.ouPath || "–"}</T>, <Why text={row.reason.text} />],
        }))}
      />
    )}
  </Section>
);

/** What could not be seen of others who patch there, or may concern any instance: the same words are one line. */
function Notes({ data }: { data: Data }): JSX.Element | null {
  const notes = new Map<string, { text: string; targets: TargetReport[] }>();
  for (const target of data.targets) {
    for (const { code, text } of target.conflictNotes ?? []) {
      const note = notes.get(`${code} ${text}`) ?? { text, targets: [] };
      note.targets.push(target);
      notes.set(`${code} ${text}`, note);
    }
  }
  if (notes.size === 0) return null;
  return (
    <Section
      id="notes"
      title="Others who patch there"
      note="What could not be seen of them, and what of theirs may concern any instance there."
    >
      <Plain
        caption="Notes about others who patch"
        heads={["What", "Where"]}
        rows={[...notes].map(([key, { text, targets }]) => ({
          key,
          cells: [
            <Why text={text} />,
            <Folded summary={plural(targets.length, "target")}>
              {() => (
                <Links
                  of={targets}
                  label="Targets"
                  entry={(target) => (
                    <a href={href("instances", { account: target.accountId, region: target.region })}>
                      <T>{`${target.accountName || target.accountId} · ${target.region}`}</T>
                    </a>
                  )}
                />
              )}
            </Folded>,
          ],
        }))}
      />
    </Section>
  );
}

/** What was done to the patch baselines, or would be. */
function Baselines({ data }: { data: Data }): JSX.Element | null {
  const rows = data.targets.filter((target) => target.baselineChanges?.length);
  if (rows.length === 0 && !baselinesOnly(data.run)) return null;
  return (
    <Section id="baselines" title="Patch baselines" note={`${baselineSentence(data)}.`}>
      {rows.length > 0 && (
        <Plain
          caption="Changes of patch baselines"
          heads={["Account", "Region", "Changes"]}
          rows={rows.map((target) => ({
            key: `${target.accountId} ${target.region}`,
            cells: [
              <Account row={target} />,
              <T>{target.region}</T>,
              <ul class="changes">
                {(target.baselineChanges ?? [])
                  .map((change) => changeWords(change, data.run.operation === "preview-baselines"))
                  .map((words) => (
                    <li key={words}>
                      <T class="why">{words}</T>
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
