//! From answers and evidence to the rows of a target's record.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use orgpatch_model::operating_system::{OperatingSystem, Platform};
use orgpatch_model::outcome::Outcome;
use orgpatch_model::patch::{Patch, PatchList, WithheldPatches};
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_model::target::Target;

use crate::baselines::{CheckedBaselines, Deciding, judged_by};
use crate::competing::{Action, Conflict};
use crate::install::order::{InstallOrder, OrderedInstance};
use crate::inventory::{Eligibility, Inventory};
use crate::promotion::Scanned;
use crate::readiness;
use crate::results::command_results::CommandResult;
use crate::results::outcome_rules::{ComplianceRow, Verdict};
use crate::results::overwritten::{OurScan, overwritten_by};
use crate::results::reconcile::row;
use crate::results::{InstanceRow, outcome_rules};
use crate::sending::invocation::InvocationResult;
use crate::sending::{TimeOver, command};

/// A run's view of a target: who asks, and when.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The run.
    pub run_id: &'a str,
    /// Where.
    pub target: &'a Target,
    /// What the baselines hold back, by which the snapshots differ.
    pub withheld: &'a WithheldPatches,
    /// Now, by the clock of the ledger.
    pub now: Timestamp,
    /// Why nothing is awaited any more, if so.
    pub time_over: Option<TimeOver>,
}

/// The compliance rows of a target, by instance.
#[derive(Debug, Clone, Default)]
pub struct Evidence(HashMap<String, ComplianceRow>);

impl Evidence {
    /// The rows as they came.
    #[must_use]
    pub fn new(states: Vec<ComplianceRow>) -> Self {
        Self(states.into_iter().map(|state| (state.instance_id.clone(), state)).collect())
    }

    /// The row of an instance, if it is from this run's own scan. `earlier` is the end of the instance's scan before this
    /// one, as that scan's row has it.
    fn of(&self, view: View, id: &str, os: OperatingSystem, earlier: Option<Timestamp>) -> Option<&ComplianceRow> {
        let snapshot_id = command::snapshot_id(view.run_id, view.target, os, view.withheld);
        self.0.get(id).filter(|state| state.is_from(&snapshot_id, earlier))
    }

    /// Returns the tool that probably overwrote the row of this run's own scan.
    fn overwritten(
        &self,
        view: View,
        id: &str,
        os: OperatingSystem,
        since: Timestamp,
        conflicts: &[Conflict],
    ) -> Option<Reason> {
        let snapshot_id = command::snapshot_id(view.run_id, view.target, os, view.withheld);
        let ours = OurScan { snapshot_id: &snapshot_id, since };
        overwritten_by(self.0.get(id)?, &ours, None, conflicts)
    }
}

/// The outcome of an instance and the compliance row behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What happened.
    pub verdict: Verdict,
    /// The compliance row that proves it, if one does.
    pub evidence: Option<ComplianceRow>,
    /// Who probably wrote the row that was found in its place.
    pub overwritten_by: Option<Reason>,
}

impl Judged {
    fn new(verdict: Verdict, evidence: Option<&ComplianceRow>, overwritten_by: Option<Reason>) -> Self {
        let verdict = match &overwritten_by {
            Some(by) => verdict.overwritten(by),
            None => verdict,
        };
        Self { verdict, evidence: evidence.cloned(), overwritten_by }
    }

    /// True if the instance's patches are worth asking for: some are missing or failed.
    #[must_use]
    pub fn has_patches_to_list(&self) -> bool {
        self.evidence.as_ref().is_some_and(|state| state.lacking() > 0)
    }
}

/// Judges a scan, by instance. Returns None while the result of an instance is not final.
#[must_use]
pub fn judge_scan(
    view: View,
    inventory: &Inventory,
    asked: &BTreeMap<String, CommandResult>,
    evidence: &Evidence,
) -> Option<BTreeMap<String, Judged>> {
    let selected = inventory.instances.iter().filter(|instance| instance.eligibility == Eligibility::Eligible);
    let scanned = selected
        .filter_map(|one| Some(Asked { id: &one.instance_id, os: one.os?, conflicts: &one.conflicts, earlier: None }));
    judge_scanned(view, scanned, asked, evidence)
}

