// Accounts: those that could not be entered, those outside the plan, and what was changed in their baselines.
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Data } from "../model/data";
import { plural } from "../model/format";
import { lockedAccounts } from "../model/organization";
import { targetWords } from "../model/outcomes";
import { own } from "../model/own";
import type { BaselineChange } from "../model/report";
import { Nothing, Plain, Section } from "../parts/panel";
import { Id, T } from "../parts/text";
import { sentenceCase } from "./answer";

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
    <Unattempted data={data} />
    <Outside data={data} />
    <Baselines data={data} />
  </>
);

export function Locked({ data }: { data: Data }): JSX.Element {
  const rows = useMemo(() => lockedAccounts(data), [data]);
  return (
    <Section id="locked" title="Could not be entered" note="Nothing is known of the instances in these accounts and Regions.">
      {rows.length === 0 ? (
        <Nothing>None. Every account that was tried could be entered.</Nothing>
      ) : (
        <Plain
          caption="Accounts that could not be entered"
          heads={["Account", "Organizational unit", "Regions", "Stage", "What", "Why"]}
          rows={rows.map((row) => ({
            key: `${row.accountId} ${row.reason.code} ${row.reason.text}`,
            cells: [
              <Account row={row} />,
              <T>{row.ouPath || "–"}</T>,
              <ul>{row.regions.map((region) => <li key={region} class="one-line"><T>{region}</T></li>)}</ul>,
              <T>{data.stepLabel(row.stage, row.wave)}</T>,
              <span class="state state-failed">{targetWords(row.outcome)}</span>,
              <Why text={row.reason.text} />,
            ],
          }))}
        />
      )}
    </Section>
  );
}

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
    <Section id="unattempted" title="Not attempted" note="The run ended before it came to these targets (an account in a Region each).">
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

function Baselines({ data }: { data: Data }): JSX.Element | null {
  const rows = data.targets.filter((target) => target.baselineChanges !== undefined);
  const changed = rows.filter((target) => target.baselineChanges?.length);
  if (rows.length === 0) return null;
  return (
    <Section
      id="baselines"
      title="Patch baselines"
      note={`Changed in ${changed.length} of ${plural(rows.length, "target")}; elsewhere they were as the plan says.`}
    >
      {changed.length > 0 && (
        <Plain
          caption="Changes of patch baselines"
          heads={["Account", "Region", "Changes"]}
          rows={changed.map((target) => ({
            key: `${target.accountId} ${target.region}`,
            cells: [
              <Account row={target} />,
              <T>{target.region}</T>,
              <ul class="changes">
                {(target.baselineChanges ?? []).map((change) => (
                  <li key={changeWords(change)}>
                    <T class="why">{changeWords(change)}</T>
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

const CHANGES: Record<string, string> = {
  create: "Created",
  update: "Updated",
  tag: "Tagged",
  "register-default": "Made the default",
  "register-for-patch-group": "Registered for a patch group",
  foreign: "Left alone, because it is not orgpatch's",
  "quota-reached": "Not created, because the quota is reached",
};

/** A change in words, whichever way the report gives it. */
export function changeWords(change: BaselineChange): string {
  if (typeof change === "string") return change;
  if (change.text) return sentenceCase(change.text);
  const what = own(CHANGES, change.change ?? "") ?? change.change ?? change.code ?? "Changed";
  const details = [nameIn(change.baseline) ?? change.name, change.operatingSystem, change.group, fields(change.fields)];
  return [what, ...details.filter((detail) => typeof detail === "string" && detail !== "")].join(" · ");
}

/** The name of a baseline in one of the shapes that changes have. */
function nameIn(baseline: unknown): string | undefined {
  if (typeof baseline === "string") return baseline;
  if (typeof baseline !== "object" || baseline === null) return undefined;
  const known = baseline as { name?: unknown; existing?: unknown; created?: unknown };
  return typeof known.name === "string" ? known.name : (nameIn(known.existing) ?? nameIn(known.created));
}

const fields = (value: unknown): string => (Array.isArray(value) ? value.map(String).join(", ") : "");
