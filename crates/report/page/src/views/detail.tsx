// The details of one instance: result, competing patchers, patches, readiness and commands.
import { ArrowDown, ArrowUp, FileWarning, Users, X } from "lucide-preact";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { cancelLine } from "../model/closed-run";
import { actionLabel, OVERWRITTEN, patcherName } from "../model/competing-patchers";
import { baselineLink, commandLink, ec2Link, instanceLink } from "../model/console";
import type { Data, Instance } from "../model/data";
import { count, osName, plural, sentenceCase, utc } from "../model/format";
import { outcomeText } from "../model/outcomes";
import {
  missingCounts,
  moreNotListed,
  PATCH_STATE_LABELS,
  PATCH_STATES,
  type PatchStatus,
  patchKey,
  patchStatuses,
  severityRank,
} from "../model/patches";
import { STATUS_LABELS, statusOf } from "../model/readiness";
import { reasonHelp } from "../model/reason-codes";
import { href } from "../model/route";
import { OutcomeChip, OutcomeIcon } from "../parts/outcome";
import { Facts, PlainTable } from "../parts/panel";
import { ReasonAction } from "../parts/reason";
import { Status } from "../parts/status";
import { ExternalLink, Id, Prose, Text, Time } from "../parts/text";

interface Props {
  data: Data;
  row: Instance;
  /** The instances of the table, in its order. */
  shown: Instance[];
  onClose: () => void;
  onGo: (row: Instance) => void;
}

export function Detail({ data, row, shown, onClose, onGo }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // The heading and not a button: a screen reader announces the instance, and "Close" has no focus ring.
    element?.querySelector<HTMLElement>("h2")?.focus();
    return () => element?.close();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another instance is shown from its top.
  useLayoutEffect(() => dialog.current?.querySelector(".drawer-body")?.scrollTo(0, 0), [row]);
  const at = shown.indexOf(row);
  const step = (by: number): JSX.Element => {
    const next = at < 0 ? undefined : shown[at + by];
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
            <Text class="name">{row.name || row.instanceId}</Text>
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
      <section class="drawer-body" tabIndex={0} aria-label="Details">
        <p class={`detail-reason soft-${row.outcome}`}>
          <OutcomeChip outcome={row.outcome} />
          <Prose>{sentenceCase(row.reason.text)}</Prose>
          <ReasonAction code={row.reason.code} />
          <span class="muted">
            <Text>{row.reason.code}</Text>: {reasonHelp(row.reason.code)?.meaning ?? outcomeText(row.outcome).meaning}
          </span>
        </p>
        <InstanceFacts data={data} row={row} />
        <CompetingPatchers row={row} />
        <Passes row={row} />
        <PatchList row={row} />
        {row.findings.length > 0 && <Findings row={row} />}
        <Commands row={row} />
      </section>
    </dialog>
  );
}

function InstanceFacts({ data, row }: { data: Data; row: Instance }): JSX.Element {
  const facts: [string, JSX.Element | string][] = [
    [
      "Account",
      <>
        <Text>{row.accountName}</Text> <Id>{row.accountId}</Id>
      </>,
    ],
    ["Organizational unit", row.ouPath ? <Text>{row.ouPath}</Text> : "Directly below the root"],
    ["Region", <Text>{row.region}</Text>],
    ...(row.availabilityZone
      ? [["Availability Zone", <Text>{row.availabilityZone}</Text>] as [string, JSX.Element]]
      : []),
    ["Stage", <Text>{data.stepLabel(row.stage, row.wave)}</Text>],
    ["Operating system", <Text>{osName(row.os)}</Text>],
    ["SSM Agent", row.agentVersion ? <Text>{row.agentVersion}</Text> : "Unknown"],
  ];
  if (row.exitCode !== undefined) facts.push(["Exit code", String(row.exitCode)]);
  if (row.baselineId) {
    facts.push([
      "Patch baseline",
      <ExternalLink to={baselineLink(row.region, row.baselineId)}>
        <Id>{row.baselineId}</Id>
      </ExternalLink>,
    ]);
  }
  if (row.pendingRebootSince) facts.push(["Waits for a reboot since", utc(row.pendingRebootSince)]);
  if (row.neverReboot) facts.push(["Never rebooted", <Prose>{sentenceCase(row.neverReboot.text)}</Prose>]);
  if (row.judgedBy) facts.push(["Judged by", <Prose>{sentenceCase(row.judgedBy.text)}</Prose>]);
  if (row.awsStatus) facts.push(["Status by AWS's count", row.awsStatus]);
  if (row.availableSecurityUpdates) {
    facts.push(["Security updates that are out and not approved", count(row.availableSecurityUpdates)]);
  }
  const tags = Object.entries(row.tags ?? {});
  if (tags.length > 0) {
    facts.push([
      "Tags",
      <ul class="tags">
        {tags.map(([key, value]) => (
          <li key={key}>
            <Text>{`${key}=${value}`}</Text>
          </li>
        ))}
      </ul>,
    ]);
  }
  return (
    <section>
      <Facts of={facts} />
      <p class="note">
        In the AWS console (sign in to account <Id>{row.accountId}</Id> first):{" "}
        <ExternalLink to={instanceLink(row.region, row.instanceId)}>Fleet Manager</ExternalLink>
        {" · "}
        <ExternalLink to={ec2Link(row.region, row.instanceId)}>EC2</ExternalLink>
      </p>
    </section>
  );
}

