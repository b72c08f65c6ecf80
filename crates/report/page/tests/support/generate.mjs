// Generates reports of any size with the shape of real ones. The same seed gives the same report.

const SERVICES = ["shop", "pay", "cards", "ledger", "search", "mail", "risk", "stock", "route", "media", "crm", "auth"];
const PARTS = ["web", "api", "db", "batch", "edge", "cache", "worker", "queue"];
const SYSTEMS = ["AMAZON_LINUX_2023", "UBUNTU", "WINDOWS", "REDHAT_ENTERPRISE_LINUX", "AMAZON_LINUX_2"];
const SEVERITIES = ["Critical", "Important", "Moderate", "Low"];
const REGIONS = ["ap-northeast-1", "ap-northeast-3", "us-east-1", "eu-central-1"];
const STAGES = [
  { stage: "test", ou: "Test", waves: 1, share: 0.2 },
  { stage: "staging", ou: "Staging", waves: 1, share: 0.25 },
  { stage: "production", ou: "Production", waves: 2, share: 0.55 },
];
const CHECKS = [
  "managed",
  "agent",
  "operating-system",
  "python",
  "repositories",
  "endpoints",
  "instance-profile",
  "region",
];

/** @typedef {{ instances: number, accounts?: number, patches?: number, halted?: boolean, extras?: boolean, seed?: number }} Size */

/** Returns a small generator of random numbers (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const hex = (next, length) => Array.from({ length }, () => Math.floor(next() * 16).toString(16)).join("");
const uuid = (next) => [8, 4, 4, 4, 12].map((length) => hex(next, length)).join("-");

function catalogue(next, size) {
  return Array.from({ length: size }, (_, i) => {
    const os = SYSTEMS[i % SYSTEMS.length];
    const name = `${SERVICES[i % SERVICES.length]}-${PARTS[(i * 7) % PARTS.length]}-libs`;
    const cves = Array.from({ length: i % 4 }, () => `CVE-2026-${String(10000 + Math.floor(next() * 80000))}`);
    const patch =
      os === "WINDOWS"
        ? { id: `KB50${String(30000 + i)}`, title: `2026-11 Cumulative Update for Windows Server (KB50${30000 + i})` }
        : { id: `${name}.x86_64:0:3.${i}.8-1`, title: name };
    return {
      os,
      patch: {
        ...patch,
        classification: "Security",
        severity: SEVERITIES[i % 4],
        ...(cves.length ? { cveIds: cves } : {}),
      },
    };
  });
}

const REASONS = {
  patched: ["proved-by-scan", "installed; a later scan found no missing patch"],
  compliant: ["nothing-missing", "nothing is missing"],
  "pending-reboot": ["pending-reboot", "installed; 2 patches wait for a reboot"],
  failed: [
    "exit-code-156",
    "the install failed: exit code 156: the patch module could not be downloaded (is S3 reachable from the instance?)",
  ],
  unreachable: [
    "delivery-timed-out",
    "no result of the install: the command timed out before the SSM Agent reported one",
  ],
  "not-ready": [
    "unmanaged",
    "Systems Manager does not know this instance; check SSM Agent, instance profile and network",
  ],
  skipped: [
    "not-selected-by-tags",
    "the plan selects instances with the tag Patch=monthly; this instance has no such tag",
  ],
  "not-attempted": ["halted", "the run halted at step 02-staging-1, before this instance"],
};

function outcome(next, halts) {
  // The step that halts has more failures.
  const x = halts && next() < 0.06 ? 0.89 : next();
  if (x < 0.74) return "patched";
  if (x < 0.86) return "compliant";
  if (x < 0.885) return "pending-reboot";
  if (x < 0.905) return "failed";
  if (x < 0.92) return "unreachable";
  if (x < 0.95) return "not-ready";
  return "skipped";
}

/** Cause, evidence and fix of each check that does not pass. */
const PROBLEMS = {
  managed: (vpc) => [
    `${vpc} has no ssmmessages endpoint`,
    `Systems Manager does not know the instance. Likely cause: ${vpc} has no endpoints for its private subnet.`,
    `Create the endpoints ssm and ssmmessages in ${vpc}.`,
  ],
  agent: () => [
    "SSM Agents below 3.3.40.0",
    "SSM Agent 2.3.978.0 is older than 3.3.40.0, to which AWS asks all customers to upgrade.",
    "Upgrade the SSM Agent to 3.3.40.0 or later (AWS-UpdateSSMAgent).",
  ],
  "operating-system": () => [
    "CentOS 7 is out of support since 2024-06-30",
    "CentOS 7 has had no patches since 2024-06-30.",
    "Replace the operating system.",
  ],
  python: () => [
    "Python below 2.6",
    "The inventory lists no Python version that the patch module supports.",
    "Install Python 3.",
  ],
  repositories: (vpc) => [
    `${vpc} cannot reach the package repositories`,
    `${vpc} has no S3 endpoint for the Amazon Linux repositories, and no route out for port 443.`,
    `Create a gateway endpoint for S3 in ${vpc}.`,
  ],
  endpoints: (vpc) => [
    `${vpc} has no ssmmessages endpoint`,
    `${vpc} has no ssmmessages endpoint, and its subnet has no route to the internet.`,
    `Create the endpoint ssmmessages in ${vpc}.`,
  ],
  "instance-profile": () => [
    "instances without an instance profile",
    "The instance has no instance profile, and default host management is off.",
    "Attach an instance profile whose role has AmazonSSMManagedInstanceCore.",
  ],
  region: () => [
    "Region without Systems Manager",
    "Systems Manager has no endpoint in this Region.",
    "Move the instance to another Region.",
  ],
};

