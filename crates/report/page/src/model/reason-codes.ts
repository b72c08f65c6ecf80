// What each reason code means and what to do about it: src/data/reason-codes.json, generated from the closed list of
// codes in Rust. A report of a newer orgpatch may have codes that this page does not know.
import catalogue from "../data/reason-codes.json" with { type: "json" };
import { once } from "./data";

/** What a reason code means, and what to do about it; `action` is empty if there is nothing to do. */
export interface ReasonHelp {
  meaning: string;
  action: string;
}

/** The catalogue as the generator writes it. A pattern has one placeholder, which its texts repeat. */
export interface ReasonCatalogue {
  codes: ({ code: string } & ReasonHelp)[];
  patterns: ({ pattern: string } & ReasonHelp)[];
}

/** What a placeholder stands for: an integer, or the name of an error of an AWS service. */
const PLACEHOLDERS = {
  "<n>": "-?\\d+",
  "<error>": "[A-Z][A-Za-z0-9]*(?:\\.[A-Za-z0-9]+)+",
};

/** Escapes the characters that have a meaning in regular expressions. */
const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Returns the placeholder of a pattern and the regular expression for whole codes, with the placeholder as its group. */
function expression(pattern: string): { placeholder: string; matches: RegExp } {
  const [placeholder, values] = Object.entries(PLACEHOLDERS).find(([one]) => pattern.includes(one)) ?? ["<n>", ""];
  return { placeholder, matches: new RegExp(`^${pattern.split(placeholder).map(literal).join(`(${values})`)}$`) };
}

/** Returns a function that explains reason codes; it returns undefined for a code that the catalogue does not have. */
export function explainer({ codes, patterns }: ReasonCatalogue): (code: string) => ReasonHelp | undefined {
  const byCode = new Map<string, ReasonHelp>(codes.map((entry) => [entry.code, entry]));
  const expressions = patterns.map((entry) => ({ ...expression(entry.pattern), entry }));
  return (code) => {
    const known = byCode.get(code);
    if (known) return known;
    for (const { placeholder, matches, entry } of expressions) {
      const value = matches.exec(code)?.[1];
      if (value === undefined) continue;
      return {
        meaning: entry.meaning.replaceAll(placeholder, value),
        action: entry.action.replaceAll(placeholder, value),
      };
    }
    return undefined;
  };
}

const explain = once(() => explainer(catalogue));

/** Returns what a reason code means and what to do about it; undefined for a code that this page does not know. */
export const reasonHelp = (code: string): ReasonHelp | undefined => explain()(code);