/** The competing patchers of the instance, and what the plan says about each. */
function CompetingPatchers({ row }: { row: Instance }): JSX.Element | null {
  if (row.conflicts.length === 0 && !row.overwrittenBy) return null;
  return (
    <section>
      <h3>Competing patchers</h3>
      <ul class="findings">
        {row.conflicts.map(({ action, reason }) => (
          <li key={`${reason.code} ${reason.text}`}>
            <Users size={18} aria-hidden="true" />
            <div>
              <p>
                <Text class="check">{patcherName(reason.code)}</Text>{" "}
                <span class="muted">Plan: {actionLabel(action)}</span>
              </p>
              <Prose>{sentenceCase(reason.text)}</Prose>
              <ReasonAction code={reason.code} />
            </div>
          </li>
        ))}
        {row.overwrittenBy && (
          <li>
            <FileWarning size={18} aria-hidden="true" />
            <div>
              <p class="check">{patcherName(OVERWRITTEN)}</p>
              <Prose>{sentenceCase(row.overwrittenBy.text)}</Prose>
              {row.reason.code !== OVERWRITTEN && <ReasonAction code={OVERWRITTEN} />}
            </div>
          </li>
        )}
      </ul>
    </section>
  );
}

/** Sorts patches: worst state first, then most severe. */
const worstFirst = (a: PatchStatus, b: PatchStatus): number =>
  PATCH_STATES.indexOf(b.state) - PATCH_STATES.indexOf(a.state) ||
  severityRank(b.patch.severity) - severityRank(a.patch.severity);

function PatchList({ row }: { row: Instance }): JSX.Element {
  const all = patchStatuses(row).sort(worstFirst);
  const missing = missingCounts(row);
  const [moreBefore, moreAfter] = [moreNotListed(row.moreMissingBefore), moreNotListed(row.moreMissingAfter)];
  return (
    <section>
      <h3>Patches</h3>
      <p class="note">
        {all.length === 0
          ? "None. This report lists only patches that were or are missing."
          : [
              `${plural(missing.before, "patch", "patches")} missing before the run, ${count(missing.after)} after it`,
              ...(row.heldBack.length > 0
                ? [`${plural(row.heldBack.length, "patch", "patches")} held back: not tested by the first stage`]
                : []),
              ...(row.installedUntested.length > 0
                ? [
                    `${plural(row.installedUntested.length, "patch", "patches")} installed, not tested by the first stage`,
                  ]
                : []),
            ].join("; ")}
      </p>
      {all.length > 0 && (
        <PlainTable
          caption="Patches"
          heads={["Patch", "Before and after", "Severity", "CVE"]}
          rows={all.map(({ patch, state, before, untested }) => ({
            key: patch.id,
            cells: [
              <a class="patch-link" href={href("patches", { p: patchKey(patch.id, patch.title, row.os ?? "") })}>
                <Text>{patch.id}</Text>
                {patch.title && patch.title !== patch.id && <Text class="muted">{patch.title}</Text>}
              </a>,
              <span class="two">
                <span class="muted">{before ? "Missing" : "Not missing"}</span>
                <span class={`state state-${state}`}>{PATCH_STATE_LABELS[state]}</span>
                {untested && <span class="muted">Not tested by the first stage</span>}
              </span>,
              <span class="two">
                <Text>{patch.severity || "–"}</Text>
                <Text class="muted">{patch.classification}</Text>
              </span>,
              patch.cveIds?.length ? (
                <ul class="cves">
                  {patch.cveIds.map((cve) => (
                    <li key={cve}>
                      <Text>{cve}</Text>
                    </li>
                  ))}
                  {patch.moreCveIds ? <li>{moreNotListed(patch.moreCveIds)}</li> : null}
                </ul>
              ) : (
                "–"
              ),
            ],
          }))}
        />
      )}
      {(moreBefore || moreAfter) && (
        <p class="note">
          {sentenceCase(
            [moreBefore && `${moreBefore} (before the run)`, moreAfter && `${moreAfter} (after it)`]
              .filter(Boolean)
              .join(", "),
          )}
        </p>
      )}
    </section>
  );
}

