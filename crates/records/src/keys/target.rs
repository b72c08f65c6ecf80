//! The objects of a target in a step, below `targets/<account>/<Region>/<round>/`.
//!
//! Account and Region come first, so that a listing has all objects of a target one behind the other.

use orgpatch_model::target::{Phase, Target};

use super::Owner;

/// The round of a step: how often the step has begun to work on its targets, in two digits so that rounds are listed in
/// their order. Today a step has one round.
pub const FIRST_ROUND: &str = "01";

/// An object of which each target of a step has at most one.
///
/// The record of a scan or an install is written once. Usually `collect-results` writes it, from what the instances have
/// answered. Any function that works on the target before that may find that there is nothing to collect, because the
/// target cannot be worked on or because nothing is to be sent; it then writes the record itself, under a name of its own.
/// If there is more than one such record, the earliest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetObject {
    /// What `scan` saw before it sent anything.
    Inventory,
    /// What is done to the baselines, and what was there before; written before the first change.
    Baselines,
    /// Which changes to the baselines AWS refused; only there if it refused one.
    RefusedBaselines,
    /// What is done to the baselines so that they withhold untested patches; written before the first change.
    WithholdingBaselines,
    /// The target's part of the install plan.
    Order,
    /// The approved install: what is left of the order when a scan has proved what would go in while untested patches are
    /// withheld; only there if some are.
    Approved,
    /// What the first pass of the install came to; only there if a second pass follows.
    FirstPass,
    /// The record of the scan, from what the instances have answered.
    Scan,
    /// The record of the scan, if it ended in `assume-role`.
    ScanEndedByAssumeRole,
    /// The record of the scan, if it ended in `scan`: nothing was to be sent, or nothing could be.
    ScanEndedByScan,
    /// The record of the install, from what the instances have answered.
    Install,
    /// The record of the install, if it ended in `assume-role`.
    InstallEndedByAssumeRole,
    /// The record of the install, if it ended in `scan`, before the install or behind it.
    InstallEndedByScan,
    /// The record of the install, if it ended in `install`.
    InstallEndedByInstall,
    /// The reconciled result: one outcome of the target, and one row per instance. What Judge counts and the report shows.
    Result,
}

impl TargetObject {
    /// Every one.
    pub const ALL: [Self; 15] = [
        Self::Inventory,
        Self::Baselines,
        Self::RefusedBaselines,
        Self::WithholdingBaselines,
        Self::Order,
        Self::Approved,
        Self::FirstPass,
        Self::Scan,
        Self::ScanEndedByAssumeRole,
        Self::ScanEndedByScan,
        Self::Install,
        Self::InstallEndedByAssumeRole,
        Self::InstallEndedByScan,
        Self::InstallEndedByInstall,
        Self::Result,
    ];

    /// The objects that may hold the record of the scan.
    pub const SCAN_RECORDS: [Self; 3] = [Self::ScanEndedByAssumeRole, Self::ScanEndedByScan, Self::Scan];

    /// The objects that may hold the record of the install. What is done around an install belongs to it.
    pub const INSTALL_RECORDS: [Self; 4] =
        [Self::InstallEndedByAssumeRole, Self::InstallEndedByScan, Self::InstallEndedByInstall, Self::Install];

    /// Returns the object in which that function records a target in a phase; None if it writes none.
    #[must_use]
    pub fn record(owner: Owner, phase: Phase) -> Option<Self> {
        let around_install = match phase {
            Phase::Inventory | Phase::Scan | Phase::PreviewBaselines | Phase::RestoreBaselines => false,
            Phase::PreInstallScan | Phase::Install | Phase::Verify => true,
        };
        let records: &[Self] = if around_install { &Self::INSTALL_RECORDS } else { &Self::SCAN_RECORDS };
        records.iter().copied().find(|record| record.owner() == owner)
    }

    /// Its file. A record has room for chunks: `scan/0002.json` would follow `scan/0001.json`. Today it has one.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::Inventory => "inventory.json",
            Self::Baselines => "baselines.json",
            Self::RefusedBaselines => "refused-baselines.json",
            Self::WithholdingBaselines => "withholding-baselines.json",
            Self::Order => "order.json",
            Self::Approved => "approved.json",
            Self::FirstPass => "first-pass.json",
            Self::Scan => "scan/0001.json",
            Self::ScanEndedByAssumeRole => "scan-ended-by-assume-role.json",
            Self::ScanEndedByScan => "scan-ended-by-scan.json",
            Self::Install => "install/0001.json",
            Self::InstallEndedByAssumeRole => "install-ended-by-assume-role.json",
            Self::InstallEndedByScan => "install-ended-by-scan.json",
            Self::InstallEndedByInstall => "install-ended-by-install.json",
            Self::Result => "result.json",
        }
    }

    /// Its writer.
    #[must_use]
    pub fn owner(self) -> Owner {
        match self {
            Self::ScanEndedByAssumeRole | Self::InstallEndedByAssumeRole => Owner::AssumeRole,
            Self::Inventory
            | Self::Baselines
            | Self::RefusedBaselines
            | Self::WithholdingBaselines
            | Self::ScanEndedByScan
            | Self::InstallEndedByScan => Owner::Scan,
            Self::InstallEndedByInstall => Owner::Install,
            Self::Scan | Self::Install | Self::Approved | Self::FirstPass => Owner::CollectResults,
            Self::Order | Self::Result => Owner::Gate,
        }
    }
}

/// The object of a target in a step.
#[must_use]
pub fn of_target(run_id: &str, step: &str, target: &Target, object: TargetObject) -> String {
    let Target { account_id, region, .. } = target;
    format!("runs/{run_id}/steps/{step}/targets/{account_id}/{region}/{FIRST_ROUND}/{}", object.file())
}

/// The target (account id and Region) and the object of a key, by what follows the key of [`super::step`]; None if it
/// belongs to no target.
#[must_use]
pub fn place_and_object(key_in_step: &str) -> Option<((&str, &str), TargetObject)> {
    let (account_id, rest) = key_in_step.strip_prefix("targets/")?.split_once('/')?;
    let (region, rest) = rest.split_once('/')?;
    let file = rest.strip_prefix(FIRST_ROUND)?.strip_prefix('/')?;
    let object = TargetObject::ALL.into_iter().find(|object| object.file() == file)?;
    Some(((account_id, region), object))
}
