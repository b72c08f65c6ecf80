//! The objects of a target in a step, below `targets/<account>/<Region>/<round>/`.
//!
//! Account and Region come first, so that a listing has all objects of a target one behind the other.
//!
//! What is about the target as a whole is one object ([`TargetObject`]). What is about its instances is cut into chunks
//! ([`ChunkObject`]), so that no function ever needs more than one chunk of it in memory, whatever the size of the target. A
//! number of a chunk means the same instances in every kind of object.

use orgpatch_model::target::{Phase, Target};

use super::Owner;

/// The round of a step: how often the step has begun to work on its targets, in two digits so that rounds are listed in
/// their order. Today a step has one round.
pub const FIRST_ROUND: &str = "01";

/// An object of which each target of a step has at most one.
///
/// The record of a scan or an install is written once. Usually `collect-results` writes it in chunks, from what the instances
/// have answered ([`ChunkObject::Scan`], [`ChunkObject::Install`]). Any function that works on the target before that may find
/// that there is nothing to collect, because the target cannot be worked on or because nothing is to be sent; it then writes
/// a record without instances, under a name of its own. If there is more than one record, the earliest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetObject {
    /// Why Organizations could not be asked whether the account still belongs to the stage; only there if it could not.
    StageNotAsked,
    /// Where the chunks of the target begin; written before the first of them.
    Chunks,
    /// What is done to the baselines, and what was there before; written before the first change. In a scan or a preview, how
    /// they differ from the plan.
    Baselines,
    /// Which changes to the baselines AWS refused; only there if it refused one.
    RefusedBaselines,
    /// The baselines that hold after the changes, with their ids; only in an install run.
    AppliedBaselines,
    /// What is done to the baselines so that they withhold untested patches; written before the first change.
    WithholdingBaselines,
    /// The baselines that withhold untested patches, with their ids; written behind the changes.
    AppliedWithholding,
    /// The record of the scan, if it ended in `assume-role`.
    ScanEndedByAssumeRole,
    /// The record of the scan, if it ended in `scan`: nothing was to be sent, or nothing could be.
    ScanEndedByScan,
    /// The record of the install, if it ended in `assume-role`.
    InstallEndedByAssumeRole,
    /// The record of the install, if it ended in `scan`, before the install or behind it.
    InstallEndedByScan,
    /// The record of the install, if it ended in `install`.
    InstallEndedByInstall,
}

impl TargetObject {
    /// Every one.
    pub const ALL: [Self; 12] = [
        Self::StageNotAsked,
        Self::Chunks,
        Self::Baselines,
        Self::RefusedBaselines,
        Self::AppliedBaselines,
        Self::WithholdingBaselines,
        Self::AppliedWithholding,
        Self::ScanEndedByAssumeRole,
        Self::ScanEndedByScan,
        Self::InstallEndedByAssumeRole,
        Self::InstallEndedByScan,
        Self::InstallEndedByInstall,
    ];

    /// The objects that may hold the record of the scan instead of [`ChunkObject::Scan`].
    pub const SCAN_RECORDS: [Self; 2] = [Self::ScanEndedByAssumeRole, Self::ScanEndedByScan];

    /// The objects that may hold the record of the install instead of [`ChunkObject::Install`]. What is done around an install
    /// belongs to it.
    pub const INSTALL_RECORDS: [Self; 3] =
        [Self::InstallEndedByAssumeRole, Self::InstallEndedByScan, Self::InstallEndedByInstall];

    /// Returns the object in which that function records that it ended the work on a target in a phase; None if it never does.
    #[must_use]
    pub fn record(owner: Owner, phase: Phase) -> Option<Self> {
        let records: &[Self] = if is_around_install(phase) { &Self::INSTALL_RECORDS } else { &Self::SCAN_RECORDS };
        records.iter().copied().find(|record| record.owner() == owner)
    }

    /// Its file.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::StageNotAsked => "stage-not-asked.json",
            Self::Chunks => "chunks.json",
            Self::Baselines => "baselines.json",
            Self::RefusedBaselines => "refused-baselines.json",
            Self::AppliedBaselines => "applied-baselines.json",
            Self::WithholdingBaselines => "withholding-baselines.json",
            Self::AppliedWithholding => "applied-withholding-baselines.json",
            Self::ScanEndedByAssumeRole => "scan-ended-by-assume-role.json",
            Self::ScanEndedByScan => "scan-ended-by-scan.json",
            Self::InstallEndedByAssumeRole => "install-ended-by-assume-role.json",
            Self::InstallEndedByScan => "install-ended-by-scan.json",
            Self::InstallEndedByInstall => "install-ended-by-install.json",
        }
    }

    /// Its writer.
    #[must_use]
    pub fn owner(self) -> Owner {
        match self {
            Self::StageNotAsked | Self::ScanEndedByAssumeRole | Self::InstallEndedByAssumeRole => Owner::AssumeRole,
            Self::Chunks
            | Self::Baselines
            | Self::RefusedBaselines
            | Self::AppliedBaselines
            | Self::WithholdingBaselines
            | Self::AppliedWithholding
            | Self::ScanEndedByScan
            | Self::InstallEndedByScan => Owner::Scan,
            Self::InstallEndedByInstall => Owner::Install,
        }
    }
}

