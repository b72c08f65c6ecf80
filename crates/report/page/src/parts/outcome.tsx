// An outcome as people see it: never by colour alone, always with its sign and its word.
import {
  Check,
  CheckCheck,
  CircleDashed,
  CircleMinus,
  CircleX,
  type LucideIcon,
  PackageSearch,
  RotateCw,
  TriangleAlert,
  Unplug,
} from "lucide-preact";
import type { JSX } from "preact";
import { count, percent, plural } from "../model/format";
import { OUTCOMES, outcomeWords, total } from "../model/outcomes";
import { own } from "../model/own";
import type { Counts, Outcome } from "../model/report";

const SIGNS: Record<Outcome, LucideIcon> = {
  patched: CheckCheck,
  compliant: Check,
  missing: PackageSearch,
  "pending-reboot": RotateCw,
  failed: CircleX,
  unreachable: Unplug,
  "not-ready": TriangleAlert,
  skipped: CircleMinus,
  "not-attempted": CircleDashed,
};

export const Sign = ({ outcome, size = 16 }: { outcome: string; size?: number }): JSX.Element => {
  const Icon = own<LucideIcon>(SIGNS, outcome) ?? CircleDashed;
  return <Icon class={`sign tone-${outcome}`} size={size} strokeWidth={2.25} aria-hidden="true" />;
};

/** Sign and word. */
export const OutcomeChip = ({ outcome }: { outcome: string }): JSX.Element => (
  <span class={`chip soft-${outcome}`}>
    <Sign outcome={outcome} size={14} />
    {outcomeWords(outcome).label}
  </span>
);

/** Outcomes that somebody has, best first. */
export const present = (counts: Counts): [Outcome, number][] =>
  OUTCOMES.flatMap((outcome) => (counts[outcome] ? [[outcome, counts[outcome]] as [Outcome, number]] : []));

/** The counts in one sentence, for those who do not see the bar. */
export function sentence(counts: Counts): string {
  const parts = present(counts).map(([outcome, n]) => `${count(n)} ${outcomeWords(outcome).label.toLowerCase()}`);
  return parts.length > 0 ? parts.join(", ") : "no instances";
}

/** The shares of the outcomes, as a bar. */
export const OutcomeBar = ({ counts, size = "m" }: { counts: Counts; size?: "s" | "m" | "l" }): JSX.Element => {
  const all = total(counts);
  return (
    <div class={`bar bar-${size}`} role="img" aria-label={sentence(counts)}>
      {present(counts).map(([outcome, n]) => (
        <span
          key={outcome}
          class={`fill-${outcome}`}
          style={{ flexGrow: n }}
          title={`${outcomeWords(outcome).label}: ${plural(n, "instance")} (${percent(n, all)})`}
        />
      ))}
    </div>
  );
};

/** The counts as signs with numbers. */
export const OutcomeCounts = ({ counts }: { counts: Counts }): JSX.Element => (
  <ul class="tally">
    {present(counts).map(([outcome, n]) => (
      <li key={outcome} title={outcomeWords(outcome).meaning}>
        <Sign outcome={outcome} size={14} />
        <b>{count(n)}</b> {outcomeWords(outcome).label.toLowerCase()}
      </li>
    ))}
    {total(counts) === 0 && <li class="muted">No instances</li>}
  </ul>
);
