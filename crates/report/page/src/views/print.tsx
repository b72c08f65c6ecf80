// What paper gets: no filters and no drilling down, but everything that has to be acted on.
import type { JSX } from "preact";
import type { Data } from "../model/data";
import { osName, plural, sentenceCase } from "../model/format";
import type { Organization } from "../model/organization";
import { OUTCOMES, pressing, TROUBLE } from "../model/outcomes";
import { OutcomeChip } from "../parts/outcome";
import { Plain, Section } from "../parts/panel";
import { Id, T } from "../parts/text";
import { Locked, Lost, Outside } from "./accounts";
import { Overview } from "./overview";

/** Paper has an end: beyond this the report itself is the place to look. */
const PRINTED = 1000;

export function Print({ data, organization }: { data: Data; organization: Organization }): JSX.Element {
  const rows = data.instances
    .filter((row) => TROUBLE.includes(row.outcome) || !OUTCOMES.includes(row.outcome))
    .sort((a, b) => pressing(b.outcome) - pressing(a.outcome));
  return (
    <>
      <Overview data={data} organization={organization} />
      {rows.length > 0 && (
        <Section
          id="printed"
          title="Instances that need attention"
          note={
            rows.length > PRINTED
              ? `The first ${PRINTED} of ${plural(rows.length, "instance")}.`
              : plural(rows.length, "instance")
          }
        >
          <Plain
            caption="Instances that need attention"
            heads={["Instance", "Outcome", "Why", "Account", "Stage and system"]}
            rows={rows.slice(0, PRINTED).map((row) => ({
              key: row.instanceId,
              cells: [
                <span class="two">
                  <T>{row.name || "–"}</T>
                  <Id>{row.instanceId}</Id>
                </span>,
                <OutcomeChip outcome={row.outcome} />,
                <T class="why">{sentenceCase(row.reason.text)}</T>,
                <span class="two">
                  <T>{row.accountName || row.accountId}</T>
                  <T class="muted">{row.region}</T>
                </span>,
                <span class="two">
                  <T>{data.stepLabel(row.stage, row.wave)}</T>
                  <T class="muted">{osName(row.os)}</T>
                </span>,
              ],
            }))}
          />
        </Section>
      )}
      <Locked data={data} />
      <Lost data={data} />
      <Outside data={data} />
    </>
  );
}
