// Outcomes: always with an icon and a label, never by colour alone.
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
import { lookup } from "../model/lookup";
import { OUTCOMES, outcomeText, total } from "../model/outcomes";
import type { Counts, Outcome } from "../model/report";

const ICONS: Record<Outcome, LucideIcon> = {
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

export const OutcomeIcon = ({ outcome, size = 16 }: { outcome: string; size?: number }): JSX.Element => {
  const Icon = lookup<LucideIcon>(ICONS, outcome) ?? CircleDashed;
  return <Icon class={`sign tone-${outcome}`} size={size} strokeWidth={2.25} aria-hidden="true" />;
};

/** The icon and label of an outcome. */
export const OutcomeChip = ({ outcome }: { outcome: string }): JSX.Element => (
  <span class={`chip soft-${outcome}`}>
    <OutcomeIcon outcome={outcome} size={14} />
    {outcomeText(outcome).label}
  </span>
);

/** Returns the outcomes that at least one instance has, best first. */
export const presentOutcomes = (counts: Counts): [Outcome, number][] =>
  OUTCOMES.flatMap((outcome) => (counts[outcome] ? [[outcome, counts[outcome]] as [Outcome, number]] : []));

/** Returns the counts as a text, for screen readers. */
export function countsText(counts: Counts): string {
  const parts = presentOutcomes(counts).map(
    ([outcome, n]) => `${count(n)} ${outcomeText(outcome).label.toLowerCase()}`,
  );
  return parts.length > 0 ? parts.join(", ") : "no instances";
}

/** The share of each outcome, as a bar. */
export const OutcomeBar = ({ counts, size = "m" }: { counts: Counts; size?: "s" | "m" | "l" }): JSX.Element => {
  const all = total(counts);
  return (
    <div class={`bar bar-${size}`} role="img" aria-label={countsText(counts)}>
      {presentOutcomes(counts).map(([outcome, n]) => (
        <span
          key={outcome}
          class={`fill-${outcome}`}
          style={{ flexGrow: n }}
          title={`${outcomeText(outcome).label}: ${plural(n, "instance")} (${percent(n, all)})`}
        />
      ))}
    </div>
  );
};

/** The counts, as icons with numbers. */
export const OutcomeCounts = ({ counts }: { counts: Counts }): JSX.Element => (
  <ul class="tally">
    {presentOutcomes(counts).map(([outcome, n]) => (
      <li key={outcome} title={outcomeText(outcome).meaning}>
        <OutcomeIcon outcome={outcome} size={14} />
        <b>{count(n)}</b> {outcomeText(outcome).label.toLowerCase()}
      </li>
    ))}
    {total(counts) === 0 && <li class="muted">No instances</li>}
  </ul>
);
