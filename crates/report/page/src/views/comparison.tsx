// What changed since the run of the plan before: newly failing, fixed, new and gone instances.
import type { JSX } from "preact";
import type { Comparison } from "../model/report";
import type { Data } from "../model/data";
import { plural } from "../model/format";
import { outcomeWords } from "../model/outcomes";
import { href } from "../model/route";
import { Section } from "../parts/panel";
import { T } from "../parts/text";

const LISTS: [Exclude<keyof Comparison, "runId">, string][] = [
  ["newlyFailing", "newly failing"],
  ["fixed", "fixed"],
  ["new", "new"],
  ["gone", "gone"],
];

export function Changes({ data }: { data: Data }): JSX.Element | null {
  const { comparison } = data;
  if (!comparison) return null;
  return (
    <Section id="changes" title="Since the run before" note={<T>{comparison.runId}</T>}>
      <ul class="promotion changes" aria-label="Instances by what changed">
        {LISTS.map(([field, words]) => {
          const instances = comparison[field];
          const sentence = `${plural(instances.length, "instance")} ${words}`;
          if (instances.length === 0) return <li key={field}>{sentence}</li>;
          return (
            <li key={field}>
              <details>
                <summary>{sentence}</summary>
                <ul class="links">
                  {instances.map((one) => (
                    <li key={`${one.accountId} ${one.instanceId}`}>
                      {data.byId.has(one.instanceId) ? (
                        <a href={href("instances", { i: one.instanceId })}>
                          <T>{one.name ?? one.instanceId}</T>
                        </a>
                      ) : (
                        <T>{one.name ?? one.instanceId}</T>
                      )}{" "}
                      <span class="muted">
                        {one.before ? outcomeWords(one.before).label : "not there"} → {one.now ? outcomeWords(one.now).label : "not there"}
                      </span>
                    </li>
                  ))}
                </ul>
              </details>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
