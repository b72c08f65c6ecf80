//! From answers and compliance rows to the one outcome of an instance.
//!
//! A compliance row counts as evidence only if it is from a scan of this run: its snapshot is the run's own, and it is not
//! the row of an earlier scan of this run. Any tool may overwrite the row at any time.

use jiff::Timestamp;
use orgpatch_model::outcome::Outcome;
use orgpatch_model::patch::ComplianceStatus;
use orgpatch_model::reason::{Reason, ReasonCode};

use crate::sending::invocation::InvocationResult;

/// A compliance row as `DescribeInstancePatchStates` gives it; absent counts are zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComplianceRow {
    /// Instance id.
    pub instance_id: String,
    /// Baseline by which it was judged.
    pub baseline_id: String,
    /// Its patch group (`PatchGroup`). None: AWS's examples of the answer have an empty text where there is none.
    pub patch_group: Option<String>,
    /// Snapshot of approved patches it was judged by.
    pub snapshot_id: Option<String>,
    /// `Scan` or `Install`.
    pub operation: String,
    /// When the operation ended, by the clock of the instance (`OperationEndTime`).
    pub ended_at: Timestamp,
    /// `MissingCount`.
    pub missing: u32,
    /// `FailedCount`.
    pub failed: u32,
    /// `InstalledPendingRebootCount`.
    pub pending_reboot: u32,
    /// `InstalledCount`: installed patches that the baseline approves.
    pub installed: u32,
    /// `InstalledRejectedCount`.
    pub installed_rejected: u32,
    /// `NotApplicableCount` and `UnreportedNotApplicableCount`: patches of the baseline that are not for the instance.
    pub not_applicable: u32,
    /// `AvailableSecurityUpdateCount`: security updates that are out and not approved. Windows only.
    pub available_security_updates: u32,
    /// What Systems Manager counts the instance as. None: the answer does not tell.
    pub aws_status: Option<ComplianceStatus>,
    /// `LastNoRebootInstallOperationTime`, by the clock of the instance: "the time of the last attempt to patch the managed node
    /// with `NoReboot` specified as the reboot option" (Systems Manager API reference, `InstancePatchState`).
    pub last_no_reboot_install: Option<Timestamp>,
}

impl ComplianceRow {
    /// True if the row is from a scan with that snapshot that is not the earlier one.
    ///
    /// A snapshot id is unique in its run. The row's end is from the clock of the instance, which may be minutes off and
    /// may be set between two scans, so it is compared only with the end that an earlier row of the same instance has, and
    /// only for equality.
    #[must_use]
    pub fn is_from(&self, snapshot_id: &str, earlier: Option<Timestamp>) -> bool {
        self.operation == "Scan"
            && self.snapshot_id.as_deref() == Some(snapshot_id)
            && earlier.is_none_or(|earlier| self.ended_at.as_second() != earlier.as_second())
    }

    /// Returns since when the instance waits for a reboot, as far as Systems Manager knows; None if it does not wait or that is
    /// not known.
    #[must_use]
    pub fn pending_reboot_since(&self) -> Option<Timestamp> {
        self.last_no_reboot_install.filter(|_| self.pending_reboot > 0)
    }

    /// Patches that are not on the instance although they should be.
    #[must_use]
    pub fn lacking(&self) -> u32 {
        self.missing + self.failed
    }
}

/// An outcome and its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What happened.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
}

impl Verdict {
    fn new(outcome: Outcome, code: ReasonCode, text: impl Into<String>) -> Self {
        Self { outcome, reason: Reason::new(code, text) }
    }

    /// The same, where the row that could not be found was overwritten: `by` says who probably did it.
    #[must_use]
    pub fn overwritten(self, by: &Reason) -> Self {
        if self.reason.code != ReasonCode::NoComplianceRow {
            return self;
        }
        let text = format!("{}: {}", self.reason.text, by.text);
        Self { reason: Reason::new(ReasonCode::Overwritten, text), ..self }
    }
}