function findings(next, state, extras, vpc) {
  if (!extras) return [];
  return CHECKS.map((check, i) => {
    const fails = state === "not-ready" && i !== 7 && (i === 0 || next() < 0.25);
    const status = fails ? "fail" : i < 6 && next() < 0.02 ? "warn" : next() < 0.01 ? "unknown" : "pass";
    if (status === "pass") return { check, status, severity: "info", evidence: `The check ${check} passes.` };
    if (status === "unknown")
      return {
        check,
        status,
        severity: "low",
        evidence: "Unknown: the role may not call ec2:DescribeVpcEndpoints.",
        fix: "Allow ec2:DescribeVpcEndpoints.",
      };
    const [text, evidence, fix] = PROBLEMS[check](vpc);
    return {
      check,
      status,
      severity: fails ? (i === 0 ? "critical" : "high") : "medium",
      evidence,
      fix,
      causes: [{ text, fix }],
    };
  });
}

/** Competing patchers: action of the plan, reason code, reason text. */
const COMPETING = [
  ["skip", "conflict-patch-policy", "the Quick Setup patch policy weekly-all (abc12) also patches this instance"],
  [
    "skip",
    "auto-scaling",
    "the instance belongs to Auto Scaling group web, which may replace it when it reboots; patch the image of the group instead",
  ],
  [
    "warn",
    "conflict-maintenance-window",
    "the maintenance window nightly (mw-0c50858d01EXAMPLE) next runs AWS-RunPatchBaseline on this instance at 2026-11-23T12:00:00Z",
  ],
  [
    "warn",
    "conflict-association",
    "the association inventory-scan (b5ba0ee9, AWS-RunPatchBaseline) also scans this instance, and can overwrite our result",
  ],
];

/** Returns the conflicts of an instance, and its reason if a conflict decided its outcome. */
function competingPatchers(next, state) {
  const conflict = ([action, code, text]) => ({ action, reason: { code, text } });
  const of = (action) => conflict(COMPETING.filter(([a]) => a === action)[Math.floor(next() * 2)]);
  if (state === "skipped" && next() < 0.5) {
    const conflicts = next() < 0.2 ? [of("skip"), of("warn")] : [of("skip")];
    return { conflicts, overwrittenBy: null, reason: conflicts[0].reason };
  }
  if (state === "failed" && next() < 0.2) {
    const conflicts = [conflict(COMPETING[3])];
    const seen = `the compliance row comes from a Scan that ended at 2026-11-11T03:12:44Z without a snapshot; likely cause: ${COMPETING[3][2]}`;
    const text = `installed but not proved: the scan succeeded, but its compliance row is missing: ${seen}`;
    return { conflicts, overwrittenBy: { code: "association", text: seen }, reason: { code: "overwritten", text } };
  }
  return { conflicts: next() < 0.03 ? [of("warn")] : [], overwrittenBy: null };
}

