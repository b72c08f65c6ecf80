// One instance with all its evidence.
import { ArrowDown, ArrowUp, FileWarning, Users, X } from "lucide-preact";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { baselineLink, commandLink, ec2Link, instanceLink } from "../model/console";
import type { Data, Instance } from "../model/data";
import { osName, plural, sentenceCase } from "../model/format";
import { actionWords, OVERWRITTEN, otherName } from "../model/others";
import { outcomeWords } from "../model/outcomes";
import { PATCH_STATE_LABELS, PATCH_STATES, type Standing, severityRank, standings } from "../model/patches";
import { STATUS_LABELS, statusOf } from "../model/readiness";
import { href } from "../model/route";
import { OutcomeChip } from "../parts/outcome";
import { Facts, Plain } from "../parts/panel";
import { Status } from "../parts/status";
import { Id, Out, Prose, T } from "../parts/text";

interface Props {
  data: Data;
  row: Instance;
  /** The instances as the table shows them. */
  order: Instance[];
  onClose: () => void;
  onGo: (row: Instance) => void;
}

export function Detail({ data, row, order, onClose, onGo }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // Not a button: whoever reads by ear hears which instance this is, and nobody sees a ring around "Close".
    element?.querySelector<HTMLElement>("h2")?.focus();
    return () => element?.close();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another instance is shown from its top.
  useLayoutEffect(() => dialog.current?.querySelector(".drawer-body")?.scrollTo(0, 0), [row]);
  const at = order.indexOf(row);
  const step = (by: number): JSX.Element => {
    const next = at < 0 ? undefined : order[at + by];
    const [label, Icon] = by < 0 ? ["Previous instance", ArrowUp] : ["Next instance", ArrowDown];
    return (
      <button
        type="button"
        class="icon"
        aria-label={label}
        title={label}
        disabled={!next}
        onClick={() => next && onGo(next)}
      >
        <Icon size={18} aria-hidden="true" />
      </button>
    );
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the drawer closes it; the key for that is Escape.
    <dialog
      class="drawer"
      ref={dialog}
      aria-labelledby="detail"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === event.currentTarget && onClose()}
    >
      <header>
        <div>
          <h2 id="detail" tabIndex={-1}>
            <T class="name">{row.name || row.instanceId}</T>
          </h2>
          {row.name && <Id>{row.instanceId}</Id>}
        </div>
        {step(-1)}
        {step(1)}
        <button type="button" class="icon" aria-label="Close" title="Close" onClick={onClose}>
          <X size={20} aria-hidden="true" />
        </button>
      </header>
      {/* Focusable, so that the keyboard can scroll it. */}
      <section class="drawer-body" tabIndex={0} aria-label="Evidence">
        <p class={`verdict soft-${row.outcome}`}>
          <OutcomeChip outcome={row.outcome} />
          <Prose>{sentenceCase(row.reason.text)}</Prose>
          <span class="muted">
            {outcomeWords(row.outcome).meaning} · <T>{row.reason.code}</T>
          </span>
        </p>
        <Where data={data} row={row} />
        <WhoElse row={row} />
        <Patches row={row} />
        {row.findings.length > 0 && <Findings row={row} />}
        <Commands row={row} />
      </section>
    </dialog>
  );
}

function Where({ data, row }: { data: Data; row: Instance }): JSX.Element {
  const facts: [string, JSX.Element | string][] = [
    [
      "Account",
      <>
        <T>{row.accountName}</T> <Id>{row.accountId}</Id>
      </>,
    ],
    ["Organizational unit", row.ouPath ? <T>{row.ouPath}</T> : "Directly below the root"],
    ["Region", <T>{row.region}</T>],
    ["Stage", <T>{data.stepLabel(row.stage, row.wave)}</T>],
    ["Operating system", <T>{osName(row.os)}</T>],
    ["SSM Agent", row.agentVersion ? <T>{row.agentVersion}</T> : "Not known"],
  ];
  if (row.exitCode !== undefined) facts.push(["Exit code", String(row.exitCode)]);
  if (row.baselineId) {
    facts.push([
      "Patch baseline",
      <Out to={baselineLink(row.region, row.baselineId)}>
        <Id>{row.baselineId}</Id>
      </Out>,
    ]);
  }
  const tags = Object.entries(row.tags ?? {});
  if (tags.length > 0) {
    facts.push([
      "Tags",
      <ul class="tags">
        {tags.map(([key, value]) => (
          <li key={key}>
            <T>{`${key}=${value}`}</T>
          </li>
        ))}
      </ul>,
    ]);
  }
  return (
    <section>
      <Facts of={facts} />
      <p class="note">
        In the console, when you are signed in to account <Id>{row.accountId}</Id>:{" "}
        <Out to={instanceLink(row.region, row.instanceId)}>Fleet Manager</Out>
        {" · "}
        <Out to={ec2Link(row.region, row.instanceId)}>EC2</Out>
      </p>
    </section>
  );
}

