//! The facts of a target's readiness: a handful of lists of the whole target, asked side by side, whatever the number of
//! its instances. What the member role may not read is a fact, too.

mod network;
mod setting;
mod software;

use std::collections::BTreeSet;

use aws_config::SdkConfig;
use orgpatch_core::readiness::{Known, Missing, RegionFacts, TargetFacts};
use orgpatch_core::selection::{Ec2Instance, ManagedInstance};

use crate::call::{CallError, Kind};

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
        region: RegionFacts { code: region.to_owned(), systems_manager: Known::Yes(true) },
        instances,
        managed: Known::Yes(managed),
        default_host_management,
        network,
        inventory,
    })
}

/// What a call said, or why it says nothing: it is not allowed, or the service refuses it for a reason of its own. Neither
/// keeps a target from being patched. Everything else is an error as it is elsewhere.
fn known<T>(answer: Result<T, CallError>) -> Result<Known<T>, CallError> {
    match answer {
        Ok(facts) => Ok(Known::Yes(facts)),
        Err(error) => match error.kind {
            Kind::Denied => Ok(Known::denied(error.operation)),
            Kind::Rejected | Kind::NotFound | Kind::ConditionFailed => Ok(Known::No(Missing::Failed {
                action: error.operation.to_owned(),
                text: format!("{}: {}", error.code, error.message),
            })),
            Kind::Throttled | Kind::Expired | Kind::RegionDisabled | Kind::Lost => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(kind: Kind) -> Result<Known<()>, Kind> {
        let error =
            CallError { kind, operation: "ec2:DescribeRouteTables", code: "Code".into(), message: "words".into() };
        known(Err(error)).map_err(|error| error.kind)
    }

    #[test]
    fn only_what_passes_or_is_about_the_target_is_an_error() {
        assert_eq!(answered(Kind::Denied), Ok(Known::denied("ec2:DescribeRouteTables")));
        let failed = Missing::Failed { action: "ec2:DescribeRouteTables".into(), text: "Code: words".into() };
        assert_eq!(answered(Kind::Rejected), Ok(Known::No(failed)));
        for kind in [Kind::Throttled, Kind::Lost, Kind::Expired, Kind::RegionDisabled] {
            assert_eq!(answered(kind), Err(kind));
        }
    }
}
