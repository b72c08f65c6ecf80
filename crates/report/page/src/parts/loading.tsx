// What the page says while it is not complete.
import type { JSX } from "preact";
import { count } from "../model/format";
import { type Loading, useLoaded } from "../model/loading";
import { Section } from "./panel";

/** Takes the place of what needs all instances. No live region: a screen reader would read out every number. */
export function LoadingNote({ loading }: { loading: Loading }): JSX.Element {
  const loaded = useLoaded(loading);
  return (
    <p class="nothing loading">
      <progress aria-label="Loaded instances" value={loaded} max={Math.max(loading.total, loaded, 1)} />
      <span>
        {loading.total >= loaded
          ? `${count(loaded)} of ${count(loading.total)} instances loaded.`
          : `${count(loaded)} instances loaded.`}{" "}
        What needs all of them appears here then.
      </span>
    </p>
  );
}

/** A view that needs all instances, before they are there. */
export const WaitingView = ({ title, loading }: { title: string; loading: Loading }): JSX.Element => (
  <Section whole id="waiting" title={title}>
    <LoadingNote loading={loading} />
  </Section>
);

const MILLION = 1_000_000;

/** The page before the report is there. A large file takes its time over a network. */
export const Arriving = ({ characters }: { characters: number }): JSX.Element => (
  <p class="message">
    Loading the report …{characters >= MILLION && ` ${count(Math.floor(characters / MILLION))} MB so far.`}
  </p>
);
