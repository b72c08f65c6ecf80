// What changed since the run of the plan before: newly failing, fixed, new and gone instances.
import type { JSX } from "preact";
import { CHANGES, type Change, changeName } from "../model/changes";
import type { Data } from "../model/data";
import { plural } from "../model/format";
import { outcomeWords } from "../model/outcomes";
import { href } from "../model/route";
import { Folded, Links } from "../parts/folded";
import { Section } from "../parts/panel";
import { T } from "../parts/text";

export function Changes({ data }: { data: Data }): JSX.Element | null {
  const { comparison } = data;
  if (!comparison) return null;
  return (
    <Section id="changes" title="Since the run before" note={<T>{comparison.runId}</T>}>
      <ul class="framed promotion" aria-label="Instances by what changed">
        {CHANGES.map((change) => {
          const instances = comparison[change];
          const sentence = `${plural(instances.length, "instance")} ${changeName(change).toLowerCase()}`;
          return (
            <li key={change}>
              {instances.length === 0 ? (
                sentence
              ) : (
                <Folded summary={sentence} printed>
                  {() => <Changed data={data} change={change} label={sentence} />}
                </Folded>
              )}
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

function Changed({ data, change, label }: { data: Data; change: Change; label: string }): JSX.Element {
  const outcome = (word: string | null | undefined): string => (word ? outcomeWords(word).label : "not there");
  return (
    <>
      <Links
        of={data.comparison?.[change] ?? []}
        label={label}
        entry={(one) => (
          <>
            {data.byId.has(one.instanceId) ? (
              <a href={href("instances", { i: one.instanceId })}>
                <T>{one.name || one.instanceId}</T>
              </a>
            ) : (
              <T>{one.name || one.instanceId}</T>
            )}{" "}
            <span class="muted">
              {outcome(one.before)} → {outcome(one.now)}
            </span>
          </>
        )}
      />
      {change !== "gone" && (
        <a class="more" href={href("instances", { change })}>
          Show them in the table of instances
        </a>
      )}
    </>
  );
}
