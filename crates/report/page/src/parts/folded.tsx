// What is behind a summary: made when it is opened, since there may be thousands of it.
import { type ComponentChildren, createContext, type JSX } from "preact";
import { useContext, useState } from "preact/hooks";
import { count } from "../model/format";

/** True while the page is being printed. */
export const Printing = createContext(false);

interface Props {
  summary: ComponentChildren;
  /** True if paper, on which nobody can open it, shows what is behind it. */
  printed?: boolean;
  children: () => ComponentChildren;
}

export function Folded({ summary, printed = false, children }: Props): JSX.Element {
  const [opened, setOpened] = useState(false);
  const open = (useContext(Printing) && printed) || opened;
  return (
    <details open={open} onToggle={(event) => setOpened(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {open && children()}
    </details>
  );
}

/** At most so many entries are listed in place, and on paper. */
const LISTED = 200;
const PRINTED = 40;

interface ListProps<Entry> {
  of: Entry[];
  label: string;
  entry: (one: Entry) => ComponentChildren;
}

/** The entries of a long list, in a frame that scrolls, also by keyboard. */
export function Links<Entry>({ of, label, entry }: ListProps<Entry>): JSX.Element {
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