/** Who else patches it, and what the plan says about that. */
function WhoElse({ row }: { row: Instance }): JSX.Element | null {
  if (row.conflicts.length === 0 && !row.overwrittenBy) return null;
  return (
    <section>
      <h3>Also patched by others</h3>
      <ul class="findings">
        {row.conflicts.map(({ action, reason }) => (
          <li key={`${reason.code} ${reason.text}`}>
            <Users size={18} aria-hidden="true" />
            <div>
              <p>
                <T class="check">{otherName(reason.code)}</T>{" "}
                <span class="muted">The plan says: {actionWords(action)}</span>
              </p>
              <Prose>{sentenceCase(reason.text)}</Prose>
            </div>
          </li>
        ))}
        {row.overwrittenBy && (
          <li>
            <FileWarning size={18} aria-hidden="true" />
            <div>
              <p class="check">{otherName(OVERWRITTEN)}</p>
              <Prose>{sentenceCase(row.overwrittenBy.text)}</Prose>
            </div>
          </li>
        )}
      </ul>
    </section>
  );
}

const order = (a: Standing, b: Standing): number =>
  PATCH_STATES.indexOf(b.state) - PATCH_STATES.indexOf(a.state) ||
  severityRank(b.patch.severity) - severityRank(a.patch.severity);

function Patches({ row }: { row: Instance }): JSX.Element {
  const all = standings(row).sort(order);
  return (
    <section>
      <h3>Patches</h3>
      <p class="note">
        {all.length === 0
          ? "None to tell of: this report names those that were or are missing, and there are none here."
          : [
              `${plural(row.missingBefore.length, "patch", "patches")} missing before, ${plural(row.missingAfter.length, "patch", "patches")} missing after`,
              ...(row.heldBack.length > 0
                ? [`${plural(row.heldBack.length, "patch", "patches")} held back: not tested by the first stage`]
                : []),
              ...(row.installedUntested.length > 0
                ? [`${plural(row.installedUntested.length, "patch", "patches")} installed without that test`]
                : []),
            ].join("; ")}
      </p>
      {all.length > 0 && (
        <Plain
          caption="Patches"
          heads={["Patch", "Before and after", "Severity", "CVE"]}
          rows={all.map(({ patch, state, before, untested }) => ({
            key: patch.id,
            cells: [
              <a class="patch-link" href={href("patches", { p: patch.id })}>
                <T>{patch.id}</T>
                {patch.title && patch.title !== patch.id && <T class="muted">{patch.title}</T>}
              </a>,
              <span class="two">
                <span class="muted">{before ? "Missing" : "Not missing"}</span>
                <span class={`state state-${state}`}>{PATCH_STATE_LABELS[state]}</span>
                {untested && <span class="muted">Not tested before</span>}
              </span>,
              <span class="two">
                <T>{patch.severity || "–"}</T>
                <T class="muted">{patch.classification}</T>
              </span>,
              patch.cveIds?.length ? (
                <ul class="cves">
                  {patch.cveIds.map((cve) => (
                    <li key={cve}>
                      <T>{cve}</T>
                    </li>
                  ))}
                </ul>
              ) : (
                "–"
              ),
            ],
          }))}
        />
      )}
    </section>
  );
}

const Findings = ({ row }: { row: Instance }): JSX.Element => (
  <section>
    <h3>Readiness</h3>
    <ul class="findings">
      {row.findings.map((finding) => (
        <li key={`${finding.check} ${finding.evidence}`}>
          <Status status={statusOf(finding)} />
          <div>
            <p>
              <T class="check">{finding.check}</T>{" "}
              <span class="muted">
                {STATUS_LABELS[statusOf(finding)]}
                {finding.severity && statusOf(finding) !== "pass" && (
                  <>
                    , <T>{finding.severity}</T>
                  </>
                )}
              </span>
            </p>
            {finding.evidence && <Prose>{sentenceCase(finding.evidence)}</Prose>}
            {finding.causes && finding.causes.length > 0 && (
              <p class="muted">
                Cause: <T>{finding.causes.map((cause) => cause.text).join("; ")}</T>
              </p>
            )}
            {finding.fix && (
              <p class="fix">
                To fix: <T>{finding.fix}</T>
              </p>
            )}
          </div>
        </li>
      ))}
    </ul>
  </section>
);

const Commands = ({ row }: { row: Instance }): JSX.Element => (
  <section>
    <h3>Commands</h3>
    {row.commandIds.length === 0 ? (
      <p class="note">This run sent no command to it.</p>
    ) : (
      <ol class="commands">
        {row.commandIds.map((id) => (
          <li key={id}>
            <Out to={commandLink(row.region, id, row.instanceId)}>
              <Id>{id}</Id>
            </Out>
          </li>
        ))}
      </ol>
    )}
  </section>
);
