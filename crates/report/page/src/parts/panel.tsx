// The parts that every view is made of.
import type { ComponentChildren, JSX } from "preact";

/** A section with its heading, and what stands beside the heading. One that is a whole view has its title. */
export const Section = (props: {
  title: string;
  note?: ComponentChildren;
  id: string;
  whole?: boolean;
  children: ComponentChildren;
}): JSX.Element => (
  <section class="section" aria-labelledby={props.id}>
    <div class="section-head">
      {props.whole ? <h1 id={props.id}>{props.title}</h1> : <h2 id={props.id}>{props.title}</h2>}
      {props.note && <p class="note">{props.note}</p>}
    </div>
    {props.children}
  </section>
);

/** A list of names and values. */
export const Facts = ({ of }: { of: [string, ComponentChildren][] }): JSX.Element => (
  <dl class="facts">
    {of.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);

/** What a view says when it has nothing to show. */
export const Nothing = ({ children }: { children: ComponentChildren }): JSX.Element => (
  <p class="nothing">{children}</p>
);

/** A table of few rows; on a phone each row stands as a block, with the heads before its cells. */
export const Plain = (props: {
  caption: string;
  heads: string[];
  rows: { key: string; cells: ComponentChildren[] }[];
}): JSX.Element => (
  // Wide tables scroll by themselves, also by keyboard.
  <section class="scroll" tabIndex={0} aria-label={props.caption}>
    {/* The roles are what the elements have anyway, and would lose where the style makes blocks of them. */}
    <table class="plain" role="table">
      <caption class="hidden">{props.caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {props.heads.map((head) => (
            <th key={head} scope="col" role="columnheader">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {props.rows.map((row) => (
          <tr key={row.key} role="row">
            {row.cells.map((cell, i) => (
              <td key={props.heads[i]} role="cell" data-head={props.heads[i]}>
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);
