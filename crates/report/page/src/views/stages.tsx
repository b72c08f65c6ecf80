// The steps in their order, each with its gate: the numbers, and the limits that they were held against.
import { ArrowRight, Check, CircleCheck, CircleDashed, CircleX, OctagonPause, X } from "lucide-preact";
import type { JSX } from "preact";
import { baselinesOnly } from "../model/baselines";
import type { Data } from "../model/data";
import { stageValue } from "../model/filter";
import { count, duration, percent, plural, sentenceCase, utc } from "../model/format";
import { attempted, DECISION_WORDS, of, succeeded, total } from "../model/outcomes";
import { refId } from "../model/patches";
import type { Promotion, StepReport } from "../model/report";
import { href } from "../model/route";
import { stepTimes } from "../model/timeline";
import { Folded, Links } from "../parts/folded";
import { OutcomeBar, OutcomeCounts } from "../parts/outcome";
import { Section } from "../parts/panel";
import { Prose, T } from "../parts/text";

const SIGNS = { advance: CircleCheck, halt: OctagonPause, error: CircleX, "not-attempted": CircleDashed };

export const Stages = ({ data }: { data: Data }): JSX.Element => (
  <Section
    id="stages"
    title="Stages"
    note="In the order of the plan. A stage starts only after every earlier one has passed its gate."
  >
    <ol class="steps">
      {data.steps.map((step) => (
        <Step key={step.id} data={data} step={step} />
      ))}
    </ol>
  </Section>
);

function Step({ data, step }: { data: Data; step: StepReport }): JSX.Element {
  const Icon = SIGNS[step.decision];
  const targets = data.targets.filter((target) => target.stage === step.stage && target.wave === step.wave);
  const times = stepTimes(data, step);
  const accounts = new Set(targets.map((target) => target.accountId)).size;
  return (
    <li class={`step step-${step.decision}`} data-step={step.id}>
      <header>
        <span class="step-sign">
          <Icon size={20} aria-hidden="true" />
        </span>
        <h3>
          <T>{data.stepLabel(step.stage, step.wave)}</T>
        </h3>
        <span class="decision">{DECISION_WORDS[step.decision]}</span>
        <span class="step-size">
          {plural(accounts, "account")}
          {!baselinesOnly(data.run) && `, ${plural(total(step.counts), "instance")}`}
        </span>
        {times && (
          <span class="step-size" title={`${utc(times.from)} to ${utc(times.to)}`}>
            {duration(times.from, times.to)}
          </span>
        )}
      </header>
      <div class="step-body">
        <div class="step-words">
          <Prose>{sentenceCase(step.reason.text)}</Prose>
          {total(step.counts) > 0 && (
            <a class="more" href={href("instances", { stage: stageValue(step.stage, step.wave) })}>
              Instances of this {data.stepLabel(step.stage, step.wave) === step.stage ? "stage" : "wave"}
              <ArrowRight size={14} aria-hidden="true" />
            </a>
          )}
        </div>
        {!baselinesOnly(data.run) && (
          <div class="step-numbers">
            <OutcomeBar counts={step.counts} />
            <OutcomeCounts counts={step.counts} />
          </div>
        )}
        {/* Only an install is held against limits; other runs touch nothing. */}
        {step.limits && step.decision !== "not-attempted" && data.run.operation === "install" && <Gate step={step} />}
        {step.promotion && <Promoted promotion={step.promotion} />}
        {step.approval && (
          <p class="note">
            Approved
            {step.approval.by ? (
              <>
                {" "}
                by <T>{step.approval.by}</T>
              </>
            ) : (
              ""
            )}
            {step.approval.at ? `, ${utc(step.approval.at)}` : ""}
            {step.approval.comment ? (
              <>
                : <T>{step.approval.comment}</T>
              </>
            ) : (
              ""
            )}
          </p>
        )}
      </div>
    </li>
  );
}

/** One number of a gate. */
interface Measure {
  name: string;
  value: number;
  shown: string;
  limit: number | undefined;
  limitShown: string;
  ok: boolean;
}

function measures(step: StepReport): Measure[] {
  const asked = attempted(step.counts);
  const limits = step.limits;
  const share = (name: string, n: number, limit: number | undefined): Measure => ({
    name,
    value: asked === 0 ? 0 : (100 * n) / asked,
    shown: `${percent(n, asked)} (${count(n)} of ${count(asked)} attempted)`,
    limit,
    limitShown: `at most ${limit}%`,
    // In whole numbers, as the gate computes it.
    ok: limit === undefined || 100 * n <= limit * asked,
  });
  const good = succeeded(step.counts);
  const least = limits?.minSucceeded;
  return [
    share("Failed", of(step.counts, "failed"), limits?.maxFailedPercent),
    share("Unreachable", of(step.counts, "unreachable"), limits?.maxUnreachablePercent),
    {
      name: "Up to date",
      value: good,
      shown: count(good),
      limit: least,
      limitShown: `at least ${count(least ?? 0)}`,
      ok: least === undefined || good >= least,
    },
  ];
}

const Gate = ({ step }: { step: StepReport }): JSX.Element => (
  <ul class="gate" aria-label="Gate">
    {measures(step).map((measure) => (
      <li key={measure.name} class={measure.ok ? "ok" : "over"}>
        <span class="gate-name">{measure.name}</span>
        <span class="gate-value">{measure.shown}</span>
        {measure.limit !== undefined && (
          <>
            <Bullet measure={measure} limit={measure.limit} />
            <span class="gate-limit">
              {measure.ok ? <Check size={14} aria-hidden="true" /> : <X size={14} aria-hidden="true" />}
              <span class="hidden">{measure.ok ? "within the limit: " : "beyond the limit: "}</span>
              {measure.limitShown}
            </span>
          </>
        )}
      </li>
    ))}
  </ul>
);

/** The value on a scale on which the limit has its mark. */
function Bullet({ measure, limit }: { measure: Measure; limit: number }): JSX.Element {
  const end = Math.max(measure.value, limit * 1.6, 1);
  return (
    <span class="bullet" aria-hidden="true">
      <span class="bullet-value" style={{ width: `${(100 * measure.value) / end}%` }} />
      <span class="bullet-limit" style={{ left: `${(100 * limit) / end}%` }} />
    </span>
  );
}

const PROMOTED: [keyof Promotion, string][] = [
  ["tested", "installed and tested"],
  ["installedUntested", "installed, not tested by the first stage"],
  ["heldBack", "held back: not tested by the first stage"],
];

const Promoted = ({ promotion }: { promotion: Promotion }): JSX.Element => (
  <ul class="promotion" aria-label="Patches by whether the first stage had tested them">
    {PROMOTED.map(([field, words]) => {
      const value = promotion[field];
      if (value === undefined) return null;
      const n = typeof value === "number" ? value : value.length;
      return (
        <li key={field}>
          {typeof value === "number" || n === 0 ? (
            `${plural(n, "patch", "patches")} ${words}`
          ) : (
            <Folded summary={`${plural(n, "patch", "patches")} ${words}`} printed={field !== "tested"}>
              {() => (
                <Links
                  of={value}
                  label={words}
                  entry={(ref) => (
                    <a href={href("patches", { p: refId(ref) })}>
                      <T>{refId(ref)}</T>
                    </a>
                  )}
                />
              )}
            </Folded>
          )}
        </li>
      );
    })}
  </ul>
);