/// An object of which each chunk of a target has at most one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkObject {
    /// What `scan` saw of the instances before it sent anything.
    Inventory,
    /// The record of the scan, from what the instances have answered.
    Scan,
    /// The chunk's share of the install plan.
    Order,
    /// The approved install: what is left of the order when a scan has proved what would go in while untested patches are
    /// withheld; only there if some are.
    Approved,
    /// What the first pass of the install came to; only there if a second pass follows.
    FirstPass,
    /// The record of the install, from what the instances have answered.
    Install,
    /// The reconciled result: one outcome, and one row per instance. What Judge counts and the report shows.
    Result,
}

impl ChunkObject {
    /// Every one.
    pub const ALL: [Self; 7] =
        [Self::Inventory, Self::Scan, Self::Order, Self::Approved, Self::FirstPass, Self::Install, Self::Result];

    /// Returns the record of a phase.
    #[must_use]
    pub fn record(phase: Phase) -> Self {
        if is_around_install(phase) { Self::Install } else { Self::Scan }
    }

    /// Its folder.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::Inventory => "inventory",
            Self::Scan => "scan",
            Self::Order => "order",
            Self::Approved => "approved",
            Self::FirstPass => "first-pass",
            Self::Install => "install",
            Self::Result => "result",
        }
    }

    /// Its writer.
    #[must_use]
    pub fn owner(self) -> Owner {
        match self {
            Self::Inventory => Owner::Scan,
            Self::Scan | Self::Install | Self::Approved | Self::FirstPass => Owner::CollectResults,
            Self::Order | Self::Result => Owner::Gate,
        }
    }
}

fn is_around_install(phase: Phase) -> bool {
    match phase {
        Phase::Inventory | Phase::Scan | Phase::PreviewBaselines | Phase::ApplyBaselines | Phase::RestoreBaselines => {
            false
        }
        Phase::PreInstallScan | Phase::Install | Phase::Verify => true,
    }
}

/// An object that belongs to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfTarget {
    /// About the target as a whole.
    Whole(TargetObject),
    /// About the instances of the chunk with that number.
    Chunk(ChunkObject, u32),
}

/// The object of a target in a step.
#[must_use]
pub fn of_target(run_id: &str, step: &str, target: &Target, object: TargetObject) -> String {
    folder(run_id, step, target) + object.file()
}

/// The object of a chunk of a target in a step. The first chunk has the number 1; numbers of at least four digits keep the
/// chunks of most targets listed in their order, and no reader needs that.
#[must_use]
pub fn of_chunk(run_id: &str, step: &str, target: &Target, object: ChunkObject, chunk: u32) -> String {
    format!("{}{}/{chunk:04}.json", folder(run_id, step, target), object.folder())
}

fn folder(run_id: &str, step: &str, Target { account_id, region, .. }: &Target) -> String {
    format!("runs/{run_id}/steps/{step}/targets/{account_id}/{region}/{FIRST_ROUND}/")
}

/// The target (account id and Region) and the object of a key, by what follows the key of [`super::step`]; None if it
/// belongs to no target.
#[must_use]
pub fn place_and_object(key_in_step: &str) -> Option<((&str, &str), OfTarget)> {
    let (account_id, rest) = key_in_step.strip_prefix("targets/")?.split_once('/')?;
    let (region, rest) = rest.split_once('/')?;
    let file = rest.strip_prefix(FIRST_ROUND)?.strip_prefix('/')?;
    let object = match file.split_once('/') {
        None => OfTarget::Whole(TargetObject::ALL.into_iter().find(|object| object.file() == file)?),
        Some((folder, file)) => {
            let object = ChunkObject::ALL.into_iter().find(|object| object.folder() == folder)?;
            let chunk = file.strip_suffix(".json").filter(|number| number.len() >= 4)?.parse().ok()?;
            OfTarget::Chunk(object, std::num::NonZeroU32::new(chunk)?.get())
        }
    };
    Some(((account_id, region), object))
}
