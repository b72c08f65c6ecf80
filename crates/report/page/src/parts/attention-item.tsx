// One entry of a list of problems: number of instances, title, details, and a link to the instances.
import { ArrowRight } from "lucide-preact";
import type { ComponentChildren, JSX } from "preact";
import { count } from "../model/format";

interface Props {
  /** The link of the entry. */
  to: string;
  sign: ComponentChildren;
  n: number;
  title: ComponentChildren;
  /** Details below the title. */
  children?: ComponentChildren;
}

export const AttentionItem = ({ to, sign, n, title, children }: Props): JSX.Element => (
  <li>
    <a href={to}>
      {sign}
      <b>{count(n)}</b>
      <span class="attention-text">
        <strong>{title}</strong>
        {children}
      </span>
      <ArrowRight class="go" size={16} aria-hidden="true" />
    </a>
  </li>
);