/** Gives half of the Windows instances that were patched, or failed, a first install that brought only some patches. */
function installTwice(next, row) {
  if (row.os !== "WINDOWS" || !["patched", "failed"].includes(row.outcome) || row.overwrittenBy || next() < 0.5) return;
  const tried = [...row.installed, ...row.failed];
  const first = tried.slice(0, Math.floor(tried.length / 2));
  const rest = tried.slice(first.length);
  const done = row.outcome === "patched";
  const commands = [uuid(next), uuid(next)];
  const text = `the install ended with success; ${rest.length} patches are still missing`;
  row.commandIds.push(...commands);
  Object.assign(row, { installed: done ? tried : first, failed: done ? [] : rest, missingAfter: done ? [] : rest });
  row.passes = [
    {
      outcome: "failed",
      reason: { code: "still-missing", text },
      installed: first,
      failed: rest,
      commandId: row.commandIds[1],
    },
    {
      outcome: row.outcome,
      reason: row.reason,
      installed: done ? rest : [],
      failed: row.failed,
      commandId: commands[0],
    },
  ];
}

/** @param {Size} size */
export function generate({
  instances,
  accounts = Math.max(3, Math.round(instances / 40)),
  patches = 240,
  halted = false,
  extras = false,
  seed = 1,
}) {
  const next = random(seed);
  const patchesOf = catalogue(next, patches);
  // Two patches that later stages hold back, and one that they install although the first stage has not tested it.
  const [held, untested] = [patchesOf.slice(10, 12), patchesOf.slice(3, 4)].map(
    (some) => new Set(extras ? some.map((p) => p.patch.id) : []),
  );
  const targets = [];
  const rows = [];
  const steps = STAGES.flatMap(({ stage, waves }) =>
    Array.from({ length: waves }, (_, i) => ({ stage, wave: i + 1 })),
  ).map((step, i) => ({
    id: `0${i + 1}-${step.stage}-${step.wave}`,
    ...step,
    decision: !halted || i === 0 ? "advance" : i === 1 ? "halt" : "not-attempted",
    counts: {},
  }));
  for (const { stage, ou, waves, share } of STAGES) {
    const here = Math.max(1, Math.round(accounts * share));
    for (let a = 0; a < here; a++) {
      const wave = waves === 1 || a === 0 ? 1 : 2;
      const accountId = String(200000000000 + Math.floor(next() * 7e11));
      const word = SERVICES[a % SERVICES.length];
      const accountName = `${word}-${stage}${a >= SERVICES.length ? `-${Math.floor(a / SERVICES.length)}` : ""}`;
      const ouPath = a % 3 === 0 ? ou : `${ou}/${["Payments", "Retail", "Platform"][a % 3]}`;
      const step = steps.find((one) => one.stage === stage && one.wave === wave);
      const halfway = step.decision === "not-attempted";
      for (const region of REGIONS.slice(0, 1 + (a % 3))) {
        const noAccess = next() < 0.01;
        targets.push({
          accountId,
          accountName,
          ouPath,
          region,
          stage,
          wave,
          outcome: noAccess ? "access-denied" : halfway ? "not-attempted" : "reached",
          reason: noAccess
            ? {
                code: "access-denied",
                text: "orgpatch cannot assume the role orgpatch-member: it is absent, or its trust policy does not allow it",
              }
            : halfway
              ? { code: "halted", text: REASONS["not-attempted"][1] }
              : { code: "reached", text: "every instance has its own outcome" },
          ...(noAccess || halfway ? { scannedAt: null, installedAt: null } : recorded(step, a)),
          ...(extras && !noAccess && !halfway && a % 4 === 0
            ? {
                baselineChanges: [
                  {
                    change: "update",
                    id: "pb-1",
                    fields: ["approval-rules"],
                    baseline: { name: `orgpatch-${stage}-AMAZON_LINUX_2023` },
                  },
                ],
              }
            : {}),
          ...(extras && !noAccess && !halfway && a % 5 === 0
            ? {
                conflictNotes: [
                  {
                    code: "conflicts-not-seen",
                    text: "orgpatch cannot see maintenance windows: the role may not call ssm:DescribeMaintenanceWindows",
                  },
                ],
              }
            : {}),
        });
        if (!noAccess)
          rows.push({ accountId, region, stage, wave, word, halfway, halts: halted && stage === "staging" });
      }
    }
  }
  // Of their own, so that they change nothing else of a report.
  const later = random(seed + 1_000);
  const perTarget = instances / rows.length;
  const batches = new Map();
  const all = [];
  rows.forEach((place, t) => {
    const here = Math.round((t + 1) * perTarget) - Math.round(t * perTarget);
    for (let i = 0; i < here; i++) {
      const state = place.halfway ? "not-attempted" : outcome(next, place.halts);
      const os = SYSTEMS[Math.floor(next() * SYSTEMS.length)];
      const asked = !["skipped", "not-ready", "not-attempted"].includes(state);
      const missing =
        asked && state !== "compliant" ? patchesOf.filter((p) => p.os === os && next() < 0.22).map((p) => p.patch) : [];
      const afterFirst = place.stage !== "test";
      const kept = (patch) => afterFirst && held.has(patch.id);
      const as = (word, which = () => true) => missing.filter(which).map((patch) => ({ ...patch, state: word }));
      const brought = (word) => as(word, (patch) => !kept(patch));
      const { conflicts, overwrittenBy, reason } = extras
        ? competingPatchers(next, state)
        : { conflicts: [], overwrittenBy: null };
      const batch = `${t}/${os}/${Math.floor(i / 50)}`;
      if (!batches.has(batch)) batches.set(batch, [uuid(next), uuid(next), uuid(next)]);
      const [code, text] = REASONS[state];
      const step = steps.find((s) => s.stage === place.stage && s.wave === place.wave);
      step.counts[state] = (step.counts[state] ?? 0) + 1;
      const row = {
        accountId: place.accountId,
        region: place.region,
        instanceId: `i-${hex(next, 17)}`,
        name:
          next() < 0.04
            ? null
            : `${place.word}-${PARTS[Math.floor(next() * PARTS.length)]}-${String(i + 1).padStart(3, "0")}`,
        stage: place.stage,
        wave: place.wave,
        os: state === "not-ready" ? null : os,
        agentVersion: state === "not-ready" ? null : "3.3.987.0",
        outcome: state,
        reason: reason ?? {
          code,
          text: state === "failed" ? `${text}; ${missing.length} patches are still missing` : text,
        },
        findings: findings(next, state, extras, `vpc-${place.accountId.slice(0, 8)}`),
        conflicts,
        overwrittenBy,
        missingBefore: as("Missing"),
        installed: state === "patched" ? brought("Missing") : [],
        failed: state === "failed" ? brought("Missing") : [],
        missingAfter:
          state === "failed" ? brought("Missing") : state === "pending-reboot" ? brought("InstalledPendingReboot") : [],
        installedUntested: state === "patched" && afterFirst ? as("Missing", (patch) => untested.has(patch.id)) : [],
        heldBack: as("Missing", kept),
        baselineId: asked ? "pb-0ddebc77faa71129f" : null,
        commandIds: asked ? batches.get(batch).slice(0, state === "compliant" ? 1 : 3) : [],
        availabilityZone: `${place.region}${"acd"[i % 3]}`,
        scannedAt: asked && state !== "unreachable" ? `2026-11-10T03:${String(i % 60).padStart(2, "0")}:30Z` : null,
      };
      if (extras) installTwice(later, row);
      all.push(row);
    }
  });
  const counts = {};
  for (const step of steps) {
    for (const [name, n] of Object.entries(step.counts)) counts[name] = (counts[name] ?? 0) + n;
    const tried = ["patched", "pending-reboot", "failed", "unreachable"].reduce(
      (sum, name) => sum + (step.counts[name] ?? 0),
      0,
    );
    const text = `${tried} attempted: ${step.counts.failed ?? 0} failed, ${step.counts.unreachable ?? 0} unreachable`;
    step.reason =
      step.decision === "advance"
        ? { code: "within-limits", text }
        : step.decision === "halt"
          ? { code: "too-many-failed", text: `${step.counts.failed} of ${tried} attempted instances failed (limit 1%)` }
          : { code: "halted", text: "halted at step 02-staging-1" };
  }
  for (const [i, step] of steps.entries()) if (step.decision !== "not-attempted") judged(step, i);
  if (extras) for (const step of steps) addExtras(step, all);
  const halt = steps.find((step) => step.decision === "halt");
  return {
    schemaVersion: 1,
    run: {
      id: `install-${hex(next, 8)}`,
      plan: "monthly",
      planSha256: hex(next, 64),
      operation: "install",
      comment: null,
      startedAt: "2026-11-10T00:00:06.643Z",
      finishedAt: "2026-11-14T03:44:15.884Z",
      decision: halt ? "halted" : "advanced",
      reason: halt
        ? { code: halt.reason.code, text: `halted at step ${halt.id}: ${halt.reason.text}` }
        : { code: "all-steps-advanced", text: "every step passed its gate" },
      counts,
    },
    steps,
    targets,
    instances: all,
    readiness: { checks: {}, firstToFix: firstToFix(all) },
    ...(extras ? { comparison: comparison(all) } : {}),
    accountsOutsidePlan: [
      {
        accountId: "111111111111",
        accountName: "management",
        ouPath: "",
        reason: { code: "no-stage", text: "the account is not in any stage of the plan" },
      },
      {
        accountId: "555500000001",
        accountName: "playground",
        ouPath: "Sandbox",
        reason: { code: "no-stage", text: "the account is not in any stage of the plan" },
      },
    ],
  };
}

