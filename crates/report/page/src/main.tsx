// Starts the page: reads the report that stands in it, and shows it.
import { render } from "preact";
import { App } from "./app";
import { indexed } from "./model/data";
import { readReport, UnreadableReport } from "./model/load";

const root = document.getElementById("app") as HTMLElement;

try {
  const source = document.getElementById("report") as HTMLScriptElement;
  const report = readReport(source.textContent ?? "");
  // The text is not needed any more, and with 20,000 instances it is many megabytes.
  source.remove();
  render(<App data={indexed(report)} />, root);
} catch (error) {
  if (!(error instanceof UnreadableReport)) throw error;
  render(<p class="unreadable">{error.message}</p>, root);
}
