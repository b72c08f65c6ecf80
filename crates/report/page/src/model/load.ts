// Reads the report out of the page. A number may stand for a repeated value of an instance (README, "Format of the
// report in the page"). A plain report.json has no such numbers and is read by the same rule.
import type { InstanceRow, Pass, Report } from "./report";

/** The version of report.json that this page reads. */
export const SCHEMA_VERSION = 1;

/** Thrown if the page has no report, or none that it can read. */
export class UnreadableReport extends Error {}

type ListsOf<Row> = { [Field in keyof Row]-?: Row[Field] extends unknown[] ? Field : never }[keyof Row];

/** The lists of an instance. The compiler fails if the schema gets another one. */
const EMPTY: Record<ListsOf<InstanceRow>, true> = {
  findings: true,
  conflicts: true,
  missingBefore: true,
  installed: true,
  failed: true,
  missingAfter: true,
  installedUntested: true,
  heldBack: true,
  commandIds: true,
};
const LISTS = Object.keys(EMPTY);

/** The lists of a pass. */
const EMPTY_PASS: Record<ListsOf<Pass>, true> = { installed: true, failed: true };
const PASS_LISTS = Object.keys(EMPTY_PASS);

const TOP = ["steps", "targets", "instances", "accountsOutsidePlan"] as const;

/** Parses the text of the report element. */
export function readReport(text: string): Report {
  let data: Report | null;
  try {
    data = JSON.parse(text) as Report | null;
  } catch {
    throw new UnreadableReport(
      "This page has no report: it is the empty template or an incomplete file. Download report.html again.",
    );
  }
  if (data?.schemaVersion !== SCHEMA_VERSION) {
    throw new UnreadableReport(
      `This page reads version ${SCHEMA_VERSION} of report.json, but the report has version ${String(data?.schemaVersion)}. Use the page of the orgpatch version that wrote the report.`,
    );
  }
  for (const list of TOP) if (!Array.isArray(data[list])) throw damaged(`\`${list}\` is not a list`);
  const appeared: unknown[] = [];
  for (const row of data.instances) expand(row as unknown, "an instance", LISTS, appeared);
  return data;
}

const damaged = (how: string): UnreadableReport => new UnreadableReport(`The report in this page is damaged: ${how}.`);

/**
 * Replaces numbers by their values, and adds the empty lists that the compact format leaves out: in an instance, and in
 * each of its passes.
 */
function expand(row: unknown, what: string, lists: string[], appeared: unknown[]): void {
  if (!isObject(row)) throw damaged(`${what} is not an object`);
  const value = (entry: unknown): unknown => {
    if (typeof entry !== "number") appeared.push(entry);
    else if (entry in appeared) return appeared[entry];
    else throw damaged(`the number ${entry} refers to a value that does not appear before it`);
    return entry;
  };
  // In the order of the text, because the numbers count values in that order.
  for (const [name, field] of Object.entries(row)) {
    if (name === "reason") row[name] = value(field);
    else if (name === "passes" && Array.isArray(field))
      for (const pass of field) expand(pass, "a pass", PASS_LISTS, appeared);
    else if (Array.isArray(field)) {
      field.forEach((entry, i) => {
        field[i] = value(entry);
      });
    }
  }
  if (!isObject(row.reason)) throw damaged(`${what} has no reason`);
  for (const list of lists) row[list] ??= [];
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
