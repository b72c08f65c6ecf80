//! Patch compliance: what an instance reports after an operation. Each report replaces the one before, no matter which
//! tool ran the operation.
use super::{
    baseline::{ComplianceLevel, ComplianceStatus},
    catalogue::{Catalogue, Machine, Patch, PatchId},
    document::OperationKind,
    snapshot::Snapshot,
};
use crate::{clock::Millis, facts::operating_systems::Kind};
use std::{collections::BTreeSet, sync::Arc};

/// `PatchComplianceDataState`: the simulated values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum PatchState {
    Installed,
    InstalledOther,
    InstalledPendingReboot,
    InstalledRejected,
    Missing,
    Failed,
    AvailableSecurityUpdate,
    NotApplicable,
}

impl PatchState {
    /// Returns the API's spelling.
    pub fn code(self) -> &'static str {
        match self {
            Self::Installed => "INSTALLED",
            Self::InstalledOther => "INSTALLED_OTHER",
            Self::InstalledPendingReboot => "INSTALLED_PENDING_REBOOT",
            Self::InstalledRejected => "INSTALLED_REJECTED",
            Self::Missing => "MISSING",
            Self::Failed => "FAILED",
            Self::AvailableSecurityUpdate => "AVAILABLE_SECURITY_UPDATE",
            Self::NotApplicable => "NOT_APPLICABLE",
        }
    }
}

/// A patch in a report.
#[derive(Debug, Clone)]
pub struct PatchRow {
    /// The patch, at the version that the row is about.
    pub patch: Arc<Patch>,
    /// Its state.
    pub state: PatchState,
    /// When it was installed.
    pub installed_at: Option<Millis>,
    /// The compliance level that the baseline gives it.
    pub level: ComplianceLevel,
}

/// The group in which a patch counts that makes an instance non-compliant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// The baseline gives it the level CRITICAL.
    Critical,
    /// It is a security patch.
    Security,
    /// Any other patch.
    Other,
}

impl PatchRow {
    /// Returns its classification. The API leaves it empty for patches that the baseline does not cover.
    pub fn classification(&self) -> &str {
        if self.is_bare() { "" } else { &self.patch.classification }
    }

    fn is_bare(&self) -> bool {
        matches!(self.state, PatchState::InstalledOther | PatchState::NotApplicable)
    }

    /// Returns its severity. It is empty for those patches too, and where the repository gives none.
    pub fn severity(&self) -> &str {
        if self.is_bare() { "" } else { self.patch.severity.as_deref().unwrap_or_default() }
    }
}

/// What `InstancePatchState` and `DescribeInstancePatches` report about an instance.
#[derive(Debug, Clone)]
pub struct ComplianceReport {
    /// The baseline that the instance was judged by.
    pub baseline_id: String,
    /// Whether available security updates that are not approved make the instance non-compliant.
    pub available_is_non_compliant: bool,
    /// The snapshot that the instance was judged by.
    pub snapshot_id: String,
    /// The operation that was run.
    pub operation: OperationKind,
    /// When it began.
    pub started: Millis,
    /// When it ended.
    pub ended: Millis,
    /// The reboot option of an Install. None for a Scan.
    pub reboot_option: Option<&'static str>,
    /// One row for each patch.
    pub rows: Vec<PatchRow>,
}

impl ComplianceReport {
    /// Returns how many patches are in a state.
    pub fn count(&self, state: PatchState) -> usize {
        self.rows.iter().filter(|row| row.state == state).count()
    }

    /// Returns how many patches of one group make the instance non-compliant. Every patch counts in one group only.
    pub fn non_compliant(&self, concern: Concern) -> usize {
        self.rows.iter().filter(|row| self.concern(row) == Some(concern)).count()
    }

    fn concern(&self, row: &PatchRow) -> Option<Concern> {
        match row.state {
            PatchState::Installed | PatchState::InstalledOther | PatchState::NotApplicable => None,
            // Never critical, because no rule has approved it.
            PatchState::AvailableSecurityUpdate => self.available_is_non_compliant.then_some(Concern::Security),
            _ if row.level == ComplianceLevel::Critical => Some(Concern::Critical),
            _ if row.patch.is_security() => Some(Concern::Security),
            _ => Some(Concern::Other),
        }
    }
}

/// Returns whether available security updates that are not approved make an instance non-compliant.
pub fn available_is_non_compliant(snapshot: &Snapshot) -> bool {
    snapshot.baseline.content.available_security_updates_compliance_status == Some(ComplianceStatus::NonCompliant)
}

/// Returns the rows of a report after an operation that could not install `failed`.
pub fn rows(
    catalogue: &Catalogue,
    machine: Machine<'_>,
    snapshot: &Snapshot,
    failed: &BTreeSet<PatchId>,
    operation: OperationKind,
    now: Millis,
) -> Vec<PatchRow> {
    let Machine { os, installed, .. } = machine;
    let mut rows = Vec::new();
    for (id, versions) in catalogue.of(os) {
        let have = installed.get(id);
        let approval = snapshot.approved.get(id);
        let wanted = approval.map(|approval| approval.version);
        let lacks = wanted.filter(|wanted| {
            have.is_none_or(|have| have.version < *wanted) && versions[*wanted].is_applicable(machine)
        });
        let (version, state) = match (lacks, have) {
            (Some(version), _) if failed.contains(id) => (version, PatchState::Failed),
            // The report of an Install lists no patch as missing.
            (Some(version), _) if operation == OperationKind::Scan => (version, PatchState::Missing),
            (_, Some(have)) if snapshot.blocks(id, have.version) => (have.version, PatchState::InstalledRejected),
            (_, Some(have)) if have.pending_reboot => (have.version, PatchState::InstalledPendingReboot),
            (_, Some(have)) if wanted.is_some() && !snapshot.rejects(id, have.version) => {
                (have.version, PatchState::Installed)
            }
            (_, Some(have)) => (have.version, PatchState::InstalledOther),
            (Some(_), None) => continue,
            // It is approved, and the feature that uses it is not installed.
            (None, None) if wanted.is_some_and(|version| !versions[version].has_feature(machine)) => {
                (wanted.unwrap_or_default(), PatchState::NotApplicable)
            }
            (None, None) => {
                // Windows reports available security updates that are not approved yet.
                let out = (0..versions.len()).rev().find(|n| {
                    let patch = &versions[*n];
                    let offered = patch.released <= now && !catalogue.is_superseded(os, patch, now);
                    offered && patch.is_applicable(machine) && patch.is_security() && !snapshot.rejects(id, *n)
                });
                match out {
                    Some(version) if os.kind() == Kind::Windows => (version, PatchState::AvailableSecurityUpdate),
                    _ => continue,
                }
            }
        };
        let installed_at =
            have.filter(|_| !matches!(state, PatchState::Missing | PatchState::Failed)).map(|have| have.at);
        let level = approval.map(|approval| approval.level).unwrap_or_default();
        rows.push(PatchRow { patch: Arc::clone(&versions[version]), state, installed_at, level });
    }
    rows
}
