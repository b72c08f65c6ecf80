// Look-ups by words that came from elsewhere.

/** The value of a key that the table itself has; a system called `__proto__` is not one. */
export const own = <Value>(table: Record<string, Value>, key: string): Value | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;
