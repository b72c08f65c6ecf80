// How far the page is with the instances of a large report. The views that need all of them wait for it.
import { useSyncExternalStore } from "preact/compat";

export class Loading {
  private readonly listeners = new Set<() => void>();
  private read = 0;

  /** `total` is the number of instances that the run counted. */
  constructor(readonly total: number) {}

  get loaded(): number {
    return this.read;
  }

  set loaded(instances: number) {
    this.read = instances;
    for (const changed of this.listeners) changed();
  }

  subscribe = (changed: () => void): (() => void) => {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  };
}

/** Returns the number of loaded instances, and renders the component again whenever it grows. */
export const useLoaded = (loading: Loading): number => useSyncExternalStore(loading.subscribe, () => loading.loaded);
