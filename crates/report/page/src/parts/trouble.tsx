// An entry of a list of what somebody has to look at: how many, of what, and where they are.
import { ArrowRight } from "lucide-preact";
import type { ComponentChildren, JSX } from "preact";
import { count } from "../model/format";

interface Props {
  /** Where the entry leads. */
  to: string;
  sign: ComponentChildren;
  n: number;
  title: ComponentChildren;
  /** Sentences below the title. */
  children?: ComponentChildren;
}

export const Trouble = ({ to, sign, n, title, children }: Props): JSX.Element => (
  <li>
    <a href={to}>
      {sign}
      <b>{count(n)}</b>
      <span class="trouble-words">
        <strong>{title}</strong>
        {children}
      </span>
      <ArrowRight class="go" size={16} aria-hidden="true" />
    </a>
  </li>
);
