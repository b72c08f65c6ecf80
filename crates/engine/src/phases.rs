//! The order of a target's phases: which function works next, on which phase, and when. The state machine only follows the
//! answer.

use orgpatch_model::target::{Pass, Phase};
use serde::{Deserialize, Serialize};

/// The function that works next on a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NextFunction {
    /// `scan` sends scans and looks for their end.
    Scan,
    /// `install` sends installs and looks for their end.
    Install,
    /// `collect-results` reads what the scans found.
    CollectResults,
    /// None: the target is finished in this part of the step.
    Done,
}

/// Answer of every function that works on a target. The state machine waits, then calls the function that comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Next {
    /// Who works next.
    pub next: NextFunction,
    /// On which phase.
    pub phase: Phase,
    /// In which pass.
    pub pass: Pass,
    /// Seconds to wait before; 0 for none.
    pub wait_seconds: u32,
}

impl Next {
    fn now(next: NextFunction, phase: Phase, pass: Pass) -> Self {
        Self { next, phase, pass, wait_seconds: 0 }
    }

    /// The target is finished.
    #[must_use]
    pub fn done(phase: Phase, pass: Pass) -> Self {
        Self::now(NextFunction::Done, phase, pass)
    }

    /// The same function works on the same phase again, after so many seconds.
    #[must_use]
    pub fn again(function: NextFunction, (phase, pass): (Phase, Pass), wait_seconds: u32) -> Self {
        Self { wait_seconds, ..Self::now(function, phase, pass) }
    }
}

/// Returns the function that sends the commands of a phase; `Done` for a phase that sends none.
#[must_use]
pub fn sender(phase: Phase) -> NextFunction {
    match phase {
        Phase::Scan | Phase::PreInstallScan | Phase::Verify => NextFunction::Scan,
        Phase::Install => NextFunction::Install,
        Phase::Inventory | Phase::PreviewBaselines | Phase::ApplyBaselines | Phase::RestoreBaselines => {
            NextFunction::Done
        }
    }
}

/// Returns what follows when the account of a target could be entered.
#[must_use]
pub fn entered(phase: Phase) -> Next {
    let function = match phase {
        Phase::Install => NextFunction::Install,
        // In a run about baselines, and for a target that the run does not come to, `scan` does all there is to do.
        _ => NextFunction::Scan,
    };
    Next::now(function, phase, Pass::First)
}

/// Returns what follows when patches are withheld and no scan has proved yet what an install would bring.
#[must_use]
pub fn unproved() -> Next {
    Next::now(NextFunction::Scan, Phase::PreInstallScan, Pass::First)
}

/// Returns what follows when every instance of a phase has ended.
#[must_use]
pub fn ended(phase: Phase, pass: Pass) -> Next {
    match phase {
        Phase::Scan | Phase::PreInstallScan | Phase::Verify => Next::now(NextFunction::CollectResults, phase, pass),
        // The status of an install is no evidence.
        Phase::Install => Next::now(NextFunction::Scan, Phase::Verify, pass),
        Phase::Inventory | Phase::PreviewBaselines | Phase::ApplyBaselines | Phase::RestoreBaselines => {
            Next::done(phase, pass)
        }
    }
}

/// Returns what follows when the results of a phase are recorded. `another_pass`: some instances get a second install.
#[must_use]
pub fn collected(phase: Phase, pass: Pass, another_pass: bool) -> Next {
    match (phase, pass) {
        (Phase::PreInstallScan, _) => Next::now(NextFunction::Install, Phase::Install, pass),
        (Phase::Verify, Pass::First) if another_pass => Next::now(NextFunction::Install, Phase::Install, Pass::Second),
        _ => Next::done(phase, pass),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Everything that may follow a function's work on a phase, waits and outcomes of the target left out.
    fn successors(now: Next) -> Vec<Next> {
        let Next { next, phase, pass, .. } = now;
        match next {
            NextFunction::Done => vec![],
            NextFunction::Install if pass == Pass::First => vec![ended(phase, pass), unproved()],
            NextFunction::Scan | NextFunction::Install => vec![ended(phase, pass)],
            NextFunction::CollectResults => vec![collected(phase, pass, false), collected(phase, pass, true)],
        }
    }

    fn walk(path: &str, now: Next, proved: bool, paths: &mut BTreeSet<String>) {
        let pass = if now.pass == Pass::Second { " 2" } else { "" };
        let function = serde_json::to_value(now.next).expect("JSON");
        let path = match now.next {
            NextFunction::Done => {
                assert!(path.len() < 300, "endless: {path}");
                paths.insert(format!("{path} done"));
                return;
            }
            _ => format!("{path} {}({}{pass}) →", function.as_str().expect("a word"), now.phase.name()),
        };
        assert_eq!(now.wait_seconds, 0, "only a look waits");
        for next in successors(now) {
            // A proof is asked for once.
            if next == unproved() && proved {
                continue;
            }
            walk(&path, next, proved || next == unproved(), paths);
        }
    }

    #[test]
    fn every_path_of_a_target_ends() {
        let mut paths = BTreeSet::new();
        let about_baselines = [Phase::PreviewBaselines, Phase::ApplyBaselines, Phase::RestoreBaselines];
        for phase in [Phase::Scan, Phase::Install, Phase::Inventory].into_iter().chain(about_baselines) {
            walk("", entered(phase), false, &mut paths);
        }
        insta::assert_snapshot!(paths.into_iter().collect::<Vec<_>>().join("\n"), @r"
        install(install) → scan(pre-install-scan) → collect-results(pre-install-scan) → install(install) → scan(verify) → collect-results(verify) → done
        install(install) → scan(pre-install-scan) → collect-results(pre-install-scan) → install(install) → scan(verify) → collect-results(verify) → install(install 2) → scan(verify 2) → collect-results(verify 2) → done
        install(install) → scan(verify) → collect-results(verify) → done
        install(install) → scan(verify) → collect-results(verify) → install(install 2) → scan(verify 2) → collect-results(verify 2) → done
        scan(apply-baselines) → done
        scan(inventory) → done
        scan(preview-baselines) → done
        scan(restore-baselines) → done
        scan(scan) → collect-results(scan) → done
        ");
    }

    #[test]
    fn the_function_that_sends_a_phase_is_the_one_that_is_called_for_it() {
        for phase in [Phase::Scan, Phase::PreInstallScan, Phase::Install, Phase::Verify] {
            assert_ne!(sender(phase), NextFunction::Done);
        }
        assert_eq!(entered(Phase::Install).next, sender(Phase::Install));
        assert_eq!(unproved().next, sender(Phase::PreInstallScan));
    }

    #[test]
    fn the_answer_is_what_the_state_machine_reads() {
        let answer = Next::again(NextFunction::CollectResults, (Phase::Verify, Pass::Second), 60);
        let json = serde_json::to_value(answer).expect("JSON");
        let expected = serde_json::json!({"next": "collect-results", "phase": "verify", "pass": 2, "waitSeconds": 60});
        assert_eq!(json, expected);
    }
}
