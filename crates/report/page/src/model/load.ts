// Reads the report out of the page, in either of its two spellings: report.json as it is, or the compact one, in which
// a number stands for an entry of `dictionary` (see tools/compact.mjs).
import type { InstanceRow, Report } from "./report";

/** The version of report.json that this page understands. */
export const SCHEMA_VERSION = 1;

/** There is no report in the page, or none that it can read. */
export class UnreadableReport extends Error {}

const LISTS = ["findings", "missingBefore", "installed", "failed", "missingAfter", "commandIds"] as const;

/** Parses the text of the data element. */
export function readReport(text: string): Report {
  let data: Report & { dictionary?: unknown[] };
  try {
    data = JSON.parse(text) as typeof data;
  } catch {
    throw new UnreadableReport("This page holds no report. It is the empty template, or the file is cut short.");
  }
  if (data.schemaVersion !== SCHEMA_VERSION) {
    throw new UnreadableReport(
      `This page reads version ${SCHEMA_VERSION} of report.json, and the report is of version ${String(data.schemaVersion)}.`,
    );
  }
  const dictionary = data.dictionary ?? [];
  for (const row of data.instances) expand(row, dictionary);
  return data;
}

/** Puts the entries of the dictionary in place, and the empty lists that the compact spelling leaves out. */
function expand(row: InstanceRow, dictionary: unknown[]): void {
  const entry = (value: unknown): unknown => (typeof value === "number" ? dictionary[value] : value);
  row.reason = entry(row.reason) as InstanceRow["reason"];
  const lists = row as unknown as Record<string, unknown[] | undefined>;
  for (const list of LISTS) {
    const values = lists[list];
    if (values === undefined) lists[list] = [];
    else for (let i = 0; i < values.length; i++) values[i] = entry(values[i]);
  }
}
