//! Table `patches`: the events of a patch on an instance.

use jiff::Timestamp;
use orgpatch_engine::results::InstanceRow;
use orgpatch_model::outcome::Outcome;
use orgpatch_model::patch::Patch;
use serde::Serialize;

use super::run::InstanceColumns;
use super::time;
use crate::{RunReport, TargetReport};

/// An event. A patch that a run finds missing and installs has two lines.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Event {
    /// A scan found it missing.
    Missing,
    /// It was missing before the install and was not afterwards.
    Installed,
    /// It was to be installed and is still missing.
    Failed,
    /// It is missing, and was held back because the first stage has not installed it.
    HeldBack,
}

/// A line.
#[derive(Debug, Serialize)]
pub(super) struct Line<'r> {
    #[serde(flatten)]
    subject: &'r InstanceColumns<'r>,
    /// What happened to the instance in the run.
    outcome: Outcome,
    /// The event: `missing`, `installed`, `failed` or `held-back`.
    event: Event,
    /// When the result that shows it was recorded.
    seen_at: String,
    /// `KBId` in the API: a KB article on Windows, package name on Linux.
    patch_id: &'r str,
    /// Title. On Linux it contains the version.
    title: &'r str,
    /// Classification, such as `Security`.
    classification: &'r str,
    /// Severity, such as `Important`.
    severity: &'r str,
    /// CVE ids, if the API names any; at most 20.
    cve_ids: &'r [String],
    /// Number of further CVE ids, which are not listed.
    more_cve_ids: u32,
}

impl<'r> Line<'r> {
    /// Returns every line about an instance.
    pub(super) fn all_of(
        subject: &'r InstanceColumns<'r>,
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
            more_cve_ids: patch.more_cve_ids,
        };
        // A patch that the first scan found missing gets no second line after the install.
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

/// Returns true for the same patch in the same version.
fn is_same(one: &Patch, other: &Patch) -> bool {
    (&one.id, &one.title) == (&other.id, &other.title)
}
