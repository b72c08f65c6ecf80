// Untrusted text, and times. Names, tags and reasons come from member accounts. Preact writes them as text nodes, and
// `bdi` keeps right-to-left text from changing the direction of the text beside it.
import type { ComponentChildren, JSX } from "preact";
import { local, utc } from "../model/format";

/** Untrusted text in a line. */
export const Text = ({ children, class: name }: { children: string; class?: string }): JSX.Element => (
  <bdi class={name}>{children}</bdi>
);

/** Untrusted text with its line breaks; a long one scrolls. */
export const Prose = ({ children }: { children: string }): JSX.Element => (
  // Focusable if it is long, so that the keyboard can scroll it.
  <bdi class="prose" tabIndex={children.length > 600 ? 0 : undefined}>
    {children}
  </bdi>
);

/** An id, in a font that distinguishes 0 from O. */
export const Id = ({ children }: { children: string }): JSX.Element => <bdi class="id">{children}</bdi>;

/** A time in UTC, and in the reader's time zone if that is another. */
export const Time = ({ at }: { at: string }): JSX.Element => (
  <time dateTime={at}>
    <span class="one-line">{utc(at)}</span>
    {new Date(at).getTimezoneOffset() !== 0 && (
      <>
        {" "}
        <span class="local">{local(at)}</span>
      </>
    )}
  </time>
);

/** A link out of the page. The page fetches nothing from there. */
export const ExternalLink = ({
  to,
  children,
}: {
  to: string | null;
  children: ComponentChildren;
}): ComponentChildren =>
  to === null ? (
    children
  ) : (
    <a class="out" href={to} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
