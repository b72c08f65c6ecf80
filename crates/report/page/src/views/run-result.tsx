// The result of the run: how it ended, why, and how many instances are up to date.
import { CircleCheck, CircleX, ClipboardList, OctagonPause } from "lucide-preact";
import type { JSX } from "preact";
import { baselineSentence, baselinesOnly, judgedSentence, notComparedSentence } from "../model/baselines";
import { closedSentence } from "../model/closed-run";
import type { Data } from "../model/data";
import { earlierStageSentences } from "../model/earlier-stages";
import { count, duration, percent, plural, sentenceCase } from "../model/format";
import type { Loading } from "../model/loading";
import { matchedNothingSentences } from "../model/matched-nothing";
import { countOf, OUTCOMES, outcomeText, total } from "../model/outcomes";
import type { Outcome, RunReport } from "../model/report";
import { href } from "../model/route";
import { concerned, notSeen, upToDate } from "../model/seen";
import { OutcomeBar, OutcomeIcon } from "../parts/outcome";
import { Facts } from "../parts/panel";
import { ReasonAction } from "../parts/reason";
import { Id, Prose, Text, Time } from "../parts/text";
import { Halt } from "./halt";
import { OpenCommands } from "./open-commands";

const ICONS = { advanced: CircleCheck, found: ClipboardList, halted: OctagonPause, error: CircleX };

/** Returns how the run ended, as a headline. */
export function headline(data: Data): string {
  const { run, steps } = data;
  const where = steps.find((step) => step.decision === (run.decision === "halted" ? "halt" : "error"));
  const at = where ? ` at ${data.stepLabel(where.stage, where.wave)}` : "";
  if (run.decision === "halted") return `Halted${at}`;
  if (run.reason.code === "RunStopped") return `Stopped${at}`;
  if (run.decision === "error") return `Ended with an error${at}`;
  if (reachedNothing(data)) return "Reached no account";
  const all = steps.length === 1 ? "its only step" : `all ${steps.length} steps`;
  return `${run.readinessOnly ? "Checked readiness in" : DONE[run.operation]} ${all}${only(data)}`;
}

/** Returns the reason for the end of the run: of a halt that of its step, because the headline says already where it is. */
function why({ run, steps }: Data): string {
  const halted = run.decision === "halted" ? steps.find((step) => step.decision === "halt") : undefined;
  return (halted ?? run).reason.text;
}

/** Returns what a run leaves out: ` (stage test only; 2 stages not run; 1 of 9 targets not seen)`. */
function only({ run, steps }: Data): string {
  const missing = run.stagesNotInRun?.length ?? 0;
  const stages = [...new Set(steps.map((step) => step.stage))];
  const word = stages.length === 1 ? "stage" : "stages";
  const targets = steps.flatMap((step) => Object.values(step.targets ?? {})).reduce((sum, n) => sum + n, 0);
  const notListed = steps.reduce((sum, step) => sum + (step.targetsNotListed ?? 0), 0);
  const all = [
    ...(missing > 0 ? [`${word} ${stages.join(", ")} only; ${plural(missing, "stage")} not run`] : []),
    ...(notListed > 0 && !baselinesOnly(run) ? [`${count(notListed)} of ${plural(targets, "target")} not seen`] : []),
  ];
  return all.length > 0 ? ` (${all.join("; ")})` : "";
}

/** Returns true if the run passed its gates without having reached a single target, as the metrics count it. */
function reachedNothing({ run, steps }: Data): boolean {
  const targets = steps.flatMap((step) => Object.entries(step.targets ?? {}));
  const reached = targets.some(([outcome, n]) => outcome === "reached" && n > 0);
  return run.decision === "advanced" && targets.length > 0 && !reached;
}

const DONE: Record<RunReport["operation"], string> = {
  scan: "Scanned",
  install: "Completed",
  "preview-baselines": "Compared baselines in",
  "apply-baselines": "Applied baselines in",
  "restore-baselines": "Restored baselines in",
};
const OPERATIONS: Record<RunReport["operation"], string> = {
  scan: "Scan (installs nothing, changes no baseline)",
  install: "Install",
  "preview-baselines": "Preview baselines (changes nothing)",
  "apply-baselines": "Apply baselines",
  "restore-baselines": "Restore baselines",
};

