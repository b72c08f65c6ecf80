//! Table `patches`: what was seen of a patch on an instance.

use jiff::Timestamp;
use orgpatch_engine::results::InstanceRow;
use orgpatch_model::outcome::Outcome;
use orgpatch_model::patch::Patch;
use serde::Serialize;

use super::run::Subject;
use super::time;
use crate::{RunReport, TargetReport};

/// What was seen. A patch that a run finds missing and installs has two lines.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Event {
    /// A scan found it missing.
    Missing,
    /// It was missing before the install and was not afterwards.
    Installed,
    /// It was to be installed and is still missing.
    Failed,
    /// It is missing and was not to be installed, because the first stage has not installed it.
    HeldBack,
}

/// A line.
#[derive(Debug, Serialize)]
pub(super) struct Line<'r> {
    #[serde(flatten)]
    subject: &'r Subject<'r>,
    /// What happened to the instance in the run.
    outcome: Outcome,
    /// What was seen of the patch: `missing`, `installed`, `failed` or `held-back`.
    event: Event,
    /// When the result was recorded that shows it.
    seen_at: String,
    /// `KBId` in the API: a KB article on Windows, package name on Linux.
    patch_id: &'r str,
    /// Title; on Linux with the version.
    title: &'r str,
    /// Classification, such as `Security`.
    classification: &'r str,
    /// Severity, such as `Important`.
    severity: &'r str,
    /// CVE ids, where the API names any.
    cve_ids: &'r [String],
}

impl<'r> Line<'r> {
    /// Every line about an instance.
    pub(super) fn all_of(
        subject: &'r Subject<'r>,
        run: &RunReport,
        target: &TargetReport,
        row: &'r InstanceRow,
    ) -> impl Iterator<Item = Self> {
        let finished = run.finished_at;
        let scanned = target.scanned_at.unwrap_or(finished);
        let installed = target.installed_at.unwrap_or(finished);
        let line = move |event, at: Timestamp, patch: &'r Patch| Self {
            subject,
            outcome: row.outcome,
            event,
            seen_at: time(at),
            patch_id: &patch.id,
            title: &patch.title,
            classification: &patch.classification,
            severity: &patch.severity,
            cve_ids: &patch.cve_ids,
        };
        // What the first scan has found already is missing since then, and not since the scan afterwards.
        let is_known = move |patch: &&Patch| row.missing_before.iter().any(|one| is_same(one, patch));
        let came_up = row.missing_after.iter().filter(move |patch| !is_known(patch));
        row.missing_before
            .iter()
            .map(move |patch| line(Event::Missing, scanned, patch))
            .chain(came_up.map(move |patch| line(Event::Missing, installed, patch)))
            .chain(row.installed.iter().map(move |patch| line(Event::Installed, installed, patch)))
            .chain(row.failed.iter().map(move |patch| line(Event::Failed, installed, patch)))
            .chain(row.held_back.iter().map(move |patch| line(Event::HeldBack, scanned, patch)))
    }
}

/// The same patch in the same version.
fn is_same(one: &Patch, other: &Patch) -> bool {
    (&one.id, &one.title) == (&other.id, &other.title)
}
