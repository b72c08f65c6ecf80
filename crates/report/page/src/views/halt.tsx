// What people need first after a halt: what to look at, whether later stages were touched, and how to go on. The sentences are
// those of report.json, so that page, mail and summary say the same.
import type { JSX } from "preact";
import type { Data } from "../model/data";
import { stageValue } from "../model/filter";
import { plural, sentenceCase } from "../model/format";
import { outcomeText, targetOutcomeLabel } from "../model/outcomes";
import type { HaltReport } from "../model/report";
import { href } from "../model/route";
import { Id, Text } from "../parts/text";

export function Halt({ data, halt }: { data: Data; halt: HaltReport }): JSX.Element {
  const moreInstances = halt.allInstances - halt.instances.length;
  const moreTargets = halt.allTargets - halt.targets.length;
  return (
    <div class="halt" data-halt={halt.step}>
      <ul class="halt-list" aria-label="What to look at">
        {halt.targets.map((target) => (
          <li key={`${target.accountId}/${target.region}`}>
            <a href={href("accounts")}>
              <Text>{target.accountName || target.accountId}</Text>
            </a>{" "}
            <Id>{target.accountId}</Id> <Text>{target.region}</Text>
            <Text class="halt-why">{`${targetOutcomeLabel(target.outcome)}. ${sentenceCase(target.reason.text)}`}</Text>
          </li>
        ))}
        {moreTargets > 0 && (
          <li>
            <a href={href("accounts")}>{`and ${plural(moreTargets, "more target")}`}</a>
          </li>
        )}
        {halt.instances.map((row) => (
          <li key={row.instanceId}>
            <a href={href("instances", { i: row.instanceId })}>
              <Text>{row.name || row.instanceId}</Text>
            </a>{" "}
            {row.name && (
              <span class="roomy">
                <Id>{row.instanceId}</Id>{" "}
              </span>
            )}
            in <Text>{row.accountName || row.accountId}</Text>{" "}
            <span class="roomy">
              <Id>{row.accountId}</Id>{" "}
            </span>
            <Text>{row.region}</Text>
            <Text class="halt-why">{`${outcomeText(row.outcome).label}. ${sentenceCase(row.reason.text)}`}</Text>
          </li>
        ))}
        {moreInstances > 0 && (
          <li>
            <a href={all(data, halt)}>{`and ${plural(moreInstances, "more instance")}`}</a>
          </li>
        )}
      </ul>
      <p>
        <Text>{halt.laterSteps}</Text>
      </p>
      <p class="halt-head">What to do</p>
      <ol class="halt-steps">
        {halt.whatToDo.map((sentence) => (
          <li key={sentence}>
            <Text>{sentence}</Text>
          </li>
        ))}
      </ol>
      {/* A long command wraps, so that it can be read and copied on a phone. */}
      {halt.command && <pre class="command">{halt.command}</pre>}
    </div>
  );
}

/** Returns the link to all instances because of which the gate halted: of its step, and with their outcome if they have the same. */
function all({ steps }: Data, halt: HaltReport): string {
  const step = steps.find(({ id }) => id === halt.step);
  const outcomes = new Set(halt.instances.map(({ outcome }) => outcome));
  return href("instances", {
    stage: step ? stageValue(step.stage, step.wave) : null,
    outcome: outcomes.size === 1 ? [...outcomes] : null,
  });
}
