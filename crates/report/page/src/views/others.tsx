// Who else patches the instances: by whom, how many, and how many were left alone for it.
import { FileWarning, Users } from "lucide-preact";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Data } from "../model/data";
import { plural, sentenceCase } from "../model/format";
import { OVERWRITTEN, otherName, others } from "../model/others";
import { href } from "../model/route";
import { Section } from "../parts/panel";
import { T } from "../parts/text";
import { Trouble } from "../parts/trouble";

export function Others({ data }: { data: Data }): JSX.Element | null {
  const found = useMemo(() => others(data), [data]);
  if (found.length === 0) return null;
  return (
    <Section
      id="others"
      title="Also patched by others"
      note="Patch policies, associations, maintenance windows and commands beside this run."
    >
      <ol class="troubles">
        {found.map(({ code, instances, leftAlone, text, various }) => (
          <Trouble
            key={code}
            to={href("instances", { other: code })}
            sign={
              code === OVERWRITTEN ? (
                <FileWarning class="sign" size={20} aria-hidden="true" />
              ) : (
                <Users class="sign" size={20} aria-hidden="true" />
              )
            }
            n={instances}
            title={<T>{otherName(code)}</T>}
          >
            <T class="clamp">{sentenceCase(text)}</T>
            {(leftAlone > 0 || various) && (
              <span class="muted">
                {[
                  ...(leftAlone > 0 ? [`${plural(leftAlone, "instance")} left alone for it`] : []),
                  ...(various ? ["and other sentences"] : []),
                ].join(" · ")}
              </span>
            )}
          </Trouble>
        ))}
      </ol>
    </Section>
  );
}
