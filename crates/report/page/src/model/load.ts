// Reads the report out of the page: first everything but the instances, then the instances in slices. A number may stand
// for a repeated value of an instance (README, "Format of the report in the page"). A plain report.json has no such
// numbers and is read by the same rule, but at once.
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

/** What is around the instances if they are the first field and `targets` is the next, as the report writes them. */
const BEFORE = '{"instances":[';
const BEHIND = '],"targets":[';

/** Reads a report. All but its instances is there at once; `read` adds instances. */
export class ReportReader {
  /** The report with the instances that have been read. */
  readonly report: Report;
  /** The text of the instances that have not been read: objects with commas between them. */
  private text: string;
  /** What separates two instances: the end of one, and the beginning of the next with the name of its first field. */
  private readonly between: string;
  /** The values that are written out, in the order of the text. */
  private readonly appeared: unknown[] = [];

  /** Reads everything but the instances. Reads the instances, too, if the fields are in another order. */
  constructor(text: string) {
    const parts = split(text);
    this.report = checked(parts?.rest ?? parse(text));
    this.text = parts?.instances ?? "";
    this.between = `},${this.text.slice(0, this.text.indexOf(":") + 1)}`;
    this.expand(this.report.instances);
  }

  get done(): boolean {
    return this.text === "";
  }

  /** Reads the instances in the next so many characters, and the rest of the last of them. */
  read(characters: number): void {
    if (this.done) return;
    let end = characters;
    let rows: InstanceRow[] | undefined;
    // An entry of a list of an instance may begin like an instance. The text up to there is no list of whole instances,
    // so the next place is tried.
    do {
      end = this.text.indexOf(this.between, end + 1);
      rows = this.upTo(end);
    } while (rows === undefined && end >= 0);
    if (rows === undefined) throw damaged("`instances` is not a list");
    this.text = end < 0 ? "" : this.text.slice(end + "},".length);
    this.expand(rows);
    for (const row of rows) this.report.instances.push(row);
  }

  /** Returns the instances before an end; undefined if it is not the end of an instance. -1 is the end of the text. */
  private upTo(end: number): InstanceRow[] | undefined {
    return parse(`[${end < 0 ? this.text : this.text.slice(0, end + 1)}]`) as InstanceRow[] | undefined;
  }

  private expand(rows: InstanceRow[]): void {
    for (const row of rows) expand(row as unknown, "an instance", LISTS, this.appeared);
  }
}

/** Reads a whole report. */
export function readReport(text: string): Report {
  const reader = new ReportReader(text);
  reader.read(Number.POSITIVE_INFINITY);
  return reader.report;
}

/**
 * Returns the text of the instances, and everything else as a value; undefined for another order of the fields. Inside a
 * text of JSON a quotation mark is escaped, so what is searched is never found there. If it is found in an inner field,
 * the rest closes more braces than it opens, and cannot be parsed.
 */
function split(text: string): { instances: string; rest: unknown } | undefined {
  const end = text.lastIndexOf(BEHIND);
  if (!text.startsWith(BEFORE) || end < 0) return undefined;
  const rest = parse(`{"instances":[],${text.slice(end + "],".length)}`);
  return rest === undefined ? undefined : { instances: text.slice(BEFORE.length, end), rest };
}

/** Returns the value of a text; undefined if it is not JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns the value as a report, if it is one that this page reads. */
function checked(value: unknown): Report {
  if (value === undefined) {
    throw new UnreadableReport(
      "This page has no report: it is the empty template or an incomplete file. Download report.html again.",
    );
  }
  const data = value as Report | null;
  if (data?.schemaVersion !== SCHEMA_VERSION) {
    throw new UnreadableReport(
      `This page reads version ${SCHEMA_VERSION} of report.json, but the report has version ${String(data?.schemaVersion)}. Use the page of the orgpatch version that wrote the report.`,
    );
  }
  for (const list of TOP) if (!Array.isArray(data[list])) throw damaged(`\`${list}\` is not a list`);
  return data;
}

const damaged = (how: string): UnreadableReport => new UnreadableReport(`The report in this page is damaged: ${how}.`);

/**
 * Replaces numbers by their values, and adds the empty lists that the compact format leaves out: in an instance, and in
 * each of its passes.
 */
function expand(row: unknown, what: string, lists: string[], appeared: unknown[]): void {
  if (!isObject(row)) throw damaged(`${what} is not an object`);
  // In the order of the text, because the numbers count values in that order.
  for (const name in row) {
    const field = row[name];
    if (["reason", "judgedBy", "neverReboot"].includes(name)) row[name] = resolved(field, appeared);
    else if (!Array.isArray(field)) continue;
    else if (name === "passes") for (const pass of field) expand(pass, "a pass", PASS_LISTS, appeared);
    else for (let i = 0; i < field.length; i++) field[i] = resolved(field[i], appeared);
  }
  if (!isObject(row.reason)) throw damaged(`${what} has no reason`);
  for (const list of lists) row[list] ??= [];
}

/** Returns the value of an entry, and remembers one that is written out. */
function resolved(entry: unknown, appeared: unknown[]): unknown {
  if (typeof entry !== "number") appeared.push(entry);
  else if (entry in appeared) return appeared[entry];
  else throw damaged(`the number ${entry} refers to a value that does not appear before it`);
  return entry;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