/** What came of each install of an instance that had two. */
function Passes({ row }: { row: Instance }): JSX.Element | null {
  if (!row.passes?.length) return null;
  return (
    <section>
      {/* With the number: a readiness check that is good "passes", too. */}
      <h3>{plural(row.passes.length, "pass", "passes")}</h3>
      <p class="note">After the first install, patches were still missing, so the instance got a second one.</p>
      <ol class="findings">
        {row.passes.map((pass, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the number of a pass is its identity.
          <li key={i}>
            <OutcomeIcon outcome={pass.outcome} size={18} />
            <div>
              <p>
                <span class="check">{`Pass ${i + 1}: ${outcomeText(pass.outcome).label.toLowerCase()}`}</span>{" "}
                <span class="muted">
                  {row.moreMissingBefore || row.moreMissingAfter ? "Of the listed patches: " : ""}
                  {plural(pass.installed.length, "patch", "patches")} installed, {count(pass.failed.length)} failed
                </span>
              </p>
              <Prose>{sentenceCase(pass.reason.text)}</Prose>
              {pass.commandId && (
                <p class="muted">
                  Install command:{" "}
                  <ExternalLink to={commandLink(row.region, pass.commandId, row.instanceId)}>
                    <Id>{pass.commandId}</Id>
                  </ExternalLink>
                </p>
              )}
            </div>
          </li>
        ))}
      </ol>
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
              <Text class="check">{finding.check}</Text>{" "}
              <span class="muted">
                {STATUS_LABELS[statusOf(finding)]}
                {finding.severity && statusOf(finding) !== "pass" && (
                  <>
                    , <Text>{finding.severity}</Text>
                  </>
                )}
              </span>
            </p>
            {finding.evidence && <Prose>{sentenceCase(finding.evidence)}</Prose>}
            {finding.causes && finding.causes.length > 0 && (
              <p class="muted">
                Cause: <Text>{finding.causes.map((cause) => cause.text).join("; ")}</Text>
              </p>
            )}
            {finding.fix && (
              <p class="fix">
                To fix: <Text>{finding.fix}</Text>
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
      <p class="note">This run sent no command to this instance.</p>
    ) : (
      <ol class="commands">
        {row.commandIds.map((id) => (
          <li key={id}>
            <ExternalLink to={commandLink(row.region, id, row.instanceId)}>
              <Id>{id}</Id>
            </ExternalLink>
          </li>
        ))}
      </ol>
    )}
    {row.startedAt && (
      <p class="note">
        Install began <Time at={row.startedAt} />
        {row.finishedAt ? (
          <>
            , ended <Time at={row.finishedAt} />
          </>
        ) : (
          ", and no end was seen"
        )}
      </p>
    )}
    {row.openCommand && (
      <p class="fix">
        Had not ended when orgpatch last asked. To cancel it, with credentials of its account:{" "}
        <Id>{cancelLine(row)}</Id>
      </p>
    )}
  </section>
);