/// Judges the pre-install scan, by instance. Returns None while the result of an instance is not final. `scanned` are the
/// rows of the scan before.
#[must_use]
pub fn judge_pre_install_scan(
    view: View,
    order: &InstallOrder,
    scanned: &[InstanceRow],
    asked: &BTreeMap<String, CommandResult>,
    evidence: &Evidence,
) -> Option<BTreeMap<String, Judged>> {
    let earlier = ends(scanned);
    let ordered = order.instances.iter().map(|one| {
        let id = one.instance_id.as_str();
        Asked { id, os: one.os, conflicts: &[], earlier: earlier.get(id).copied() }
    });
    judge_scanned(view, ordered, asked, evidence)
}

/// An instance that was scanned.
struct Asked<'a> {
    id: &'a str,
    os: OperatingSystem,
    conflicts: &'a [Conflict],
    /// The end of its scan before this one, as that scan's row has it.
    earlier: Option<Timestamp>,
}

/// Returns when the last scan of each instance ended, by the clock of the instance.
fn ends(rows: &[InstanceRow]) -> HashMap<&str, Timestamp> {
    rows.iter().filter_map(|row| Some((row.instance_id.as_str(), row.scanned_at?))).collect()
}

/// Judges the instances that were asked.
fn judge_scanned<'a>(
    view: View,
    instances: impl Iterator<Item = Asked<'a>>,
    asked: &BTreeMap<String, CommandResult>,
    evidence: &Evidence,
) -> Option<BTreeMap<String, Judged>> {
    let mut judged = BTreeMap::new();
    for Asked { id, os, conflicts, earlier } in instances {
        let Some(scan) = asked.get(id) else {
            continue;
        };
        let state = evidence.of(view, id, os, earlier);
        let answer = answer_by_now(view, scan, state);
        let verdict = outcome_rules::after_scan(&answer, state, scan.row_may_still_come(view.now))?;
        let by = evidence.overwritten(view, id, os, earlier.unwrap_or(scan.sent_at), conflicts);
        judged.insert(id.to_owned(), Judged::new(verdict, state, by));
    }
    Some(judged)
}

/// Returns the answer to a scan. When the time is over, a success whose row is still to come is no answer.
fn answer_by_now(view: View, scan: &CommandResult, state: Option<&ComplianceRow>) -> InvocationResult {
    match view.time_over {
        Some(over) if state.is_none() && scan.answer == InvocationResult::Succeeded => {
            InvocationResult::None(over.reason())
        }
        _ => scan.answer.clone(),
    }
}

/// Returns true for an instance whose agent did not answer when a scan was sent, and that runs by all that is known.
fn was_offline(answer: &InvocationResult) -> bool {
    let is_gone = |code: &ReasonCode| matches!(code, ReasonCode::Terminated | ReasonCode::Stopped);
    matches!(answer, InvocationResult::Offline(reason) if !is_gone(&reason.code))
}

/// Returns what the pre-install scan found, by instance.
#[must_use]
pub fn found(judged: BTreeMap<String, Judged>, mut patches: HashMap<String, PatchList>) -> BTreeMap<String, Scanned> {
    judged
        .into_iter()
        .map(|(id, Judged { verdict, evidence, .. })| {
            let (missing, more) = patches.remove(&id).unwrap_or_default().into_parts();
            (id, Scanned { verdict, missing, more, ended_at: evidence.map(|row| row.ended_at) })
        })
        .collect()
}

/// Judges an install and the scan after it, by instance. Returns None while the result of an instance is not final.
/// `before` are the rows before this pass.
#[must_use]
pub fn judge_install(
    view: View,
    order: &InstallOrder,
    before: &[InstanceRow],
    installed: &BTreeMap<String, CommandResult>,
    verified: &BTreeMap<String, CommandResult>,
    evidence: &Evidence,
) -> Option<BTreeMap<String, Judged>> {
    let conflicts: HashMap<&str, &[Conflict]> =
        before.iter().map(|row| (row.instance_id.as_str(), row.conflicts.as_slice())).collect();
    let mut earlier = ends(before);
    // A pre-install scan lies between the scan and the install.
    earlier.extend(order.scanned_at.iter().map(|(id, at)| (id.as_str(), *at)));
    let mut judged = BTreeMap::new();
    for instance in &order.instances {
        let id = &instance.instance_id;
        let unasked =
            InvocationResult::None(Reason::new(ReasonCode::NotSent, "no install command names this instance"));
        let install = installed.get(id).map_or(&unasked, |asked| &asked.answer);
        let verify = verified.get(id);
        let state = verify.and_then(|_| evidence.of(view, id, instance.os, earlier.get(id.as_str()).copied()));
        let late = verify.is_some_and(|scan| scan.row_may_still_come(view.now));
        // An instance that was offline when the scan afterwards was sent was not asked again.
        let answer = verify.filter(|scan| !was_offline(&scan.answer)).map(|scan| answer_by_now(view, scan, state));
        let verdict = outcome_rules::after_install(install, answer.as_ref(), state, late)?;
        let known = conflicts.get(id.as_str()).copied().unwrap_or_default();
        let since = earlier.get(id.as_str()).copied().or(verify.map(|scan| scan.sent_at));
        let by = since.and_then(|since| evidence.overwritten(view, id, instance.os, since, known));
        judged.insert(id.clone(), Judged::new(verdict, state, by));
    }
    Some(judged)
}

