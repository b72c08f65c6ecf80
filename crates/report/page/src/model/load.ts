// Reads the report out of the page. Where a value of an instance appears again, a number may stand for it (README,
// "What goes into the page"); report.json as it is has no such numbers, and is read by the same rule.
import type { InstanceRow, Report } from "./report";

/** The version of report.json that this page understands. */
export const SCHEMA_VERSION = 1;

/** There is no report in the page, or none that it can read. */
export class UnreadableReport extends Error {}

type ListsOf<Row> = { [Field in keyof Row]-?: Row[Field] extends unknown[] ? Field : never }[keyof Row];

/** The lists that every instance has; the compiler says when the schema has got another one. */
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

const TOP = ["steps", "targets", "instances", "accountsOutsidePlan"] as const;

/** Parses the text of the data element. */
export function readReport(text: string): Report {
  let data: Report | null;
  try {
    data = JSON.parse(text) as Report | null;
  } catch {
    throw new UnreadableReport("This page holds no report. It is the empty template, or the file is cut short.");
  }
  if (data?.schemaVersion !== SCHEMA_VERSION) {
    throw new UnreadableReport(
      `This page reads version ${SCHEMA_VERSION} of report.json, and the report is of version ${String(data?.schemaVersion)}.`,
    );
  }
  for (const list of TOP) if (!Array.isArray(data[list])) throw damaged(`it has no list of ${list}`);
  const appeared: unknown[] = [];
  for (const row of data.instances) expand(row as unknown, appeared);
  return data;
}

const damaged = (how: string): UnreadableReport => new UnreadableReport(`The report in this page is damaged: ${how}.`);

/** Puts values in place of numbers, and the empty lists that the compact spelling leaves out. */
function expand(row: unknown, appeared: unknown[]): void {
  if (!isObject(row)) throw damaged("an instance is no object");
  const value = (entry: unknown): unknown => {
    if (typeof entry !== "number") appeared.push(entry);
    else if (entry in appeared) return appeared[entry];
    else throw damaged(`the number ${entry} stands for a value that has not appeared`);
    return entry;
  };
  // In the order of the text, since the numbers count the values in it.
  for (const [name, field] of Object.entries(row)) {
    if (name === "reason") row[name] = value(field);
    else if (Array.isArray(field)) {
      field.forEach((entry, i) => {
        field[i] = value(entry);
      });
    }
  }
  if (!isObject(row.reason)) throw damaged("an instance has no reason");
  for (const list of LISTS) row[list] ??= [];
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
