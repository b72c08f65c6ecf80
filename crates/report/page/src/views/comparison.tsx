// What changed since the plan's previous run: newly failing, fixed, new and gone instances.
import type { JSX } from "preact";
import { CHANGES, type Change, changeName } from "../model/changes";
import type { Data } from "../model/data";
import { plural } from "../model/format";
import { outcomeText } from "../model/outcomes";
import { href } from "../model/route";
import { Collapsible, LinkList } from "../parts/folded";
import { Section } from "../parts/panel";
import { Text } from "../parts/text";

export function Changes({ data }: { data: Data }): JSX.Element | null {
  const { comparison } = data;
  if (!comparison) return null;
  const stages = comparison.stages ?? [];
  const only =
    stages.length > 0 ? `, compared in ${stages.length === 1 ? "stage" : "the stages"} ${stages.join(", ")} only` : "";
  return (
    <Section id="changes" title="Since the previous run" note={<Text>{`${comparison.runId}${only}`}</Text>}>
      <ul class="framed promotion" aria-label="Changed instances">
        {CHANGES.map((change) => {
          const instances = comparison[change];
          const sentence = `${plural(instances.length, "instance")} ${changeName(change).toLowerCase()}`;
          return (
            <li key={change}>
              {instances.length === 0 ? (
                sentence
              ) : (
                <Collapsible summary={sentence} printed>
                  {() => <Changed data={data} change={change} label={sentence} />}
                </Collapsible>
              )}
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

function Changed({ data, change, label }: { data: Data; change: Change; label: string }): JSX.Element {
  const outcomeLabel = (outcome: string | null | undefined): string =>
    outcome ? outcomeText(outcome).label : "absent";
  return (
    <>
      <LinkList
        of={data.comparison?.[change] ?? []}
        label={label}
        entry={(one) => (
          <>
            {data.byId.has(one.instanceId) ? (
              <a href={href("instances", { i: one.instanceId })}>
                <Text>{one.name || one.instanceId}</Text>
              </a>
            ) : (
              <Text>{one.name || one.instanceId}</Text>
            )}{" "}
            <span class="muted">
              {outcomeLabel(one.before)} → {outcomeLabel(one.now)}
            </span>
          </>
        )}
      />
      {change !== "gone" && (
        <a class="more" href={href("instances", { change })}>
          Show in the instance table
        </a>
      )}
    </>
  );
}
