//! Patch snapshots. For three days a snapshot id means the same approved patches for all instances of an account,
//! Region, patch group and operating system.
use super::{
    baseline::{ApprovalState, Baseline, ComplianceLevel},
    catalogue::{Catalogue, Machine, PatchId},
    scope::PatchScope,
};
use crate::clock::{DAY, Millis};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

/// How long a snapshot lives. After that the same id makes a new one.
const LIFE: Millis = 3 * DAY;

/// An approved version of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approval {
    /// Its position among the patch's versions, oldest first.
    pub version: usize,
    /// The compliance level of the instance while the patch is missing.
    pub level: ComplianceLevel,
}

/// What a baseline says about the whole catalogue at a time.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The baseline, as it was then.
    pub baseline: Arc<Baseline>,
    /// The newest approved version of every patch.
    pub approved: BTreeMap<PatchId, Approval>,
    /// Rejected versions.
    rejected: BTreeSet<(PatchId, usize)>,
}

impl Snapshot {
    /// Evaluates a baseline at `now`.
    pub fn take(catalogue: &Catalogue, baseline: Arc<Baseline>, now: Millis) -> Self {
        let (mut approved, mut rejected) = (BTreeMap::new(), BTreeSet::new());
        for (id, versions) in catalogue.of(baseline.os) {
            for (version, patch) in versions.iter().enumerate() {
                match baseline.approval_state(patch, now) {
                    ApprovalState::Approved(level) => {
                        approved.insert(id.clone(), Approval { version, level });
                    }
                    ApprovalState::Rejected => {
                        rejected.insert((id.clone(), version));
                    }
                    ApprovalState::Undecided => {}
                }
            }
        }
        Self { baseline, approved, rejected }.without_superseded(catalogue, now)
    }

    /// Removes what Windows no longer offers. Even an approved update disappears when it is superseded.
    #[must_use]
    pub fn without_superseded(mut self, catalogue: &Catalogue, now: Millis) -> Self {
        let os = self.baseline.os;
        self.approved.retain(|id, approval| {
            let patch = catalogue.versions(os, id).get(approval.version);
            patch.is_none_or(|patch| !catalogue.is_superseded(os, patch, now))
        });
        self
    }

    /// Returns the ids, sorted, of approved patches that are applicable and not installed at the approved version.
    pub fn missing(&self, catalogue: &Catalogue, machine: Machine<'_>) -> Vec<PatchId> {
        let lacks = |id: &str, version: usize| machine.installed.get(id).is_none_or(|have| have.version < version);
        let patch = |id: &str, version: usize| catalogue.versions(self.baseline.os, id).get(version);
        let applicable = |id: &str, version| patch(id, version).is_none_or(|patch| patch.is_applicable(machine));
        let approved = self.approved.iter();
        approved
            .filter(|(id, approval)| lacks(id, approval.version) && applicable(id, approval.version))
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// Returns whether a version of a patch is rejected.
    pub fn rejects(&self, id: &PatchId, version: usize) -> bool {
        self.rejected.contains(&(id.clone(), version))
    }

    /// Returns whether a version of a patch must not be installed under any circumstances.
    pub fn blocks(&self, id: &PatchId, version: usize) -> bool {
        self.baseline.blocks() && self.rejects(id, version)
    }
}

/// All snapshots.
#[derive(Debug, Default)]
pub struct Snapshots {
    made: HashMap<String, (Millis, Snapshot)>,
}

impl Snapshots {
    /// Returns the snapshot of an id for a scope. Calls `evaluate` if there is no valid one.
    pub fn get(
        &mut self,
        scope: PatchScope<'_>,
        id: &str,
        now: Millis,
        evaluate: impl FnOnce() -> Snapshot,
    ) -> Snapshot {
        let group = scope.patch_group.unwrap_or_default();
        let key = [scope.account, scope.region, group, scope.os.code(), id].join("\0");
        match self.made.get(&key) {
            Some((made, snapshot)) if now - made <= LIFE => snapshot.clone(),
            _ => {
                let snapshot = evaluate();
                self.made.insert(key, (now, snapshot.clone()));
                snapshot
            }
        }
    }
}