/** Returns when the results of a target were recorded: one step a day, which takes two hours or more. */
function recorded(step, place) {
  const day = 10 + Number(step.id.slice(0, 2)) - 1;
  const minute = String(place % 60).padStart(2, "0");
  return { scannedAt: `2026-11-${day}T02:${minute}:00Z`, installedAt: `2026-11-${day}T03:${minute}:00Z` };
}

function judged(step, i) {
  step.limits = { maxFailedPercent: step.decision === "halt" ? 1 : 10, maxUnreachablePercent: 10, minSucceeded: 1 };
  step.judgedAt = `2026-11-${10 + i}T0${4 + i}:30:00Z`;
}

/** Returns every cause with its number of instances, counted like the readiness rules in Rust. */
function firstToFix(rows) {
  const worst = ["pass", "unknown", "warn", "fail"];
  const causes = new Map();
  for (const row of rows) {
    for (const { check, status, causes: own = [] } of row.findings) {
      for (const { text, fix } of own) {
        const cause = causes.get(text) ?? { text, check, status, fix, instances: new Map() };
        if (
          worst.indexOf(status) > worst.indexOf(cause.status) ||
          (status === cause.status && CHECKS.indexOf(check) > CHECKS.indexOf(cause.check))
        )
          Object.assign(cause, { check, status, fix });
        cause.instances.set(status, (cause.instances.get(status) ?? new Set()).add(row.instanceId));
        causes.set(text, cause);
      }
    }
  }
  return [...causes.values()]
    .map((cause) => ({ ...cause, instances: cause.instances.get(cause.status).size }))
    .sort(
      (a, b) =>
        worst.indexOf(b.status) - worst.indexOf(a.status) || b.instances - a.instances || (a.text < b.text ? -1 : 1),
    );
}

