// The status of a check, by sign and word.
import { CircleCheck, CircleHelp, CircleX, TriangleAlert } from "lucide-preact";
import type { JSX } from "preact";
import { type CheckStatus, STATUS_LABELS } from "../model/readiness";

const SIGNS = { fail: CircleX, warn: TriangleAlert, unknown: CircleHelp, pass: CircleCheck };

export const Status = ({ status, size = 18 }: { status: CheckStatus; size?: number }): JSX.Element => {
  const Icon = SIGNS[status];
  return (
    <span class={`status status-${status}`} title={STATUS_LABELS[status]}>
      <Icon size={size} aria-hidden="true" />
      <span class="hidden">{STATUS_LABELS[status]}</span>
    </span>
  );
};
