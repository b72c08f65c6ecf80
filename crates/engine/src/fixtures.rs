//! Made-up values that several tests start from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::organization::AccountState;
use orgpatch_model::patch::WithheldPatches;
use orgpatch_model::reason::Reason;
use orgpatch_model::target::Target;

use crate::install::order::{InstallOrder, OrderedInstance};
use crate::inventory::{Eligibility, InventoryInstance};
use crate::results::outcome_rules::ComplianceRow;

/// A target of the first wave of stage `test`.
pub fn target() -> Target {
    Target {
        account_id: "222200000001".into(),
        account_name: "shop-test".into(),
        account_state: AccountState::Active,
        ou_path: "Test".into(),
        region: "ap-northeast-1".into(),
        stage: "test".into(),
        wave: 1,
    }
}

/// An eligible instance of which no more is known than its id and operating system.
pub fn seen(id: &str, os: Option<OperatingSystem>) -> InventoryInstance {
    InventoryInstance {
        instance_id: id.into(),
        name: None,
        os,
        platform: None,
        agent_version: None,
        availability_zone: None,
        eligibility: Eligibility::Eligible,
        findings: Vec::new(),
        conflicts: Vec::new(),
        never_reboot: None,
    }
}

/// The order for instance `i-1`, to which nothing is to be installed.
pub fn ordered(reason: &Reason) -> OrderedInstance {
    OrderedInstance {
        instance_id: "i-1".into(),
        os: OperatingSystem::AmazonLinux2023,
        availability_zone: None,
        missing: Vec::new(),
        more: 0,
        untested: Vec::new(),
        held_back: Vec::new(),
        never_reboot: None,
        reason: reason.clone(),
    }
}

/// The order of its target.
pub fn order(ordered: OrderedInstance) -> InstallOrder {
    InstallOrder {
        account_id: target().account_id,
        region: target().region,
        instances: vec![ordered],
        left_out: Vec::new(),
        withheld: WithheldPatches::new(),
        scanned_at: BTreeMap::new(),
    }
}

/// The result of a scan of it that finds nothing.
pub fn compliance() -> ComplianceRow {
    ComplianceRow {
        instance_id: "i-1".into(),
        baseline_id: "pb-1".into(),
        patch_group: None,
        snapshot_id: None,
        operation: "Scan".into(),
        ended_at: Timestamp::UNIX_EPOCH,
        missing: 0,
        failed: 0,
        pending_reboot: 0,
        installed: 0,
        installed_rejected: 0,
        not_applicable: 0,
        available_security_updates: 0,
        aws_status: None,
        last_no_reboot_install: None,
    }
}