/** Returns what changed since an invented previous run. */
function comparison(rows) {
  const some = (outcome, before) =>
    rows
      .filter((row) => row.outcome === outcome)
      .slice(0, 4)
      .map(({ accountId, region, instanceId, name, outcome: now }) => ({
        accountId,
        region,
        instanceId,
        name,
        before,
        now,
      }));
  const gone = {
    accountId: "222222222222",
    region: "eu-west-1",
    instanceId: "i-0123456789abcdef0",
    name: "old-web-1",
    before: "patched",
    now: null,
  };
  return {
    runId: "install-before",
    newlyFailing: some("failed", "patched"),
    fixed: some("patched", "failed"),
    new: [],
    gone: [gone],
  };
}

/** Adds the optional fields of a step. */
function addExtras(step, rows) {
  if (step.decision === "not-attempted" || step.stage === "test") return;
  const day = 10 + Number(step.id.slice(0, 2)) - 1;
  step.waits = [{ what: "bake", from: `2026-11-${day - 1}T08:30:00Z`, until: `2026-11-${day}T02:00:00Z` }];
  if (step.wave === 1 && step.stage === "production")
    step.approval = { by: "kana@example.com", at: "2026-11-12T01:10:00Z", comment: "approved in the change meeting" };
  const here = rows.filter((row) => row.stage === step.stage && row.wave === step.wave);
  const counted = (patchesOf) => {
    const patches = new Map();
    for (const row of here) {
      for (const { id, title } of patchesOf(row)) {
        const key = `${row.os} ${id} ${title}`;
        const patch = patches.get(key) ?? { os: row.os, id, title, instances: 0 };
        patch.instances += 1;
        patches.set(key, patch);
      }
    }
    return [...patches.values()];
  };
  step.promotion = {
    untested: "block",
    tested: counted((row) => row.installed.filter(({ id }) => !row.installedUntested.some((patch) => patch.id === id))),
    installedUntested: counted((row) => row.installedUntested),
    heldBack: counted((row) => row.heldBack),
  };
}
