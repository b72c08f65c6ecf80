// A summary that opens. The content is rendered only while it is open, because it may have thousands of entries.
import { type ComponentChildren, createContext, type JSX } from "preact";
import { useContext, useState } from "preact/hooks";
import { count } from "../model/format";

/** True while the page is being printed. */
export const Printing = createContext(false);

interface Props {
  summary: ComponentChildren;
  /** True if the content is printed: on paper a summary cannot be opened. */
  printed?: boolean;
  children: () => ComponentChildren;
}

export function Collapsible({ summary, printed = false, children }: Props): JSX.Element {
  const [opened, setOpened] = useState(false);
  const open = (useContext(Printing) && printed) || opened;
  return (
    <details open={open} onToggle={(event) => setOpened(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {open && children()}
    </details>
  );
}

/** Maximum number of listed entries on the screen and on paper. */
const LISTED = 200;
const PRINTED = 40;

interface ListProps<Entry> {
  of: Entry[];
  label: string;
  entry: (one: Entry) => ComponentChildren;
}

/** A long list in a frame that scrolls by mouse and keyboard. */
export function LinkList<Entry>({ of, label, entry }: ListProps<Entry>): JSX.Element {
  const listed = of.slice(0, useContext(Printing) ? PRINTED : LISTED);
  return (
    <ul class="links" tabIndex={0} aria-label={label}>
      {listed.map((one, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: entries have no id, and the list does not change.
        <li key={i}>{entry(one)}</li>
      ))}
      {of.length > listed.length && <li class="muted">{`and ${count(of.length - listed.length)} more`}</li>}
    </ul>
  );
}
