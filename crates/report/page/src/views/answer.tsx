// The first thing that anybody wants to know: how did it end, why, and how many instances are where they should be.
import { CircleCheck, CircleX, OctagonPause } from "lucide-preact";
import type { JSX } from "preact";
import { baselineSentence, baselinesOnly } from "../model/baselines";
import type { Data } from "../model/data";
import { count, duration, percent, plural, sentenceCase } from "../model/format";
import { OUTCOMES, of, outcomeWords, succeeded, total } from "../model/outcomes";
import type { Outcome, RunReport } from "../model/report";
import { href } from "../model/route";
import { OutcomeBar, Sign } from "../parts/outcome";
import { Facts } from "../parts/panel";
import { Id, Prose, T, Time } from "../parts/text";

const SIGNS = { advanced: CircleCheck, halted: OctagonPause, error: CircleX };

/** How the run ended, in a few words. */
export function headline(data: Data): string {
  const { run, steps } = data;
  const where = steps.find((step) => step.decision === (run.decision === "halted" ? "halt" : "error"));
  const at = where ? ` at ${data.stepLabel(where.stage, where.wave)}` : "";
  if (run.decision === "halted") return `Halted${at}`;
  if (run.decision === "error") return `Ended with an error${at}`;
  const all = steps.length === 1 ? "its only step" : `all ${steps.length} steps`;
  if (run.readinessOnly) return `Looked at the readiness of ${all}`;
  return `${DONE[run.operation]} ${all}`;
}

const DONE: Record<RunReport["operation"], string> = {
  scan: "Scanned",
  install: "Advanced through",
  "preview-baselines": "Compared the baselines of",
  "restore-baselines": "Gave back the baselines of",
};
const OPERATIONS: Record<RunReport["operation"], string> = {
  scan: "Scan (nothing is installed)",
  install: "Install",
  "preview-baselines": "Preview of baselines (nothing is changed)",
  "restore-baselines": "Restore baselines",
};

/** Outcomes that this kind of run can have are shown even when nobody has them: none failed is an answer too. */
function shown(run: RunReport): Outcome[] {
  const impossible: Outcome[] = run.operation === "scan" ? ["patched"] : ["missing"];
  return OUTCOMES.filter((outcome) => of(run.counts, outcome) > 0 || !impossible.includes(outcome));
}

export function Answer({ data }: { data: Data }): JSX.Element {
  const { run } = data;
  const all = total(run.counts);
  const baselines = baselinesOnly(run);
  // A run that only looks at readiness asks nobody: whoever could have been asked is skipped for that reason.
  const good = run.readinessOnly
    ? data.instances.filter((row) => row.reason.code === "readiness-only").length
    : succeeded(run.counts);
  const Icon = SIGNS[run.decision];
  return (
    <section class={`answer answer-${run.decision}`} aria-labelledby="answer">
      <div class="answer-main">
        <Icon class="answer-sign" size={40} strokeWidth={1.9} aria-hidden="true" />
        <div class="answer-words">
          <h1 id="answer">
            <T>{headline(data)}</T>
          </h1>
          <Prose>{sentenceCase(run.reason.text)}</Prose>
        </div>
        {!baselines && (
          <p class="answer-share">
            <b>{percent(good, all)}</b>
            <span>
              {count(good)} of {plural(all, "instance")} {run.readinessOnly ? "can be asked to patch" : "up to date"}
            </span>
          </p>
        )}
      </div>
      {baselines ? (
        <p>
          {baselineSentence(data)}. No instance was asked anything.{" "}
          <a href={href("accounts")}>What differs, by account</a>
        </p>
      ) : (
        <>
          <OutcomeBar counts={run.counts} size="l" />
          <ul class="outcomes">
            {shown(run).map((outcome) => (
              <OutcomeTile key={outcome} outcome={outcome} n={of(run.counts, outcome)} all={all} />
            ))}
          </ul>
        </>
      )}
      <Facts
        of={[
          ["Plan", <T>{run.plan}</T>],
          ["Operation", run.readinessOnly ? "Readiness only (no command is sent)" : OPERATIONS[run.operation]],
          ["Run", <Id>{run.id}</Id>],
          ["Started", <Time at={run.startedAt} />],
          ["Report made", <Time at={run.finishedAt} />],
          ["Took", duration(run.startedAt, run.finishedAt)],
          ...(run.comment ? [["Comment", <Prose>{run.comment}</Prose>] as [string, JSX.Element]] : []),
        ]}
      />
    </section>
  );
}

function OutcomeTile({ outcome, n, all }: { outcome: Outcome; n: number; all: number }): JSX.Element {
  const { label, meaning } = outcomeWords(outcome);
  const content = (
    <>
      <span class="tile-name">
        <Sign outcome={outcome} />
        {label}
      </span>
      <b data-outcome={outcome}>{count(n)}</b>
      <span class="tile-share">{n > 0 ? percent(n, all) : "none"}</span>
    </>
  );
  return (
    <li class={n === 0 ? "none" : ""} title={meaning}>
      {n === 0 ? (
        <div class="tile">{content}</div>
      ) : (
        <a class="tile" href={href("instances", { outcome })}>
          {content}
        </a>
      )}
    </li>
  );
}
