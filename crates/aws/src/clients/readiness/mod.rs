//! The facts of a target's readiness: a handful of lists of the whole target, asked side by side, whatever the number of
//! its instances. What the member role may not read is a fact, too.

mod network;
mod setting;
mod software;

use std::collections::BTreeSet;

use aws_config::SdkConfig;
use orgpatch_engine::readiness::{RegionFacts, TargetFacts};
use orgpatch_model::fetched::Fetched;
use orgpatch_model::instance::{Ec2Instance, ManagedInstance};

use crate::clients::call::CallError;

/// Fetches what there is to know around the instances of a target. Its instances and managed nodes were listed before;
/// `vpc_ids` are the networks that matter, and no other one is asked about.
///
/// An error is one that passes, or one that is about the whole target. What is denied or refused is in the facts.
pub async fn facts(
    config: &SdkConfig,
    region: &str,
    instances: Vec<Ec2Instance>,
    managed: Vec<ManagedInstance>,
    vpc_ids: &BTreeSet<String>,
) -> Result<TargetFacts, CallError> {
    let (network, default_host_management, inventory) = tokio::try_join!(
        network::facts(config, region, vpc_ids),
        setting::default_host_management(config),
        software::python(config)
    )?;
    Ok(TargetFacts {
        // It has just listed its managed nodes.
        region: RegionFacts { code: region.to_owned(), systems_manager: Fetched::Yes(true) },
        instances,
        managed: Fetched::Yes(managed),
        default_host_management,
        network,
        inventory,
    })
}
