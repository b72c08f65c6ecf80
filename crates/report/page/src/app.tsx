// The page: head, navigation, the current view, foot.
import type { JSX } from "preact";
import { flushSync } from "preact/compat";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Data, once } from "./model/data";
import { makeFilter } from "./model/filter";
import { count } from "./model/format";
import type { Loading } from "./model/loading";
import { accountsWithoutAccess, buildOrganization } from "./model/organization";
import { href, useRoute, type View } from "./model/route";
import { Printing } from "./parts/folded";
import { WaitingView } from "./parts/loading";
import { Id, Text } from "./parts/text";
import { ThemeSwitch } from "./parts/theme";
import { Accounts } from "./views/accounts";
import { Instances, instanceTable, useWarmUp } from "./views/instances";
import { MapView } from "./views/map";
import { Overview } from "./views/overview";
import { Patches } from "./views/patches";
import { Print } from "./views/print";
import { ReadinessView } from "./views/readiness";
import { headline } from "./views/run-result";

const TITLES: [View, string][] = [
  ["overview", "Overview"],
  ["instances", "Instances"],
  ["map", "Organization"],
  ["patches", "Patches"],
  ["readiness", "Readiness"],
  ["accounts", "Accounts"],
];

/** Views of several sections, which have no heading of their own. */
const SEVERAL: View[] = ["readiness", "accounts"];
/** Views that show something before the instances are loaded. */
const WITHOUT_INSTANCES: View[] = ["overview", "accounts"];
const titleOf = (view: View): string => TITLES.find(([name]) => name === view)?.[1] ?? "";

interface Props {
  data: Data;
  /** Set while the instances are loaded: `data` then has none. */
  loading?: Loading;
}

export function App({ data, loading }: Props): JSX.Element {
  const route = useRoute();
  const { table, patches } = useMemo(() => {
    const { filter, patches } = makeFilter(data);
    return { table: instanceTable(data, filter), patches };
  }, [data]);
  const organization = useMemo(() => once(() => buildOrganization(data)), [data]);
  const printing = usePrinting();
  useWarmUp(table);
  useTitle(data, route.view);
  const top = useRef<HTMLElement>(null);
  useViewStart(route.view, top);

  const waiting = loading !== undefined && !WITHOUT_INSTANCES.includes(route.view);
  const view = {
    overview: () => <Overview data={data} organization={organization} loading={loading} />,
    map: () => <MapView organization={organization()} route={route} />,
    instances: () => <Instances data={data} table={table} route={route} />,
    patches: () => <Patches data={data} index={patches()} route={route} />,
    readiness: () => <ReadinessView data={data} route={route} />,
    accounts: () => <Accounts data={data} />,
  }[route.view];
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: a link to the content is what screen readers list; it only moves the focus. */}
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // The address names the view, so the link must not change it.
          event.preventDefault();
          top.current?.focus();
        }}
      >
        Skip to content
      </a>
      <Head data={data} view={route.view} instances={loading?.total ?? data.instances.length} />
      <main id="main" ref={top} tabIndex={-1}>
        {SEVERAL.includes(route.view) && !printing && !waiting && <h1 class="hidden">{titleOf(route.view)}</h1>}
        {printing ? (
          <Printing.Provider value={true}>
            <Print data={data} organization={organization} />
          </Printing.Provider>
        ) : waiting ? (
          <WaitingView title={titleOf(route.view)} loading={loading} />
        ) : (
          view()
        )}
      </main>
      <footer>
        <p>
          Created by orgpatch from <code>report.json</code>, schema version {data.schemaVersion}. Plan SHA-256{" "}
          <Id>{data.run.planSha256}</Id>
        </p>
      </footer>
    </>
  );
}

function Head({ data, view, instances }: { data: Data; view: View; instances: number }): JSX.Element {
  const withoutAccess = useMemo(() => new Set(accountsWithoutAccess(data).map((row) => row.accountId)).size, [data]);
  const badges: Partial<Record<View, number>> = { instances, accounts: withoutAccess };
  const current = useRef<HTMLAnchorElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another view puts another link into `current`.
  useLayoutEffect(() => {
    if (current.current) showInList(current.current);
  }, [view]);
  return (
    <header class="head">
      <div class="head-line">
        <p class="brand">
          <span class={`dot dot-${data.run.decision}`} aria-hidden="true" />
          orgpatch
          <span class="brand-run">
            <Text>{data.run.plan}</Text> <Text class="muted">{data.run.id}</Text>
          </span>
        </p>
        <ThemeSwitch />
      </div>
      <nav aria-label="Views">
        <ul>
          {TITLES.map(([name, title]) => (
            <li key={name}>
              <a
                href={href(name)}
                ref={view === name ? current : undefined}
                aria-current={view === name ? "page" : undefined}
              >
                {title}
                {badges[name] ? <span class="badge">{count(badges[name])}</span> : null}
              </a>
            </li>
          ))}
        </ul>
      </nav>
    </header>
  );
}

/**
 * Scrolls the link of the current view into sight, because on a phone not all links fit. It does not use
 * `scrollIntoView`: in Chromium, the Tab key would then continue from there, past the link to the content.
 */
function showInList(link: HTMLElement): void {
  const list = link.closest("ul") as HTMLElement;
  const [item, frame] = [link.getBoundingClientRect(), list.getBoundingClientRect()];
  if (item.right > frame.right) list.scrollLeft += item.right - frame.right + 16;
  if (item.left < frame.left) list.scrollLeft -= frame.left - item.left + 16;
}

/** Returns true while the page is being printed. Renders at once, because the browser prints right after the event. */
function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useLayoutEffect(() => {
    const media = matchMedia("print");
    setPrinting(media.matches);
    const set = (): void => flushSync(() => setPrinting(media.matches));
    const before = (): void => flushSync(() => setPrinting(true));
    const after = (): void => setPrinting(false);
    media.addEventListener("change", set);
    addEventListener("beforeprint", before);
    addEventListener("afterprint", after);
    return () => {
      media.removeEventListener("change", set);
      removeEventListener("beforeprint", before);
      removeEventListener("afterprint", after);
    };
  }, []);
  return printing;
}

function useTitle(data: Data, view: View): void {
  useEffect(() => {
    document.title = `${view === "overview" ? headline(data) : titleOf(view)} · orgpatch ${data.run.plan} ${data.run.id}`;
  }, [data, view]);
}

/** Shows a new view from its top, and moves the focus there, so that a screen reader announces it. */
function useViewStart(view: View, main: { current: HTMLElement | null }): void {
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the view changes; `main` is a ref.
  useLayoutEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [view]);
}
