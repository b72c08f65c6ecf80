// Reports of any size, made up but of the shape of real ones. The same seed gives the same report.

const WORDS = ["shop", "pay", "cards", "ledger", "search", "mail", "risk", "stock", "route", "media", "crm", "auth"];
const PARTS = ["web", "api", "db", "batch", "edge", "cache", "worker", "queue"];
const SYSTEMS = ["AMAZON_LINUX_2023", "UBUNTU", "WINDOWS", "REDHAT_ENTERPRISE_LINUX", "AMAZON_LINUX_2"];
const SEVERITIES = ["Critical", "Important", "Moderate", "Low"];
const REGIONS = ["ap-northeast-1", "ap-northeast-3", "us-east-1", "eu-central-1"];
const STAGES = [
  { stage: "test", ou: "Test", waves: 1, share: 0.2 },
  { stage: "staging", ou: "Staging", waves: 1, share: 0.25 },
  { stage: "production", ou: "Production", waves: 2, share: 0.55 },
];
const CHECKS = ["agent-online", "agent-version", "instance-profile", "python", "repository", "supported-os", "disk-space"];

/** @typedef {{ instances: number, accounts?: number, patches?: number, halted?: boolean, extras?: boolean, seed?: number }} Size */

/** A small generator of numbers (mulberry32): enough for made-up data. */
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
    const name = `${WORDS[i % WORDS.length]}-${PARTS[(i * 7) % PARTS.length]}-libs`;
    const cves = Array.from({ length: i % 4 }, () => `CVE-2026-${String(10000 + Math.floor(next() * 80000))}`);
    const patch =
      os === "WINDOWS"
        ? { id: `KB50${String(30000 + i)}`, title: `2026-11 Cumulative Update for Windows Server (KB50${30000 + i})` }
        : { id: `${name}.x86_64:0:3.${i}.8-1`, title: name };
    return { os, patch: { ...patch, classification: "Security", severity: SEVERITIES[i % 4], ...(cves.length ? { cveIds: cves } : {}) } };
  });
}

const REASONS = {
  patched: ["proved-by-scan", "installed, and a scan afterwards finds nothing missing"],
  compliant: ["nothing-missing", "nothing is missing"],
  "pending-reboot": ["reboot-needed", "installed, but the plan does not let it reboot"],
  failed: ["exit-code-156", "the install failed: exit code 156: the patch module could not be downloaded (is S3 reachable from the instance?)"],
  unreachable: ["delivery-timed-out", "no answer to the install: the SSM Agent did not begin, or did not finish, before the command timed out"],
  "not-ready": ["unmanaged", "Systems Manager does not know this instance: SSM Agent, instance profile or network is missing"],
  skipped: ["not-selected-by-tags", "the plan selects instances by tag Patch, and this one has none"],
  "not-attempted": ["halted", "the run halted at step 02-staging-1 before this instance"],
};

function outcome(next, halts) {
  // The step that halts has something to halt for.
  const x = halts && next() < 0.06 ? 0.89 : next();
  if (x < 0.74) return "patched";
  if (x < 0.86) return "compliant";
  if (x < 0.885) return "pending-reboot";
  if (x < 0.905) return "failed";
  if (x < 0.92) return "unreachable";
  if (x < 0.95) return "not-ready";
  return "skipped";
}

function findings(next, state, extras) {
  if (!extras) return state === "not-ready" ? [{ code: REASONS[state][0], text: REASONS[state][1] }] : [];
  return CHECKS.map((check, i) => {
    const fails = state === "not-ready" && (i === 0 || next() < 0.25);
    const status = fails ? "fail" : next() < 0.02 ? "warn" : next() < 0.01 ? "unknown" : "pass";
    return {
      check,
      status,
      severity: i < 3 ? "critical" : "medium",
      evidence: status === "pass" ? `${check} is as it should be` : `${check}: last seen 2026-11-0${1 + Math.floor(next() * 9)}`,
      ...(fails ? { fix: `see the runbook for ${check}`, causes: [{ text: i % 2 ? "no route to the endpoint" : "instance profile is missing" }] } : {}),
    };
  });
}

