// The install commands that had not ended, each with the line that cancels it: the first few, and where the others are.
import type { JSX } from "preact";
import { cancelLine, openSentence } from "../model/closed-run";
import type { Data } from "../model/data";
import { plural } from "../model/format";
import { href } from "../model/route";
import { Id, Text } from "../parts/text";

const SHOWN = 5;

export function OpenCommands({ data }: { data: Data }): JSX.Element | null {
  const open = data.instances.filter((row) => row.openCommand);
  const sentence = openSentence(open);
  if (!sentence) return null;
  return (
    <div class="open-commands">
      <p>{sentence} To cancel one, use credentials of its account:</p>
      <ul>
        {open.slice(0, SHOWN).map((row) => (
          <li key={row.instanceId}>
            <a href={href("instances", { i: row.instanceId })}>
              <Text>{row.name || row.instanceId}</Text>
            </a>{" "}
            in <Text>{row.accountName || row.accountId}</Text> <Id>{row.accountId}</Id>
            <br />
            <Id>{cancelLine(row)}</Id>
          </li>
        ))}
      </ul>
      {open.length > SHOWN && <p>and {plural(open.length - SHOWN, "more command")}: openCommand in instances.csv</p>}
    </div>
  );
}