/// Returns the rows of a scan: every instance of the inventory, with its result if it was asked. `patches` are those
/// that are missing or failed, by instance.
#[must_use]
pub fn scan_rows(
    view: View,
    inventory: &Inventory,
    asked: &BTreeMap<String, CommandResult>,
    judged: &BTreeMap<String, Judged>,
    mut patches: HashMap<String, PatchList>,
) -> Vec<InstanceRow> {
    inventory
        .instances
        .iter()
        .map(|instance| {
            let id = &instance.instance_id;
            let plain = |outcome, reason: &Reason| row(view.target, instance, outcome, reason.clone());
            let exit_code = asked.get(id).and_then(|asked| asked.answer.exit_code());
            match &instance.eligibility {
                Eligibility::Skipped(reason) => plain(Outcome::Skipped, reason),
                Eligibility::NotReady(reason) => plain(Outcome::NotReady, reason),
                Eligibility::Eligible => match judged.get(id) {
                    None => plain(
                        Outcome::Unreachable,
                        &Reason::new(ReasonCode::NotSent, "no scan command names this instance"),
                    ),
                    Some(found) => {
                        let (missing_before, more_missing_before) = patches.remove(id).unwrap_or_default().into_parts();
                        // Where an install may reboot, the last one that did not is not what a patch waits for.
                        let waits = found.evidence.as_ref().and_then(ComplianceRow::pending_reboot_since);
                        InstanceRow {
                            overwritten_by: found.overwritten_by.clone(),
                            missing_before,
                            more_missing_before,
                            baseline_id: found.evidence.as_ref().map(|state| state.baseline_id.clone()),
                            available_security_updates: found
                                .evidence
                                .as_ref()
                                .map_or(0, |state| state.available_security_updates),
                            aws_status: found.evidence.as_ref().and_then(|state| state.aws_status),
                            scanned_at: found.evidence.as_ref().map(|state| state.ended_at),
                            pending_reboot_since: instance.never_reboot.as_ref().and(waits),
                            command_ids: asked.get(id).and_then(|asked| asked.command_id.clone()).into_iter().collect(),
                            findings: match exit_code {
                                Some(code) => readiness::after_scan(instance.findings.clone(), instance.os, code),
                                None => readiness::after_silence(instance.findings.clone(), &found.verdict.reason),
                            },
                            ..plain(found.verdict.outcome, &found.verdict.reason)
                        }
                    }
                },
            }
        })
        .collect()
}

/// Marks the rows of a scan run that another baseline than the plan's judged, or the plan's as it no longer is, or one that could
/// not be compared with the plan's.
pub fn mark_judged_by(rows: &mut [InstanceRow], judged: &BTreeMap<String, Judged>, baselines: &CheckedBaselines) {
    for row in rows {
        let os = row.os.as_ref().and_then(Platform::supported);
        let evidence = judged.get(&row.instance_id).and_then(|judged| judged.evidence.as_ref());
        row.judged_by = os.zip(evidence).and_then(|(os, evidence)| {
            let patch_group = evidence.patch_group.as_deref();
            let deciding = Deciding { baseline_id: &evidence.baseline_id, patch_group };
            baselines.not_compared.get(&os).cloned().or_else(|| judged_by(&baselines.compared, os, deciding))
        });
    }
}

