// @ts-check
// Writes report.json in the compact format of the page, and puts it into the template. This is the reference: the Lambda
// function does the same in Rust as a stream, and its tests compare with this.

/** The placeholder for the report. The template has it exactly once. */
export const PLACEHOLDER = "@@REPORT_JSON@@";

/** The fields of an instance that are no lists and are shortened like the entries of lists. */
const INTERNED = ["reason", "judgedBy", "neverReboot"];

/**
 * Returns the report in the compact format. In an instance, a number replaces `reason`, `judgedBy`, `neverReboot` or a list entry whose value was
 * written before: the index of that value among all written values, counted from 0 in the order of the text. Nulls and
 * empty lists are left out. The entries of `passes` are written like instances. The format needs one pass, and a writer
 * may remember as few values as it wants: this one remembers the first `remembered` values and writes the others again.
 * `instances` and `targets` are the first fields, so that the page can show the rest before it has read the instances.
 *
 * @template {{ instances: object[], targets: object[] }} Report
 * @param {Report} report
 * @param {number} [remembered]
 * @returns {Omit<Report, "instances" | "targets"> & { instances: object[], targets: object[] }}
 */
export function compact(report, remembered = Infinity) {
  /** @type {Map<string, number>} */
  const places = new Map();
  let appeared = 0;
  /** @param {unknown} value */
  const short = (value) => {
    const text = JSON.stringify(value);
    const place = places.get(text);
    if (place !== undefined) return place;
    if (places.size < remembered) places.set(text, appeared);
    appeared += 1;
    return value;
  };
  /** @param {object} row */
  const shortened = (row) => {
    /** @type {Record<string, unknown>} */
    const fields = {};
    for (const [name, value] of Object.entries(row)) {
      if (value === null || (Array.isArray(value) && value.length === 0)) continue;
      if (Array.isArray(value)) fields[name] = value.map(name === "passes" ? shortened : short);
      else fields[name] = INTERNED.includes(name) ? short(value) : value;
    }
    return fields;
  };
  const { instances, targets, ...rest } = report;
  return { instances: instances.map(shortened), targets, ...rest };
}

/**
 * Returns JSON that is safe inside a script element: it can neither end the element nor open a comment.
 *
 * @param {unknown} value
 */
export function forScriptElement(value) {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Returns the finished page.
 *
 * @param {string} template
 * @param {string} json
 */
export function embed(template, json) {
  const at = template.indexOf(PLACEHOLDER);
  if (at < 0) throw new Error(`the template has no ${PLACEHOLDER}`);
  return template.slice(0, at) + json + template.slice(at + PLACEHOLDER.length);
}
