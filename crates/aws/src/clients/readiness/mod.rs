//! Reads the facts of a target's readiness: a few lists of the whole target, read at the same time, independent of the
//! number of instances. A list that the member role may not read is recorded as unavailable.

mod network;
mod setting;
mod software;

use std::collections::BTreeSet;

use aws_config::SdkConfig;
use orgpatch_engine::readiness::{RegionFacts, TargetFacts};
use orgpatch_model::fetched::Fetched;
use orgpatch_model::instance::ManagedInstance;

use crate::clients::call::CallError;

/// Fetches the facts around the instances of a target. Its managed nodes were listed before. `vpc_ids` are
/// the VPCs to read; others are left out.
///
/// An error is temporary, or concerns the whole target. Denied and refused calls are in the facts as unavailable.
pub async fn facts(
    config: &SdkConfig,
    region: &str,
    managed: Vec<ManagedInstance>,
    vpc_ids: &BTreeSet<String>,
) -> Result<TargetFacts, CallError> {
    let (network, default_host_management, inventory) = tokio::try_join!(
        network::facts(config, region, vpc_ids),
        setting::default_host_management(config),
        software::python(config)
    )?;
    Ok(TargetFacts {
        // Systems Manager has just listed the managed nodes there.
        region: RegionFacts { code: region.to_owned(), systems_manager: Fetched::Yes(true) },
        managed: Fetched::Yes(managed),
        default_host_management,
        network,
        inventory,
    })
}