/// The outcome after a scan. `evidence` is a row that [`ComplianceRow::is_from`] this scan. None while it is not
/// final: the answer was success, and its row may still come.
#[must_use]
pub fn after_scan(
    answer: &InvocationResult,
    evidence: Option<&ComplianceRow>,
    row_may_still_come: bool,
) -> Option<Verdict> {
    Some(match (answer, evidence) {
        (InvocationResult::Succeeded, Some(state)) => by_evidence(state),
        (InvocationResult::Succeeded, None) if row_may_still_come => return None,
        (InvocationResult::Succeeded, None) => Verdict::new(
            Outcome::Failed,
            ReasonCode::NoComplianceRow,
            "the scan ended with success, but no compliance row of it can be found",
        ),
        (InvocationResult::Failed(reason), _) => {
            Verdict::new(Outcome::Failed, reason.code.clone(), format!("the scan failed: {}", reason.text))
        }
        (InvocationResult::None(reason) | InvocationResult::Offline(reason), _) if is_gone(reason) => gone(reason),
        (InvocationResult::None(reason), _) => {
            Verdict::new(Outcome::Unreachable, reason.code.clone(), format!("no answer to the scan: {}", reason.text))
        }
        // Counts at the gate: a role that may not send must not open the next stage.
        (InvocationResult::Refused(reason), _) => {
            Verdict::new(Outcome::Failed, reason.code.clone(), format!("the scan was refused: {}", reason.text))
        }
        (InvocationResult::Offline(reason) | InvocationResult::StoppedBeforeTurn(reason), _) => {
            Verdict::new(Outcome::NotReady, reason.code.clone(), format!("could not be scanned: {}", reason.text))
        }
        (InvocationResult::LeftOut { end, reason }, _) => Verdict { outcome: end.outcome(), reason: reason.clone() },
    })
}

fn by_evidence(state: &ComplianceRow) -> Verdict {
    match (state.lacking(), state.pending_reboot) {
        (0, 0) => Verdict::new(Outcome::Compliant, ReasonCode::NothingMissing, "nothing is missing"),
        (0, waiting) => Verdict::new(
            Outcome::PendingReboot,
            ReasonCode::PendingReboot,
            format!("{} for a reboot", patches(waiting, "waits", "wait")),
        ),
        (lacking, _) => Verdict::new(
            Outcome::Missing,
            ReasonCode::PatchesMissing,
            format!("{} missing", patches(lacking, "is", "are")),
        ),
    }
}

/// Returns true if the instance was terminated or stopped.
fn is_gone(reason: &Reason) -> bool {
    matches!(reason.code, ReasonCode::Terminated | ReasonCode::Stopped)
}

/// The outcome of an instance that was terminated or stopped before an install was sent to it. Neither is a failure of patching.
fn gone(reason: &Reason) -> Verdict {
    let outcome = if reason.code == ReasonCode::Terminated { Outcome::Skipped } else { Outcome::NotReady };
    Verdict { outcome, reason: reason.clone() }
}

/// The outcome after an install and the scan behind it.
///
/// `install` is the answer to the install command; `verify` the answer to the scan afterwards, None if it could not
/// be sent; `evidence` a row that is from that scan. None while it is not final.
#[must_use]
pub fn after_install(
    install: &InvocationResult,
    verify: Option<&InvocationResult>,
    evidence: Option<&ComplianceRow>,
    row_may_still_come: bool,
) -> Option<Verdict> {
    let verified = match verify {
        None => None,
        Some(answer) => Some(after_scan(answer, evidence, row_may_still_come)?),
    };
    let proof = evidence.filter(|_| verify == Some(&InvocationResult::Succeeded));
    Some(match (install, proof) {
        (InvocationResult::LeftOut { end, reason }, _) => Verdict { outcome: end.outcome(), reason: reason.clone() },
        (InvocationResult::StoppedBeforeTurn(reason), _) => {
            Verdict::new(Outcome::NotAttempted, reason.code.clone(), reason.text.clone())
        }
        (InvocationResult::Refused(reason), _) => {
            Verdict::new(Outcome::Failed, reason.code.clone(), format!("the install was refused: {}", reason.text))
        }
        (InvocationResult::Offline(reason), _) if is_gone(reason) => gone(reason),
        // It answered the scan a moment ago; that it does not now is no reason to trust the step.
        (InvocationResult::Offline(reason), _) => {
            Verdict::new(Outcome::Unreachable, reason.code.clone(), reason.text.clone())
        }
        (_, Some(state)) if state.lacking() == 0 && state.pending_reboot > 0 => Verdict::new(
            Outcome::PendingReboot,
            ReasonCode::PendingReboot,
            format!("installed; {} for a reboot", patches(state.pending_reboot, "waits", "wait")),
        ),
        (InvocationResult::Succeeded, Some(state)) if state.lacking() == 0 => Verdict::new(
            Outcome::Patched,
            ReasonCode::ProvedByScan,
            "installed, and a scan afterwards finds nothing missing",
        ),
        (InvocationResult::Failed(reason) | InvocationResult::None(reason), Some(state)) if state.lacking() == 0 => {
            Verdict::new(
                Outcome::Patched,
                ReasonCode::ProvedByScan,
                format!("a scan afterwards finds nothing missing, although the install said: {}", reason.text),
            )
        }
        (InvocationResult::Succeeded, Some(state)) => Verdict::new(
            Outcome::Failed,
            ReasonCode::StillMissing,
            format!("the install ended with success, but {} still missing", patches(state.lacking(), "is", "are")),
        ),
        (InvocationResult::Failed(reason), Some(state)) => Verdict::new(
            Outcome::Failed,
            reason.code.clone(),
            format!("the install failed: {}; {} still missing", reason.text, patches(state.lacking(), "is", "are")),
        ),
        (InvocationResult::None(reason), _) => Verdict::new(
            Outcome::Unreachable,
            reason.code.clone(),
            format!("no answer to the install: {}", reason.text),
        ),
        (InvocationResult::Failed(reason), None) => {
            Verdict::new(Outcome::Failed, reason.code.clone(), format!("the install failed: {}", reason.text))
        }
        (InvocationResult::Succeeded, None) => match verified {
            // The install may be why it is gone.
            Some(Verdict { reason, .. }) if is_gone(&reason) => Verdict::new(
                Outcome::Unreachable,
                reason.code.clone(),
                format!("installed but not proved: {}", reason.text),
            ),
            Some(verdict) => Verdict::new(
                verdict.outcome,
                verdict.reason.code.clone(),
                format!("installed but not proved: {}", verdict.reason.text),
            ),
            None => Verdict::new(
                Outcome::Unreachable,
                ReasonCode::NotProved,
                "the install ended with success, but the instance was offline for the scan that would prove it",
            ),
        },
    })
}