/// The rows of an install: those of the scan before it, with what came of them. `commands` are the install and the scan
/// behind it.
#[must_use]
pub fn install_rows(
    scanned: Vec<InstanceRow>,
    order: &InstallOrder,
    commands: &[&BTreeMap<String, CommandResult>],
    judged: &BTreeMap<String, Judged>,
    mut patches: HashMap<String, PatchList>,
) -> Vec<InstanceRow> {
    let ordered: HashMap<&str, &OrderedInstance> =
        order.instances.iter().map(|one| (one.instance_id.as_str(), one)).collect();
    scanned
        .into_iter()
        .filter_map(|before| {
            let ordered = *ordered.get(before.instance_id.as_str())?;
            let found = judged.get(&before.instance_id)?;
            let left = patches.remove(&before.instance_id).unwrap_or_default();
            let installed_answer = commands.first().and_then(|asked| asked.get(&before.instance_id));
            // Without a list afterwards it is unknown which patches went in. An install that was not sent brought none, and
            // failed at none.
            let was_sent = installed_answer.is_some_and(|install| install.command_id.is_some());
            let (failed, installed) = match &found.evidence {
                Some(_) if was_sent => failed_and_installed(&ordered.missing, &left),
                _ => (Vec::new(), Vec::new()),
            };
            let (missing_after, more_missing_after) = match &found.evidence {
                // What the scan before found is still so.
                None if !was_sent => (before.missing_before.clone(), before.more_missing_before),
                _ => left.into_parts(),
            };
            let conflicts = with_the_last(before.conflicts, installed_answer);
            let given_up = installed_answer.filter(|installed| installed.answer.is_given_up());
            let mut command_ids = before.command_ids;
            command_ids.extend(commands.iter().filter_map(|asked| asked.get(&before.instance_id)?.command_id.clone()));
            let scanned_at = found.evidence.as_ref().map(|state| state.ended_at).or(before.scanned_at);
            // Without a new result the last one stands.
            let (available_security_updates, aws_status) = match &found.evidence {
                Some(state) => (state.available_security_updates, state.aws_status),
                None => (before.available_security_updates, before.aws_status),
            };
            // An instance that waited before goes on waiting, whatever was installed on it since.
            let waits = found.evidence.as_ref().filter(|state| state.pending_reboot > 0);
            let pending_reboot_since = waits
                .filter(|_| before.never_reboot.is_some())
                .and_then(|state| before.pending_reboot_since.or(state.pending_reboot_since()));
            Some(InstanceRow {
                outcome: found.verdict.outcome,
                reason: found.verdict.reason.clone(),
                findings: readiness::after_silence(before.findings, &found.verdict.reason),
                installed_untested: installed
                    .iter()
                    .filter(|patch| ordered.untested.contains(patch))
                    .cloned()
                    .collect(),
                held_back: ordered.held_back.clone(),
                conflicts,
                overwritten_by: found.overwritten_by.clone(),
                installed,
                failed,
                missing_after,
                more_missing_after,
                baseline_id: found.evidence.as_ref().map(|state| state.baseline_id.clone()).or(before.baseline_id),
                available_security_updates,
                aws_status,
                scanned_at,
                pending_reboot_since,
                command_ids,
                started_at: before.started_at.or(installed_answer.and_then(|installed| installed.started_at)),
                finished_at: installed_answer.and_then(|installed| installed.finished_at).or(before.finished_at),
                open_command: given_up.and_then(|installed| installed.command_id.clone()),
                ..before
            })
        })
        .collect()
}

/// The conflicts that the scan found, with the one that kept the install from being sent: what ran while it was scanned
/// is over by then, or is the same.
fn with_the_last(mut conflicts: Vec<Conflict>, install: Option<&CommandResult>) -> Vec<Conflict> {
    if let Some(InvocationResult::LeftOut { end, reason }) = install.map(|asked| &asked.answer) {
        conflicts.retain(|conflict| conflict.reason.code != reason.code);
        conflicts.insert(0, Conflict { action: Action::from(*end), reason: reason.clone() });
    }
    conflicts
}

/// Parts the patches that were to be installed by the list of what is missing afterwards. A patch that the list does not rule
/// out, because it ends before it, counts as failed.
fn failed_and_installed(ordered: &[Patch], left: &PatchList) -> (Vec<Patch>, Vec<Patch>) {
    ordered.iter().cloned().partition(|patch| left.may_contain(patch))
}

#[cfg(test)]
mod tests;
