// Starts the page. It is there before the report: it shows how much of the report has arrived, then everything but the
// instances, and the instances when all of them are read. A report with few instances is there at once.
import { render } from "preact";
import { App } from "./app";
import { takeReport } from "./arrival";
import { indexReport } from "./model/data";
import { ReportReader, UnreadableReport } from "./model/load";
import { Loading } from "./model/loading";
import { total } from "./model/outcomes";
import { Arriving } from "./parts/loading";

const root = document.getElementById("app") as HTMLElement;
/** How many characters of the instances the page reads before it lets the browser paint and react. */
const slice = Number(root.dataset.slice);

render(<Arriving characters={0} />, root);
takeReport(
  (characters) => render(<Arriving characters={characters} />, root),
  (text) => orExplained(() => show(new ReportReader(text))),
);

/** Shows a report: everything but its instances as soon as that is read, and the rest when the rest is. */
function show(reader: ReportReader): void {
  const { report } = reader;
  const loading = new Loading(total(report.run.counts));
  const ended = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const read = (characters: number): void => {
    clearTimeout(timer);
    reader.read(characters);
    loading.loaded = report.instances.length;
    if (reader.done) {
      ended.abort();
      render(<App data={indexReport(report)} />, root);
    } else {
      // In a hidden page nothing is painted, and timers are slow.
      timer = setTimeout(() => orExplained(() => read(document.hidden ? Number.POSITIVE_INFINITY : slice)), 0);
    }
  };
  const paper = matchMedia("print");
  read(paper.matches ? Number.POSITIVE_INFINITY : slice);
  if (reader.done) return;
  // Without the instances, so that no view takes some of them for all.
  render(<App data={indexReport({ ...report, instances: [] })} loading={loading} />, root);
  // Paper shows everything.
  const readAll = (): void => orExplained(() => read(Number.POSITIVE_INFINITY));
  addEventListener("beforeprint", readAll, { signal: ended.signal });
  paper.addEventListener("change", readAll, { signal: ended.signal });
}

/** Runs a step, and shows why if the report cannot be read. */
function orExplained(step: () => void): void {
  try {
    step();
  } catch (error) {
    if (!(error instanceof UnreadableReport)) throw error;
    render(<p class="message unreadable">{error.message}</p>, root);
  }
}
