// What the page shows, as the part of the address behind `#`: so a link can be shared, and Back works.
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

/** Returns a link to a view. */
export function href(view: View, values: Values = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one) query.append(name, one);
  }
  const text = query.toString();
  return `#/${view}${text ? `?${text}` : ""}`;
}

/** Returns a link to the same view with some parameters changed. */
export function withParams(route: Route, values: Values): string {
  const all: Record<string, string[] | string | null | undefined> = {};
  for (const name of new Set(route.params.keys())) all[name] = route.params.getAll(name);
  return href(route.view, { ...all, ...values });
}

/** Goes to a link without a new entry in the history, as for every typed letter. */
export function replaceRoute(link: string): void {
  history.replaceState(null, "", link);
  dispatchEvent(new Event("hashchange"));
}

export function navigate(link: string): void {
  location.hash = link;
}

let current = { hash: "", route: parse("") };

/** Returns the current route. Components that render again with every address may call this instead of `useRoute`. */
export function currentRoute(): Route {
  if (location.hash !== current.hash) current = { hash: location.hash, route: parse(location.hash) };
  return current.route;
}

function subscribe(changed: () => void): () => void {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
}

export const useRoute = (): Route => useSyncExternalStore(subscribe, currentRoute);
