//! What running commands mean right before an install is sent.

use std::collections::BTreeMap;

use orgpatch_model::fetched::Fetched;
use orgpatch_model::instance::Ec2Instance;
use orgpatch_plan::ConflictSettings;

use super::facts::{ConflictFacts, RunningCommand};
use super::{ConflictDecision, Moment, detect};

/// What to do right before an install is sent to those instances: only what runs there counts, the rest is decided.
#[must_use]
pub fn before_sending(
    running: &Fetched<Vec<RunningCommand>>,
    instance_ids: &[String],
    settings: ConflictSettings,
    moment: &Moment<'_>,
) -> BTreeMap<String, ConflictDecision> {
    let facts = ConflictFacts {
        associations: Fetched::Yes(Vec::new()),
        windows: Fetched::Yes(Vec::new()),
        running: running.clone(),
    };
    // Without tags there is nothing else to find.
    let instances: Vec<Ec2Instance> =
        instance_ids.iter().map(|id| Ec2Instance { id: id.clone(), ..Ec2Instance::default() }).collect();
    let instances: Vec<&Ec2Instance> = instances.iter().collect();
    detect(&facts, &instances, settings, moment).instances
}
