// The indexed report, which every view reads.
import type { InstanceRow, Report, TargetReport } from "./report";

/** An instance, with name and organizational unit of its account. */
export interface Instance extends InstanceRow {
  /** Index in `instances` of the report. */
  index: number;
  accountName: string;
  ouPath: string;
}

export interface Data extends Report {
  instances: Instance[];
  /** Returns `<stage>, wave <wave>` if the stage has several waves, else `<stage>`. */
  stepLabel: (stage: string, wave: number) => string;
  byId: Map<string, Instance>;
}

const targetKey = (row: { accountId: string; region: string }): string => `${row.accountId}/${row.region}`;

/** Indexes the report. Extends its rows in place, because a copy of 20,000 rows would double the memory. */
export function indexReport(report: Report): Data {
  const targets = new Map<string, TargetReport>();
  for (const target of report.targets) targets.set(targetKey(target), target);
  const byId = new Map<string, Instance>();
  report.instances.forEach((row, index) => {
    const target = targets.get(targetKey(row));
    const instance = row as Instance;
    instance.index = index;
    instance.accountName = target?.accountName ?? "";
    instance.ouPath = target?.ouPath ?? "";
    byId.set(instance.instanceId, instance);
  });
  const waves = new Map<string, number>();
  for (const step of report.steps) waves.set(step.stage, Math.max(waves.get(step.stage) ?? 0, step.wave));
  const stepLabel = (stage: string, wave: number): string =>
    (waves.get(stage) ?? 1) > 1 ? `${stage}, wave ${wave}` : stage;
  return { ...(report as Omit<Report, "instances">), instances: report.instances as Instance[], stepLabel, byId };
}

/** Returns a function that calls `make` once and remembers the result. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
