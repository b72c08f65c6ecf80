//! The planner: fixtures, and what they are planned to.

mod errors;
mod golden;
mod properties;
mod steps;

use std::collections::BTreeMap;

use orgpatch_model::error::RunError;
use orgpatch_model::organization::{Account, AccountState, Organization};
use orgpatch_plan::{
    Conflicts, Gate, NeverReboot, Percent, Plan, Rate, Reboot, Selection, Stage, StageExclusion, Wave,
};
use proptest::prelude::*;

use super::waves::wave_ends;
use super::{Resolution, resolve};

fn stage(name: &str, ous: &[&str]) -> Stage {
    Stage {
        name: name.into(),
        ous: ous.iter().map(|ou| (*ou).into()).collect(),
        accounts: vec![],
        exclude: StageExclusion::default(),
        regions: vec![],
        select: None,
        baselines: BTreeMap::new(),
        approve: None,
        untested: None,
        conflicts: Conflicts::default(),
        waves: vec![],
        passes: None,
        deadline: None,
        gate: Gate::default(),
    }
}

fn plan(stages: Vec<Stage>) -> Plan {
    Plan {
        schema_version: 1,
        name: "monthly".into(),
        regions: vec!["ap-northeast-1".into(), "ap-northeast-3".into()],
        allow_unknown_regions: vec![],
        select: Selection::default(),
        reboot: Reboot::IfNeeded,
        never_reboot: NeverReboot::default(),
        conflicts: Conflicts::default(),
        rate: Rate::default(),
        gate_valid_for: None,
        baselines: BTreeMap::new(),
        stages,
    }
}

fn account(id: &str, path: &[&str]) -> Account {
    Account {
        id: id.into(),
        name: format!("name-{id}"),
        state: AccountState::Active,
        path: path.iter().map(|unit| (*unit).into()).collect(),
    }
}

fn organization(accounts: Vec<Account>) -> Organization {
    Organization {
        id: "o-x".into(),
        accounts,
        unit_names: [("ou-t", "Test"), ("ou-p", "Production"), ("ou-p-pay", "Payments")]
            .map(|(id, name)| (id.to_owned(), name.to_owned()))
            .into(),
    }
}

fn four() -> Organization {
    organization(vec![
        account("000000000009", &["r-1"]),
        account("000000000003", &["r-1", "ou-p", "ou-p-pay"]),
        account("000000000002", &["r-1", "ou-p"]),
        account("000000000001", &["r-1", "ou-t"]),
    ])
}

fn waves() -> impl Strategy<Value = Vec<Wave>> {
    proptest::collection::vec(
        prop_oneof![
            (1_u32..50).prop_map(Wave::Accounts),
            (1_u8..=100).prop_map(|n| Wave::Percent(Percent::new(n).expect("a percentage")))
        ],
        0..6,
    )
}
