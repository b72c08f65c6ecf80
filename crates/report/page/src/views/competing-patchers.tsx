// Competing patchers on the overview: kind, number of instances, and number of instances that were not patched for it.
import { FileWarning, Users } from "lucide-preact";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { competingPatchers, OVERWRITTEN, patcherName } from "../model/competing-patchers";
import type { Data } from "../model/data";
import { plural, sentenceCase } from "../model/format";
import { href } from "../model/route";
import { AttentionItem } from "../parts/attention-item";
import { Section } from "../parts/panel";
import { ReasonAction } from "../parts/reason";
import { Text } from "../parts/text";

export function CompetingPatchers({ data }: { data: Data }): JSX.Element | null {
  const found = useMemo(() => competingPatchers(data), [data]);
  if (found.length === 0) return null;
  return (
    <Section
      id="competing"
      title="Competing patchers"
      note="Other tools that patch these instances, or may patch them."
    >
      <ol class="attention-list">
        {found.map(({ code, instances, decisive, text, otherTexts }) => (
          <AttentionItem
            key={code}
            to={href("instances", { competing: code })}
            sign={
              code === OVERWRITTEN ? (
                <FileWarning class="sign" size={20} aria-hidden="true" />
              ) : (
                <Users class="sign" size={20} aria-hidden="true" />
              )
            }
            n={instances}
            title={<Text>{patcherName(code)}</Text>}
          >
            <Text class="clamp">{sentenceCase(text)}</Text>
            <ReasonAction code={code} />
            {(decisive > 0 || otherTexts) && (
              <span class="muted">
                {[
                  ...(decisive > 0 ? [`${plural(decisive, "instance")} not patched for this reason`] : []),
                  ...(otherTexts ? ["and similar reasons"] : []),
                ].join(" · ")}
              </span>
            )}
          </AttentionItem>
        ))}
      </ol>
    </Section>
  );
}
