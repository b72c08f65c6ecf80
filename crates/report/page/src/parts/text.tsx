// Text that came from elsewhere, and times. Names, tags and reasons are shown as they are and cannot reach beyond
// their own element: Preact writes text only, and `bdi` keeps right-to-left text from turning what stands beside it.
import type { ComponentChildren, JSX } from "preact";
import { local, utc } from "../model/format";

/** One line of foreign text. */
export const T = ({ children, class: name }: { children: string; class?: string }): JSX.Element => (
  <bdi class={name}>{children}</bdi>
);

/** Foreign text with its line breaks; long ones scroll. */
export const Prose = ({ children }: { children: string }): JSX.Element => (
  // Whoever uses the keyboard must be able to scroll it.
  <bdi class="prose" tabIndex={children.length > 600 ? 0 : undefined}>
    {children}
  </bdi>
);

/** An id, in type that tells 0 from O. */
export const Id = ({ children }: { children: string }): JSX.Element => <bdi class="id">{children}</bdi>;

/** A time in UTC, with the reader's own time beside it where that is another. */
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

/** A link out of the page; nothing is fetched until somebody follows it. */
export const Out = ({ to, children }: { to: string | null; children: ComponentChildren }): ComponentChildren =>
  to === null ? (
    children
  ) : (
    <a class="out" href={to} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