/** Returns the outcomes to show: those that this kind of run can have, even if no instance has them. */
function shown(run: RunReport): Outcome[] {
  const impossible: Outcome[] = run.operation === "scan" ? ["patched"] : ["missing"];
  return OUTCOMES.filter((outcome) => countOf(run.counts, outcome) > 0 || !impossible.includes(outcome));
}

export function RunResult({ data, loading }: { data: Data; loading: Loading | undefined }): JSX.Element {
  const { run } = data;
  const all = loading ? total(run.counts) : concerned(data);
  const baselines = baselinesOnly(run);
  const judged = [judgedSentence(data), notComparedSentence(data)].filter((sentence) => sentence !== null);
  const closed = closedSentence(run);
  // A readiness-only run sends no command. An instance that is ready is skipped with this reason.
  const good = run.readinessOnly
    ? data.instances.filter((row) => row.reason.code === "readiness-only").length
    : upToDate(data);
  // A run that reached nothing is no success, although no gate stopped it. A scan that found something to install is none
  // either: it has advanced because nothing can stop it.
  const found = run.operation === "scan" && run.decision === "advanced" && good < all;
  const look = reachedNothing(data) ? "halted" : found ? "found" : run.decision;
  const Icon = ICONS[look];
  return (
    <section class={`result result-${look}`} aria-labelledby="result">
      <div class="result-main">
        <Icon class="result-sign" size={40} strokeWidth={1.9} aria-hidden="true" />
        <div class="result-text">
          <h1 id="result">
            <Text>{headline(data)}</Text>
          </h1>
          <Prose>{sentenceCase(why(data))}</Prose>
          {data.halt ? <Halt data={data} halt={data.halt} /> : <ReasonAction code={run.reason.code} />}
          {closed && <Prose>{closed}</Prose>}
          <OpenCommands data={data} />
          {matchedNothingSentences(run).map((sentence) => (
            <Prose key={sentence}>{sentence}</Prose>
          ))}
          {earlierStageSentences(run).map((sentence) => (
            <Prose key={sentence}>{sentence}</Prose>
          ))}
        </div>
        {/* Only the instances say how many of them are ready. */}
        {!baselines && !(loading && run.readinessOnly) && (
          <p class="result-share">
            <b>{percent(good, all)}</b>
            <span>
              {count(good)} of {plural(all, "instance")}{" "}
              {run.readinessOnly ? "ready to be patched" : "up to date by this plan's rules"}
            </span>
            {!loading && !run.readinessOnly && <span class="not-seen">{notSeen(data)}</span>}
          </p>
        )}
      </div>
      {baselines ? (
        <p>
          {baselineSentence(data)}. orgpatch sent no command to any instance.{" "}
          <a href={href("accounts")}>Show changes by account</a>
        </p>
      ) : (
        <>
          <OutcomeBar counts={run.counts} size="l" />
          {judged.map((sentence) => (
            <p class="judged" key={sentence}>
              {sentence}. <a href={href("accounts")}>Show baselines by account</a>
            </p>
          ))}
          <ul class="outcomes">
            {shown(run).map((outcome) => (
              <OutcomeTile key={outcome} outcome={outcome} n={countOf(run.counts, outcome)} all={total(run.counts)} />
            ))}
          </ul>
        </>
      )}
      <Facts
        of={[
          ["Plan", <Text>{run.plan}</Text>],
          ["Operation", run.readinessOnly ? "Readiness only (sends no command)" : OPERATIONS[run.operation]],
          ["Run", <Id>{run.id}</Id>],
          ["Started", <Time at={run.startedAt} />],
          ["Started by", <Text>{run.startedBy ?? "unknown"}</Text>],
          ["Report created", <Time at={run.finishedAt} />],
          ["Duration", duration(run.startedAt, run.finishedAt)],
          ...(run.comment ? [["Comment", <Prose>{run.comment}</Prose>] as [string, JSX.Element]] : []),
        ]}
      />
    </section>
  );
}

function OutcomeTile({ outcome, n, all }: { outcome: Outcome; n: number; all: number }): JSX.Element {
  const { label, meaning } = outcomeText(outcome);
  const content = (
    <>
      <span class="tile-name">
        <OutcomeIcon outcome={outcome} />
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