/** @param {Size} size */
export function generate({ instances, accounts = Math.max(3, Math.round(instances / 40)), patches = 240, halted = false, extras = false, seed = 1 }) {
  const next = random(seed);
  const patchesOf = catalogue(next, patches);
  const targets = [];
  const rows = [];
  const steps = STAGES.flatMap(({ stage, waves }) => Array.from({ length: waves }, (_, i) => ({ stage, wave: i + 1 }))).map((step, i) => ({
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
      const word = WORDS[a % WORDS.length];
      const accountName = `${word}-${stage}${a >= WORDS.length ? `-${Math.floor(a / WORDS.length)}` : ""}`;
      const ouPath = a % 3 === 0 ? ou : `${ou}/${["Payments", "Retail", "Platform"][a % 3]}`;
      const halfway = halted && steps.find((step) => step.stage === stage && step.wave === wave)?.decision === "not-attempted";
      for (const region of REGIONS.slice(0, 1 + (a % 3))) {
        const locked = next() < 0.01;
        targets.push({
          accountId, accountName, ouPath, region, stage, wave,
          outcome: locked ? "access-denied" : halfway ? "not-attempted" : "reached",
          reason: locked
            ? { code: "access-denied", text: "the role orgpatch-member is absent or does not let orgpatch in" }
            : halfway
              ? { code: "halted", text: REASONS["not-attempted"][1] }
              : { code: "reached", text: "every instance has its own outcome" },
          ...(extras && !locked && !halfway ? { baselineChanges: a % 4 === 0 ? [{ change: "update", id: "pb-1", fields: ["approval-rules"], baseline: { name: `orgpatch-${stage}-AMAZON_LINUX_2023` } }] : [] } : {}),
        });
        if (!locked) rows.push({ accountId, region, stage, wave, word, halfway, halts: halted && stage === "staging" });
      }
    }
  }
  const perTarget = instances / rows.length;
  const batches = new Map();
  const all = [];
  rows.forEach((place, t) => {
    const here = Math.round((t + 1) * perTarget) - Math.round(t * perTarget);
    for (let i = 0; i < here; i++) {
      const state = place.halfway ? "not-attempted" : outcome(next, place.halts);
      const os = SYSTEMS[Math.floor(next() * SYSTEMS.length)];
      const asked = !["skipped", "not-ready", "not-attempted"].includes(state);
      const missing = asked && state !== "compliant" ? patchesOf.filter((p) => p.os === os && next() < 0.22).map((p) => p.patch) : [];
      const as = (word) => missing.map((patch) => ({ ...patch, state: word }));
      const batch = `${t}/${os}/${Math.floor(i / 50)}`;
      if (!batches.has(batch)) batches.set(batch, [uuid(next), uuid(next), uuid(next)]);
      const [code, text] = REASONS[state];
      const step = steps.find((s) => s.stage === place.stage && s.wave === place.wave);
      step.counts[state] = (step.counts[state] ?? 0) + 1;
      all.push({
        accountId: place.accountId,
        region: place.region,
        instanceId: `i-${hex(next, 17)}`,
        name: next() < 0.04 ? null : `${place.word}-${PARTS[Math.floor(next() * PARTS.length)]}-${String(i + 1).padStart(3, "0")}`,
        stage: place.stage,
        wave: place.wave,
        os: state === "not-ready" ? null : os,
        agentVersion: state === "not-ready" ? null : "3.3.987.0",
        outcome: state,
        reason: { code, text: state === "failed" ? `${text}; ${missing.length} patches are still missing` : text },
        findings: findings(next, state, extras),
        missingBefore: as("Missing"),
        installed: state === "patched" ? as("Missing") : [],
        failed: state === "failed" ? as("Missing") : [],
        missingAfter: state === "failed" ? as("Missing") : state === "pending-reboot" ? as("InstalledPendingReboot") : [],
        baselineId: asked ? "pb-0ddebc77faa71129f" : null,
        commandIds: asked ? batches.get(batch).slice(0, state === "compliant" ? 1 : 3) : [],
      });
    }
  });
  const counts = {};
  for (const step of steps) {
    for (const [name, n] of Object.entries(step.counts)) counts[name] = (counts[name] ?? 0) + n;
    const tried = ["patched", "pending-reboot", "failed", "unreachable"].reduce((sum, name) => sum + (step.counts[name] ?? 0), 0);
    const text = `of ${tried} attempted, ${step.counts.failed ?? 0} failed and ${step.counts.unreachable ?? 0} are unreachable`;
    step.reason =
      step.decision === "advance" ? { code: "within-limits", text }
      : step.decision === "halt" ? { code: "too-many-failed", text: `${text}: more than the 1% that the plan allows` }
      : { code: "halted", text: "halted at step 02-staging-1" };
  }
  if (extras) steps.forEach((step, i) => addExtras(step, i, patchesOf));
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
      reason: halt ? { code: halt.reason.code, text: `halted at step ${halt.id}: ${halt.reason.text}` } : { code: "all-steps-advanced", text: "every step passed its gate" },
      counts,
    },
    steps,
    targets,
    instances: all,
    ...(extras ? { comparison: comparison(all) } : {}),
    accountsOutsidePlan: [
      { accountId: "111111111111", accountName: "management", ouPath: "", reason: { code: "no-stage", text: "no stage of the plan claims this account" } },
      { accountId: "555500000001", accountName: "playground", ouPath: "Sandbox", reason: { code: "no-stage", text: "no stage of the plan claims this account" } },
    ],
  };
}

/** What changed since a run before that is made up, too. */
function comparison(rows) {
  const some = (outcome, before) =>
    rows
      .filter((row) => row.outcome === outcome)
      .slice(0, 4)
      .map(({ accountId, region, instanceId, name, outcome: now }) => ({ accountId, region, instanceId, name, before, now }));
  const gone = { accountId: "222222222222", region: "eu-west-1", instanceId: "i-0123456789abcdef0", name: "old-web-1", before: "patched", now: null };
  return { runId: "install-before", newlyFailing: some("failed", "patched"), fixed: some("patched", "failed"), new: [], gone: [gone] };
}

/** The optional fields of a step, as the README lists them. */
function addExtras(step, i, patches) {
  if (step.decision === "not-attempted") return;
  const day = 10 + i;
  step.limits = { maxFailedPercent: step.decision === "halt" ? 1 : 10, maxUnreachablePercent: 10, minSucceeded: 1 };
  step.startedAt = `2026-11-${day}T02:00:00Z`;
  step.judgedAt = `2026-11-${day}T0${4 + i}:30:00Z`;
  if (i > 0) step.waits = [{ what: "soak", from: `2026-11-${day - 1}T0${3 + i}:30:00Z`, until: `2026-11-${day}T02:00:00Z` }];
  if (i > 0) step.promotion = { tested: 180 - i, installedUntested: [patches[3].patch], heldBack: patches.slice(10, 12).map((p) => p.patch) };
  if (i === 2) step.approval = { by: "kana@example.com", at: "2026-11-12T01:10:00Z", comment: "approved in the change meeting" };
}
