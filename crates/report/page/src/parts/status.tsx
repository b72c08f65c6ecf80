// The status of a check, as icon and label.
import { CircleCheck, CircleHelp, CircleX, TriangleAlert } from "lucide-preact";
import type { JSX } from "preact";
import { type CheckStatus, STATUS_LABELS } from "../model/readiness";

const ICONS = { fail: CircleX, warn: TriangleAlert, unknown: CircleHelp, pass: CircleCheck };

export const Status = ({ status, size = 18 }: { status: CheckStatus; size?: number }): JSX.Element => {
  const Icon = ICONS[status];
  return (
    <span class={`status status-${status}`} title={STATUS_LABELS[status]}>
      <Icon size={size} aria-hidden="true" />
      <span class="hidden">{STATUS_LABELS[status]}</span>
    </span>
  );
};
