// The steps in plan order, each with its gate: the numbers and their limits.
import { ArrowRight, Check, CircleCheck, CircleDashed, CircleX, OctagonPause, X } from "lucide-preact";
import type { JSX } from "preact";
import { baselinesOnly } from "../model/baselines";
import type { Data } from "../model/data";
import { stageValue } from "../model/filter";
import { count, duration, percent, plural, sentenceCase, utc } from "../model/format";
import { attempted, countOf, DECISION_LABELS, succeeded, total } from "../model/outcomes";
import { refId, refKey } from "../model/patches";
import type { Promotion, StepReport } from "../model/report";
import { href } from "../model/route";
import { notSeen } from "../model/seen";
import { stepTimes } from "../model/timeline";
import { Collapsible, LinkList } from "../parts/folded";
import { OutcomeBar, OutcomeCounts } from "../parts/outcome";
import { Section } from "../parts/panel";
import { Prose, Text } from "../parts/text";

const ICONS = { advance: CircleCheck, halt: OctagonPause, error: CircleX, "not-attempted": CircleDashed };

export const Stages = ({ data }: { data: Data }): JSX.Element => (
  <Section
    id="stages"
    title="Stages"
    note="In plan order. A stage starts only after every earlier stage of this run has passed its gate."
  >
    <ol class="steps">
      {data.steps.map((step) => (
        <Step key={step.id} data={data} step={step} />
      ))}
    </ol>
  </Section>
);

function Step({ data, step }: { data: Data; step: StepReport }): JSX.Element {
  const Icon = ICONS[step.decision];
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
          <Text>{data.stepLabel(step.stage, step.wave)}</Text>
        </h3>
        <span class="decision">{DECISION_LABELS[step.decision]}</span>
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
        <div class="step-text">
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
        {/* Limits apply only to an install: other runs install nothing. */}
        {step.limits && step.decision !== "not-attempted" && data.run.operation === "install" && <Gate step={step} />}
        {!baselinesOnly(data.run) && !data.run.readinessOnly && data.instances.length > 0 && (
          <p class="not-seen">{notSeen(data, step)}</p>
        )}
        {step.promotion && <PromotionCounts promotion={step.promotion} />}
        {step.approval && (
          <p class="note">
            Approved
            {step.approval.by ? (
              <>
                {" "}
                by <Text>{step.approval.by}</Text>
              </>
            ) : (
              ""
            )}
            {step.approval.at ? `, ${utc(step.approval.at)}` : ""}
            {step.approval.comment ? (
              <>
                : <Text>{step.approval.comment}</Text>
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

/** One number of a gate, with its limit. */
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
    // In integers, as the gate computes it. What it let pass is within its limits: some instances count with their target.
    ok: limit === undefined || step.decision === "advance" || 100 * n <= limit * asked,
  });
  const good = succeeded(step.counts);
  const least = limits?.minSucceeded;
  return [
    share("Failed", countOf(step.counts, "failed"), limits?.maxFailedPercent),
    share("Unreachable", countOf(step.counts, "unreachable"), limits?.maxUnreachablePercent),
    {
      name: "Up to date by this plan's rules",
      value: good,
      shown: count(good),
      limit: least,
      limitShown: `at least ${count(least ?? 0)}`,
      ok: least === undefined || good >= least,
    },
    ...skipped(step),
    ...targetsNotReached(step),
  ];
}

/** The skipped instances that the gate counted, if the plan limits them. */
function skipped(step: StepReport): Measure[] {
  const limit = step.limits?.maxSkippedPercent;
  if (limit === undefined || !step.skipped) return [];
  const { skipped: n, selected } = step.skipped;
  return [
    {
      name: "Skipped",
      value: selected === 0 ? 0 : (100 * n) / selected,
      shown: `${percent(n, selected)} (${count(n)} of ${count(selected)} selected)`,
      limit,
      limitShown: `at most ${limit}%`,
      ok: 100 * n <= limit * selected,
    },
  ];
}

/** The targets that were not reached, if the plan limits them. */
function targetsNotReached(step: StepReport): Measure[] {
  const written = step.limits?.maxTargetsNotReached;
  if (written === undefined || !step.targets) return [];
  const all = Object.values(step.targets).reduce((sum, n) => sum + n, 0);
  const not = (step.targets["access-denied"] ?? 0) + (step.targets.error ?? 0);
  // A percentage is rounded up, as the gate does.
  const limit = written.endsWith("%") ? Math.ceil((Number.parseInt(written, 10) * all) / 100) : Number(written);
  const shown = `${count(not)} of ${count(all)} ${all === 1 ? "target" : "targets"}`;
  return [{ name: "Not reached", value: not, shown, limit, limitShown: `at most ${written}`, ok: not <= limit }];
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

/** The value on a scale with a mark at the limit. */
function Bullet({ measure, limit }: { measure: Measure; limit: number }): JSX.Element {
  const end = Math.max(measure.value, limit * 1.6, 1);
  return (
    <span class="bullet" aria-hidden="true">
      <span class="bullet-value" style={{ width: `${(100 * measure.value) / end}%` }} />
      <span class="bullet-limit" style={{ left: `${(100 * limit) / end}%` }} />
    </span>
  );
}

const PROMOTION_TEXTS: ["tested" | "installedUntested" | "heldBack", string][] = [
  ["tested", "installed and tested"],
  ["installedUntested", "installed, not tested by the first stage"],
  ["heldBack", "held back: not tested by the first stage"],
];

const PromotionCounts = ({ promotion }: { promotion: Promotion }): JSX.Element => (
  <ul class="promotion" aria-label="Patches tested and not tested by the first stage">
    {PROMOTION_TEXTS.map(([field, text]) => {
      const value = promotion[field];
      if (value === undefined) return null;
      const n = typeof value === "number" ? value : value.length;
      return (
        <li key={field}>
          {typeof value === "number" || n === 0 ? (
            `${plural(n, "patch", "patches")} ${text}`
          ) : (
            <Collapsible summary={`${plural(n, "patch", "patches")} ${text}`} printed={field !== "tested"}>
              {() => (
                <LinkList
                  of={value}
                  label={text}
                  entry={(ref) => (
                    <a href={href("patches", { p: refKey(ref) })}>
                      <Text>{refId(ref)}</Text>
                    </a>
                  )}
                />
              )}
            </Collapsible>
          )}
        </li>
      );
    })}
    {promotion.instancesNotCompared ? (
      <li>{`${plural(promotion.instancesNotCompared, "instance")} with patches that are not listed and not compared`}</li>
    ) : null}
  </ul>
);
