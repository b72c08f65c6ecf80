// Where the reader is: everything that changes what is shown stands in the address behind `#`, so that it can be
// shared, and Back goes back.
import { useSyncExternalStore } from "preact/compat";

export const VIEWS = ["overview", "map", "instances", "patches", "readiness", "accounts"] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  view: View;
  params: URLSearchParams;
}

export function parse(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s, 2);
  return { view: VIEWS.find((view) => view === path) ?? "overview", params: new URLSearchParams(query) };
}

type Values = Record<string, string | string[] | null | undefined>;

/** A link to a view. */
export function href(view: View, values: Values = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one) query.append(name, one);
  }
  const text = query.toString();
  return `#/${view}${text ? `?${text}` : ""}`;
}

/** A link to where the reader is, with some values changed. */
export function changed(route: Route, values: Values): string {
  const all: Record<string, string[] | string | null | undefined> = {};
  for (const name of new Set(route.params.keys())) all[name] = route.params.getAll(name);
  return href(route.view, { ...all, ...values });
}

/** Goes there without a new entry in the history, as for every letter that is typed. */
export function replace(link: string): void {
  history.replaceState(null, "", link);
  dispatchEvent(new Event("hashchange"));
}

export function go(link: string): void {
  location.hash = link;
}

let current = { hash: "", route: parse("") };

/** Where the reader is now. What is rendered anew with every address may ask so, instead of listening by itself. */
export function here(): Route {
  if (location.hash !== current.hash) current = { hash: location.hash, route: parse(location.hash) };
  return current.route;
}

function subscribe(changed: () => void): () => void {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
}

export const useRoute = (): Route => useSyncExternalStore(subscribe, here);
