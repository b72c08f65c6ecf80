//! Made-up values that several tests start from.

use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::organization::AccountState;
use orgpatch_model::target::Target;

use crate::inventory::{Eligibility, InventoryInstance};

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
