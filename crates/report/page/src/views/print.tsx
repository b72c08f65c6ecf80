// The printed page: everything that needs attention, without filters and links into details.
import type { JSX } from "preact";
import type { Data } from "../model/data";
import { osName, plural, sentenceCase } from "../model/format";
import type { Organization } from "../model/organization";
import { NEEDS_ATTENTION, OUTCOMES, urgency } from "../model/outcomes";
import { OutcomeChip } from "../parts/outcome";
import { PlainTable, Section } from "../parts/panel";
import { Id, Text } from "../parts/text";
import { AccountsOutsidePlan, AccountsWithoutAccess, LostResults } from "./accounts";
import { Overview } from "./overview";

/** Maximum number of printed instances; the page on the screen has all of them. */
const PRINTED = 1000;

export function Print({ data, organization }: { data: Data; organization: () => Organization }): JSX.Element {
  const rows = data.instances
    .filter((row) => NEEDS_ATTENTION.includes(row.outcome) || !OUTCOMES.includes(row.outcome))
    .sort((a, b) => urgency(b.outcome) - urgency(a.outcome));
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
          <PlainTable
            caption="Instances that need attention"
            heads={["Instance", "Outcome", "Reason", "Account", "Stage and system"]}
            rows={rows.slice(0, PRINTED).map((row) => ({
              key: row.instanceId,
              cells: [
                <span class="two">
                  <Text>{row.name || "–"}</Text>
                  <Id>{row.instanceId}</Id>
                </span>,
                <OutcomeChip outcome={row.outcome} />,
                <Text class="why">{sentenceCase(row.reason.text)}</Text>,
                <span class="two">
                  <Text>{row.accountName || row.accountId}</Text>
                  <Text class="muted">{row.region}</Text>
                </span>,
                <span class="two">
                  <Text>{data.stepLabel(row.stage, row.wave)}</Text>
                  <Text class="muted">{osName(row.os)}</Text>
                </span>,
              ],
            }))}
          />
        </Section>
      )}
      <AccountsWithoutAccess data={data} />
      <LostResults data={data} />
      <AccountsOutsidePlan data={data} />
    </>
  );
}
