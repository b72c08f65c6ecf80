//! Tests of baselines: from plans, against accounts, on record, and back.

mod compared;
mod desired;
mod difference;
mod frozen;
mod memory;
mod properties;
mod record;
mod refusal;
mod restore;

use std::collections::BTreeMap;

use orgpatch_model::operating_system::OperatingSystem as Os;
use orgpatch_plan::{Plan, read};

use super::*;

/// The account whose baselines are compared.
const ACCOUNT: &str = "222200000001";

/// A plan for Windows and Amazon Linux 2023 with three stages.
const PLAN: &str = r#"
schemaVersion: 1
name: monthly
regions: [ap-northeast-1]
select: {operatingSystems: [AMAZON_LINUX_2023, WINDOWS]}
baselines:
  AMAZON_LINUX_2023:
    rules: [{classification: [Security], severity: [Critical, Important], complianceLevel: CRITICAL}]
    rejected: ["kernel*"]
  WINDOWS:
    rules:
      - {classification: [DefinitionUpdates], approve: {afterDays: 0}}
      - {classification: [SecurityUpdates], msrcSeverity: ["*"]}
    approved: [KB5001234]
stages:
  - {name: test, ous: [ou-abcd-11111111], approve: {afterDays: 0}}
  - {name: staging, ous: [ou-abcd-22222222], approve: {afterDays: 3}}
  - name: production
    ous: [ou-abcd-33333333]
    approve: {until: 2026-11-30}
    select: {operatingSystems: [AMAZON_LINUX_2023]}
    baselines: {AMAZON_LINUX_2023: {rules: [{product: ["*"]}], patchGroup: web servers}}
"#;

fn plan() -> Plan {
    read(PLAN).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Returns the baselines of a stage of the plan.
fn stage(name: &str) -> Vec<Baseline> {
    let plan = plan();
    let stage = plan.stages.iter().find(|stage| stage.name == name).expect("a stage");
    desired(&plan, stage, None)
}

fn lines(changes: &[Change]) -> String {
    changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A baseline of AWS, as the API names it.
fn predefined(os: Os) -> ObservedBaseline {
    ObservedBaseline {
        id: format!("arn:aws:ssm:ap-northeast-1:075727635805:patchbaseline/pb-0aws{os}"),
        name: format!("AWS-{os}DefaultPatchBaseline"),
        operating_system: os.name().to_owned(),
        tags: BTreeMap::new(),
        definition: None,
        is_recorded: false,
    }
}

/// Returns an account whose baselines were never changed.
fn untouched() -> Observed {
    let baselines: Vec<ObservedBaseline> = Os::ALL.into_iter().map(predefined).collect();
    let defaults = Os::ALL.into_iter().zip(&baselines).map(|(os, baseline)| (os, baseline.id.clone())).collect();
    Observed { account_id: ACCOUNT.to_owned(), baselines, defaults, patch_groups: Vec::new() }
}

/// A baseline of the account's own, without any tag.
fn own(id: &str, name: &str, os: Os) -> ObservedBaseline {
    ObservedBaseline { id: id.to_owned(), name: name.to_owned(), ..predefined(os) }
}

/// An account in which a stage was applied.
fn after_stage(name: &str) -> Observed {
    applied(untouched(), &difference(&stage(name), &untouched()), &stage(name))
}

/// The account after the changes, as the API would describe it. `wanted` has the baselines that they create or update.
fn applied(mut observed: Observed, changes: &[Change], wanted: &[Baseline]) -> Observed {
    let whole = |shown: &Baseline<ShownSource>| {
        let is_it = |one: &&Baseline| one.name == shown.name && one.operating_system == shown.operating_system;
        let wanted = wanted.iter().find(is_it).expect("a change is about a wanted baseline");
        assert_eq!(&wanted.shown(), shown);
        Some(wanted.definition.clone())
    };
    for change in changes {
        match change {
            Change::Create { baseline } => {
                assert!(
                    observed.baselines.iter().filter(|other| !other.is_predefined(ACCOUNT)).count() < MAX_BASELINES
                );
                observed.baselines.push(ObservedBaseline {
                    id: format!("pb-0new{}{}", observed.baselines.len(), baseline.operating_system),
                    name: baseline.name.clone(),
                    operating_system: baseline.operating_system.name().to_owned(),
                    tags: baseline.tags.clone(),
                    definition: whole(baseline),
                    is_recorded: true,
                });
            }
            Change::Update { id, baseline, fields } => {
                assert!(!fields.is_empty());
                there(&mut observed, id).definition = whole(baseline);
            }
            Change::Tag { baseline, tags, .. } => {
                there(&mut observed, &baseline.id).tags.extend(tags.clone());
            }
            Change::RegisterDefault { operating_system, baseline, previous } => {
                let before = observed.defaults.insert(*operating_system, id_of(&observed, baseline));
                assert_eq!(before, previous.as_ref().map(|known| known.id.clone()), "{change}");
            }
            Change::RegisterForPatchGroup { operating_system, group, baseline, previous } => {
                deregister(&mut observed, *operating_system, group, previous.as_ref());
                let baseline_id = id_of(&observed, baseline);
                observed.patch_groups.push(PatchGroup {
                    operating_system: *operating_system,
                    group: group.clone(),
                    baseline_id,
                });
            }
            Change::DeregisterPatchGroup { operating_system, group, previous } => {
                deregister(&mut observed, *operating_system, group, Some(previous));
            }
            Change::Foreign { .. } | Change::QuotaReached { .. } | Change::Refused { .. } | Change::Left { .. } => {}
        }
    }
    observed
}

fn deregister(observed: &mut Observed, os: Os, group: &str, previous: Option<&KnownBaseline>) {
    assert_eq!(observed.of_group(os, group), previous.map(|known| known.id.as_str()));
    observed.patch_groups.retain(|entry| entry.operating_system != os || entry.group != group);
}

fn there<'o>(observed: &'o mut Observed, id: &str) -> &'o mut ObservedBaseline {
    observed.baselines.iter_mut().find(|baseline| baseline.id == id).expect("a baseline that is there")
}

fn id_of(observed: &Observed, chosen: &Chosen) -> String {
    match chosen {
        Chosen::Existing(known) => known.id.clone(),
        // The last one of that name is the one that was just created.
        Chosen::Created(name) => {
            let created = observed.baselines.iter().rev().find(|baseline| &baseline.name == name);
            created.expect("a baseline that was created before").id.clone()
        }
    }
}
