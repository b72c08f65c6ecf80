// What each reason code means and what to do about it: src/data/reason-codes.json, generated from the closed list of
// codes in Rust. A report of a newer orgpatch may have codes that this page does not know.
import catalogue from "../data/reason-codes.json" with { type: "json" };
import { once } from "./data";

/** What a reason code means, and what to do about it; `action` is empty if there is nothing to do. */
export interface ReasonHelp {
  meaning: string;
  action: string;
}

/** The catalogue as the generator writes it. In a pattern, `<n>` stands for an integer. */
export interface ReasonCatalogue {
  codes: ({ code: string } & ReasonHelp)[];
  patterns: ({ pattern: string } & ReasonHelp)[];
}

/** Escapes the characters that have a meaning in regular expressions. */
const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Returns the regular expression for a whole pattern, with the integer as its group. */
const expression = (pattern: string): RegExp => new RegExp(`^${pattern.split("<n>").map(literal).join("(-?\\d+)")}$`);

/** Returns a function that explains reason codes; it returns undefined for a code that the catalogue does not have. */
export function explainer({ codes, patterns }: ReasonCatalogue): (code: string) => ReasonHelp | undefined {
  const byCode = new Map<string, ReasonHelp>(codes.map((entry) => [entry.code, entry]));
  const expressions = patterns.map((entry) => ({ matches: expression(entry.pattern), entry }));
  return (code) => {
    const known = byCode.get(code);
    if (known) return known;
    for (const { matches, entry } of expressions) {
      const n = matches.exec(code)?.[1];
      if (n === undefined) continue;
      return { meaning: entry.meaning.replaceAll("<n>", n), action: entry.action.replaceAll("<n>", n) };
    }
    return undefined;
  };
}

const explain = once(() => explainer(catalogue));

/** Returns what a reason code means and what to do about it; undefined for a code that this page does not know. */
export const reasonHelp = (code: string): ReasonHelp | undefined => explain()(code);
