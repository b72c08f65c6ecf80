// Who else patches the instances: by whom, how many, and how many were left alone for it.
import { ArrowRight, FileWarning, Users } from "lucide-preact";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Data } from "../model/data";
import { count, plural, sentenceCase } from "../model/format";
import { otherName, others, OVERWRITTEN } from "../model/others";
import { href } from "../model/route";
import { Section } from "../parts/panel";
import { T } from "../parts/text";

export function Others({ data }: { data: Data }): JSX.Element | null {
  const found = useMemo(() => others(data), [data]);
  if (found.length === 0) return null;
  return (
    <Section id="others" title="Also patched by others" note="Patch policies, associations, maintenance windows and commands beside this run.">
      <ol class="troubles">
        {found.map(({ code, instances, leftAlone, text, various }) => (
          <li key={code}>
            <a href={href("instances", { other: code })}>
              {code === OVERWRITTEN ? <FileWarning class="sign" size={20} aria-hidden="true" /> : <Users class="sign" size={20} aria-hidden="true" />}
              <b>{count(instances)}</b>
              <span class="trouble-words">
                <strong>
                  <T>{otherName(code)}</T>
                </strong>
                <T class="clamp">{sentenceCase(text)}</T>
                {(leftAlone > 0 || various) && (
                  <span class="muted">
                    {[...(leftAlone > 0 ? [`${plural(leftAlone, "instance")} left alone for it`] : []), ...(various ? ["and other sentences"] : [])].join(" · ")}
                  </span>
                )}
              </span>
              <ArrowRight class="go" size={16} aria-hidden="true" />
            </a>
          </li>
        ))}
      </ol>
    </Section>
  );
}
