//! Checks for running commands right before an install is sent.

use std::collections::BTreeMap;

use orgpatch_model::fetched::Fetched;
use orgpatch_model::instance::Ec2Instance;
use orgpatch_plan::ConflictSettings;

use super::facts::{ConflictFacts, RunningCommand};
use super::{ConflictDecision, Moment, detect};

/// Decides what to do right before an install is sent to those instances. Only running commands count; all other
/// conflicts were decided before.
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
    // Instances without tags have no conflicts by tags.
    let instances: Vec<Ec2Instance> =
        instance_ids.iter().map(|id| Ec2Instance { id: id.clone(), ..Ec2Instance::default() }).collect();
    let instances: Vec<&Ec2Instance> = instances.iter().collect();
    detect(&facts, &instances, settings, moment).instances
}