fn patches(n: u32, one: &str, many: &str) -> String {
    if n == 1 { format!("1 patch {one}") } else { format!("{n} patches {many}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::compliance;
    use crate::sending::invocation::LeftAlone;

    fn state(missing: u32, failed: u32, pending_reboot: u32) -> ComplianceRow {
        ComplianceRow {
            snapshot_id: Some("mine".into()),
            ended_at: Timestamp::from_second(100).expect("a time"),
            missing,
            failed,
            pending_reboot,
            ..compliance()
        }
    }

    fn why() -> Reason {
        Reason::new(ReasonCode::ExitCode(1), "exit code 1")
    }

    #[test]
    fn only_a_row_of_the_runs_own_scan_is_evidence() {
        let end = |second| Some(Timestamp::from_second(second).expect("a time"));
        assert!(state(0, 0, 0).is_from("mine", None), "the snapshot is proof of a first scan");
        assert!(!state(0, 0, 0).is_from("theirs", None));
        assert!(!state(0, 0, 0).is_from("mine", end(100)), "the row of the scan before");
        assert!(state(0, 0, 0).is_from("mine", end(40)));
        assert!(state(0, 0, 0).is_from("mine", end(700)), "the clock of the instance was set back in between");
        let install = ComplianceRow { operation: "Install".into(), ..state(0, 0, 0) };
        assert!(!install.is_from("mine", None), "an install's own row lists no missing patches");
    }

    #[test]
    fn outcomes_after_a_scan() {
        let short = |answer, evidence: Option<&ComplianceRow>, late| {
            after_scan(&answer, evidence, late).map(|verdict| (verdict.outcome, verdict.reason.code))
        };
        let ok = || InvocationResult::Succeeded;
        assert_eq!(short(ok(), Some(&state(0, 0, 0)), false), Some((Outcome::Compliant, ReasonCode::NothingMissing)));
        assert_eq!(short(ok(), Some(&state(2, 0, 1)), false), Some((Outcome::Missing, ReasonCode::PatchesMissing)));
        assert_eq!(short(ok(), Some(&state(0, 1, 0)), false), Some((Outcome::Missing, ReasonCode::PatchesMissing)));
        assert_eq!(
            short(ok(), Some(&state(0, 0, 1)), false),
            Some((Outcome::PendingReboot, ReasonCode::PendingReboot))
        );
        assert_eq!(short(ok(), None, true), None);
        assert_eq!(short(ok(), None, false), Some((Outcome::Failed, ReasonCode::NoComplianceRow)));
        assert_eq!(
            short(InvocationResult::Failed(why()), None, false),
            Some((Outcome::Failed, ReasonCode::ExitCode(1)))
        );
        assert_eq!(
            short(InvocationResult::None(why()), None, false),
            Some((Outcome::Unreachable, ReasonCode::ExitCode(1)))
        );
        assert_eq!(
            short(InvocationResult::Refused(why()), None, false),
            Some((Outcome::Failed, ReasonCode::ExitCode(1)))
        );
        assert_eq!(
            short(InvocationResult::Offline(why()), None, false),
            Some((Outcome::NotReady, ReasonCode::ExitCode(1)))
        );
        let gone = |code| Reason::new(code, "gone");
        for asked in [InvocationResult::Offline, InvocationResult::None] {
            let end = |code| short(asked(gone(code)), None, false).map(|(outcome, _)| outcome);
            assert_eq!(end(ReasonCode::Terminated), Some(Outcome::Skipped));
            assert_eq!(end(ReasonCode::Stopped), Some(Outcome::NotReady));
        }
    }

    #[test]
    fn a_row_that_was_overwritten_is_named_and_changes_nothing_else() {
        let by = Reason::new(ReasonCode::Association, "an association scans too");
        let lost = after_scan(&InvocationResult::Succeeded, None, false).expect("final").overwritten(&by);
        assert_eq!((lost.outcome, lost.reason.code.clone()), (Outcome::Failed, ReasonCode::Overwritten));
        assert!(lost.reason.text.ends_with("can be found: an association scans too"), "{}", lost.reason);
        let failed = after_scan(&InvocationResult::Failed(why()), None, false).expect("final");
        assert_eq!(failed.clone().overwritten(&by), failed);
    }

    #[test]
    fn outcomes_after_an_install() {
        let clean = state(0, 0, 0);
        let dirty = state(1, 0, 0);
        let waiting = state(0, 0, 2);
        let ok = InvocationResult::Succeeded;
        let failed = InvocationResult::Failed(why());
        let silent = InvocationResult::None(why());
        let spared = InvocationResult::StoppedBeforeTurn(why());
        let refused = InvocationResult::Refused(why());
        let offline = InvocationResult::Offline(why());
        let left_out = InvocationResult::LeftOut { end: LeftAlone::Skipped, reason: why() };
        let ended = Reason::new(ReasonCode::Terminated, "terminated");
        let halted = Reason::new(ReasonCode::Stopped, "stopped");
        let rows: Vec<(&str, Option<Verdict>)> = vec![
            ("success, proved", after_install(&ok, Some(&ok), Some(&clean), false)),
            ("failure, yet proved", after_install(&failed, Some(&ok), Some(&clean), false)),
            ("silence, yet proved", after_install(&silent, Some(&ok), Some(&clean), false)),
            ("success, disproved", after_install(&ok, Some(&ok), Some(&dirty), false)),
            ("failure, and missing", after_install(&failed, Some(&ok), Some(&dirty), false)),
            ("silence, and missing", after_install(&silent, Some(&ok), Some(&dirty), false)),
            ("success, reboot to come", after_install(&ok, Some(&ok), Some(&waiting), false)),
            ("success, offline afterwards", after_install(&ok, None, None, false)),
            ("failure, offline afterwards", after_install(&failed, None, None, false)),
            ("silence, offline afterwards", after_install(&silent, None, None, false)),
            ("success, verify failed", after_install(&ok, Some(&failed), None, false)),
            ("success, verify silent", after_install(&ok, Some(&silent), None, false)),
            ("success, verify without row", after_install(&ok, Some(&ok), None, false)),
            ("success, row still to come", after_install(&ok, Some(&ok), None, true)),
            ("spared", after_install(&spared, Some(&ok), Some(&dirty), false)),
            ("refused", after_install(&refused, Some(&ok), Some(&dirty), false)),
            ("offline", after_install(&offline, Some(&ok), Some(&dirty), false)),
            ("left out", after_install(&left_out, None, None, false)),
            ("terminated before", after_install(&InvocationResult::Offline(ended.clone()), None, None, false)),
            ("stopped before", after_install(&InvocationResult::Offline(halted.clone()), None, None, false)),
            ("terminated in it", after_install(&InvocationResult::None(ended.clone()), None, None, false)),
            ("stopped in it", after_install(&InvocationResult::None(halted.clone()), None, None, false)),
            ("terminated after it", after_install(&ok, Some(&InvocationResult::Offline(ended)), None, false)),
            ("stopped after it", after_install(&ok, Some(&InvocationResult::Offline(halted)), None, false)),
        ];
        let lines: Vec<String> = rows
            .into_iter()
            .map(|(case, verdict)| match verdict {
                Some(verdict) => format!("{case}: {} ({})", verdict.outcome, verdict.reason.code),
                None => format!("{case}: not final"),
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        success, proved: patched (proved-by-scan)
        failure, yet proved: patched (proved-by-scan)
        silence, yet proved: patched (proved-by-scan)
        success, disproved: failed (still-missing)
        failure, and missing: failed (exit-code-1)
        silence, and missing: unreachable (exit-code-1)
        success, reboot to come: pending-reboot (pending-reboot)
        success, offline afterwards: unreachable (not-proved)
        failure, offline afterwards: failed (exit-code-1)
        silence, offline afterwards: unreachable (exit-code-1)
        success, verify failed: failed (exit-code-1)
        success, verify silent: unreachable (exit-code-1)
        success, verify without row: failed (no-compliance-row)
        success, row still to come: not final
        spared: not-attempted (exit-code-1)
        refused: failed (exit-code-1)
        offline: unreachable (exit-code-1)
        left out: skipped (exit-code-1)
        terminated before: skipped (terminated)
        stopped before: not-ready (stopped)
        terminated in it: unreachable (terminated)
        stopped in it: unreachable (stopped)
        terminated after it: unreachable (terminated)
        stopped after it: unreachable (stopped)
        ");
    }
}
