// Starts the page: reads the report in it, and renders it.
import { render } from "preact";
import { App } from "./app";
import { indexReport } from "./model/data";
import { readReport, UnreadableReport } from "./model/load";

const root = document.getElementById("app") as HTMLElement;

try {
  const source = document.getElementById("report") as HTMLScriptElement;
  const report = readReport(source.textContent ?? "");
  // Frees the text of the report: with 20,000 instances it has many megabytes.
  source.remove();
  render(<App data={indexReport(report)} />, root);
} catch (error) {
  if (!(error instanceof UnreadableReport)) throw error;
  render(<p class="unreadable">{error.message}</p>, root);
}
