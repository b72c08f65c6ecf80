// The parts that all views use.
import type { ComponentChildren, JSX } from "preact";

/** A section with a heading and a note beside it. `whole`: the section is the whole view, so its heading is the h1. */
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

/** A list of names with values. */
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

/** The text of a view or section that has no content. */
export const Empty = ({ children }: { children: ComponentChildren }): JSX.Element => <p class="nothing">{children}</p>;

/** A table with few rows. On a phone each row is a block, with the column name before each cell. */
export const PlainTable = (props: {
  caption: string;
  heads: string[];
  rows: { key: string; cells: ComponentChildren[] }[];
}): JSX.Element => (
  // A wide table scrolls inside its frame, by mouse and keyboard.
  <section class="scroll" tabIndex={0} aria-label={props.caption}>
    {/* The roles are explicit, because `display: block` on a phone takes them from the elements. */}
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
