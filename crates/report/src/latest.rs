//! Decides which run of a plan is the latest one. Run ids do not sort by time, and a bucket keeps runs for years, so a small
//! object per plan names the latest run.

use jiff::Timestamp;
use orgpatch_records::latest_run::LatestRun;
use orgpatch_records::manifest::ManifestLink;

use crate::RunReport;

/// Returns the object to write after a report of that run; None: the known one stays. Runs about baselines only do not
/// count, and an older run whose report is made again (by a redrive) is not the latest.
#[must_use]
pub fn after(run: &RunReport, known: Option<LatestRun>, manifest_sha256: &str) -> Option<LatestRun> {
    if run.operation.is_about_baselines_only() {
        return None;
    }
    let (previous, previous_manifest_sha256) = match known {
        Some(known) if known.run_id == run.id => (known.previous, known.previous_manifest_sha256),
        Some(known) if known.started_at > run.started_at => return None,
        Some(known) => (Some(known.run_id), known.manifest_sha256),
        None => (None, None),
    };
    Some(LatestRun {
        run_id: run.id.clone(),
        plan: run.plan.clone(),
        started_at: run.started_at,
        finished_at: run.finished_at,
        previous,
        manifest_sha256: Some(manifest_sha256.to_owned()),
        previous_manifest_sha256,
    })
}

/// Returns the manifest of the plan's run before that run; None if there is none, or if that run has no manifest.
#[must_use]
pub fn link(run_id: &str, started_at: Timestamp, known: &LatestRun) -> Option<ManifestLink> {
    let before = before(run_id, started_at, known)?;
    let sha256 = if known.run_id == run_id { &known.previous_manifest_sha256 } else { &known.manifest_sha256 };
    Some(ManifestLink { run_id: before.to_owned(), sha256: sha256.clone()? })
}

/// Returns the run before that run: the latest known run, or the one before it if the report of the latest run is made
/// again. An older run whose report is made again has none.
#[must_use]
pub fn before<'k>(run_id: &str, started_at: Timestamp, known: &'k LatestRun) -> Option<&'k str> {
    if known.run_id == run_id {
        return known.previous.as_deref();
    }
    (known.started_at <= started_at).then_some(known.run_id.as_str())
}

#[cfg(test)]
mod tests {
    use orgpatch_model::input::Operation;

    use super::*;
    use crate::fixtures;

    #[test]
    fn the_latest_run_is_the_one_that_began_last() {
        let mut run = fixtures::report().head.run;
        let after = |run: &RunReport, known| super::after(run, known, &format!("manifest of {}", run.id));
        let first = after(&run, None).expect("the first run");
        let nothing_before = link("monthly-2026-11", first.started_at, &first);
        assert_eq!(nothing_before, None, "the first run, made again");
        assert_eq!((first.run_id.as_str(), first.previous.as_deref()), ("monthly-2026-11", None));
        // A second report of the same run, after a retry or a redrive.
        assert_eq!(after(&run, Some(first.clone())), Some(first.clone()));

        run.id = "monthly-2026-12".into();
        run.started_at = Timestamp::from_second(86_400).expect("a time");
        let second = after(&run, Some(first.clone())).expect("the second run");
        assert_eq!((second.run_id.as_str(), second.previous.as_deref()), ("monthly-2026-12", Some("monthly-2026-11")));
        assert_eq!(after(&run, Some(second.clone())), Some(second.clone()), "and still knows the one before");
        let of_first = ManifestLink { run_id: "monthly-2026-11".into(), sha256: "manifest of monthly-2026-11".into() };
        assert_eq!(link(&run.id, run.started_at, &first), Some(of_first.clone()));
        assert_eq!(link(&run.id, run.started_at, &second), Some(of_first), "made again");

        assert_eq!(after(&fixtures::report().head.run, Some(second.clone())), None, "an older run");
        assert_eq!(before("monthly-2026-12", run.started_at, &first), Some("monthly-2026-11"));
        assert_eq!(before("monthly-2026-12", run.started_at, &second), Some("monthly-2026-11"), "made again");
        assert_eq!(before("monthly-2026-11", first.started_at, &second), None, "an older run, made again");
        run.operation = Operation::PreviewBaselines;
        assert_eq!(after(&run, Some(first)), None, "a run about baselines only");
    }
}
