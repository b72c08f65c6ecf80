//! What is tested, what is held back, and that nothing else goes in.

mod held_back;
mod model;
mod set;

use jiff::Timestamp;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::patch::{Patch, PatchDisposition, PatchList, WithheldPatches};
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_plan::{ComplianceLevel, RejectedAction};

use super::*;
use crate::baselines::{Baseline, Definition};
use crate::install::order::{InstallOrder, OrderedInstance};
use crate::results::InstanceRow;

/// The tested set of a step of the first stage.
fn tested_by<'a>(
    rows: impl IntoIterator<Item = &'a InstanceRow>,
    scanned_at: Option<Timestamp>,
    earlier: TestedSet,
    now: Timestamp,
) -> TestedSet {
    let mut set = earlier.of_earlier_runs();
    set.add(scanned_at, rows, now);
    set.forget(now);
    set
}

fn patch(id: &str, version: &str) -> Patch {
    Patch {
        id: format!("{id}.x86_64"),
        title: format!("{id}.x86_64:0:{version}"),
        classification: "Security".into(),
        severity: "Important".into(),
        state: PatchDisposition::Missing,
        cve_ids: vec![],
        more_cve_ids: 0,
    }
}

fn order(os: OperatingSystem, instances: impl IntoIterator<Item = (String, Vec<Patch>)>) -> InstallOrder {
    InstallOrder {
        account_id: "444400000001".into(),
        region: "ap-northeast-1".into(),
        instances: instances
            .into_iter()
            .map(|(instance_id, missing)| OrderedInstance {
                instance_id,
                os,
                availability_zone: None,
                missing,
                more: 0,
                untested: vec![],
                held_back: vec![],
                never_reboot: None,
                reason: Reason::new(ReasonCode::PatchesMissing, "patches are missing"),
            })
            .collect(),
        left_out: vec![],
        withheld: WithheldPatches::new(),
        scanned_at: std::collections::BTreeMap::new(),
    }
}

fn baseline(os: OperatingSystem, rejected: usize) -> Baseline {
    let definition = Definition {
        description: String::new(),
        global_filters: vec![],
        approval_rules: vec![],
        approved_patches: vec![],
        approved_patches_compliance_level: ComplianceLevel::Unspecified,
        approved_patches_enable_non_security: false,
        rejected_patches: (0..rejected).map(|n| format!("rejected-by-the-plan-{n}")).collect(),
        rejected_patches_action: RejectedAction::AllowAsDependency,
        available_security_updates: None,
        sources: vec![],
    };
    Baseline::new("b".into(), ("monthly", "production"), os, definition, &[])
}
