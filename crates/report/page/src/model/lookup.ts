// Look-ups by keys that come from a report.

/** Returns the value of a key of the table itself, never an inherited one: a tag may be called `__proto__`. */
export const lookup = <Value>(table: Record<string, Value>, key: string): Value | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;
