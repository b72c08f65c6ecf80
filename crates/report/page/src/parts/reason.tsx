// What to do about a reason, below its text.
import type { JSX } from "preact";
import { reasonHelp } from "../model/reason-codes";

/** What to do about a reason; nothing if there is nothing to do, or if the page does not know the code. */
export function ReasonAction({ code }: { code: string }): JSX.Element | null {
  const action = reasonHelp(code)?.action;
  if (!action) return null;
  return (
    <span class="action">
      <span class="action-label">What to do:</span> {action}
    </span>
  );
}
