// @ts-check
// The compact spelling of report.json for the page, and the one way to put it into the template. The Lambda function
// does the same in Rust while it streams; this is the reference that its tests compare with.

/** Where the template takes the report. It is there exactly once. */
export const PLACEHOLDER = "@@REPORT_JSON@@";

/**
 * The same report with `dictionary` behind everything else: in an instance, `reason` and the entries of every list
 * are numbers into it, and empty lists and nulls are left out. Numbers grow in order of appearance, so that it can be
 * written in one pass with nothing but the distinct entries in memory.
 *
 * @template {{ instances: object[] }} Report
 * @param {Report} report
 * @returns {Omit<Report, "instances"> & { instances: object[], dictionary: unknown[] }}
 */
export function compact(report) {
  /** @type {unknown[]} */
  const dictionary = [];
  /** @type {Map<string, number>} */
  const numbers = new Map();
  /** @param {unknown} value */
  const number = (value) => {
    const key = JSON.stringify(value);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, dictionary.length);
    return dictionary.push(value) - 1;
  };
  const instances = report.instances.map((row) => {
    /** @type {Record<string, unknown>} */
    const short = {};
    for (const [name, value] of Object.entries(row)) {
      if (value === null || (Array.isArray(value) && value.length === 0)) continue;
      if (Array.isArray(value)) short[name] = value.map(number);
      else short[name] = name === "reason" ? number(value) : value;
    }
    return short;
  });
  return { ...report, instances, dictionary };
}

/**
 * JSON that may stand inside a script element: nothing in it ends the element or opens a comment.
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
 * The finished page.
 *
 * @param {string} template
 * @param {string} json
 */
export function embed(template, json) {
  const at = template.indexOf(PLACEHOLDER);
  if (at < 0) throw new Error(`the template has no ${PLACEHOLDER}`);
  return template.slice(0, at) + json + template.slice(at + PLACEHOLDER.length);
}
