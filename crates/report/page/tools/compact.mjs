// @ts-check
// The compact spelling of report.json for the page, and the one way to put it into the template. The Lambda function
// does the same in Rust while it streams; this is the reference that its tests compare with.

/** Where the template takes the report. It is there exactly once. */
export const PLACEHOLDER = "@@REPORT_JSON@@";

/**
 * The same report, in whose instances `reason` and the entries of every list are a number where the same value stood
 * before: its place among the values that stand as themselves, counted from 0 in the order of the text. Empty lists and
 * nulls are left out. So it can be written in one pass, and whoever writes it remembers as many texts as it likes:
 * beyond `remembered` of them a value stands as itself once more.
 *
 * @template {{ instances: object[] }} Report
 * @param {Report} report
 * @param {number} [remembered]
 * @returns {Omit<Report, "instances"> & { instances: object[] }}
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
  const instances = report.instances.map((row) => {
    /** @type {Record<string, unknown>} */
    const fields = {};
    for (const [name, value] of Object.entries(row)) {
      if (value === null || (Array.isArray(value) && value.length === 0)) continue;
      if (Array.isArray(value)) fields[name] = value.map(short);
      else fields[name] = name === "reason" ? short(value) : value;
    }
    return fields;
  });
  return { ...report, instances };
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
