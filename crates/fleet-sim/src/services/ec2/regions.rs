//! EC2: Regions.
use super::request::{checked_filters, text, unknown_filter};
use crate::{
    facts::regions::{self, OptIn},
    wire::{
        AwsError, Call,
        ec2::{list, response},
    },
    world::World,
};

/// Answers `DescribeRegions` with the Regions that the account has switched on, or with all of them.
pub fn describe_regions(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let wanted = list(&call.request, "RegionName");
    let filters = checked_filters(call)?;
    let all_regions = text(call, "AllRegions") == Some("true");
    // A Region that only the scenario names counts as a Region.
    let mut names: Vec<String> = regions::all().to_vec();
    for node in world.fleet.nodes.iter().filter(|node| node.account == call.account) {
        if !names.contains(&node.region) {
            names.push(node.region.clone());
        }
    }
    if let Some(unknown) = wanted.iter().find(|name| !names.contains(name)) {
        return Err(AwsError::new("InvalidParameterValue", format!("Invalid region provided: [{unknown}]")));
    }
    let mut chosen = Vec::new();
    for name in names {
        let status = world.region_status(&call.account, &name);
        let mut fits = (all_regions || status != OptIn::NotOptedIn) && (wanted.is_empty() || wanted.contains(&name));
        for filter in &filters {
            fits &= match filter.name.as_str() {
                "region-name" => filter.matches(&name),
                "opt-in-status" => filter.matches(status.code()),
                "endpoint" => filter.matches(&endpoint(&name)),
                other => return Err(unknown_filter(other)),
            };
        }
        if fits {
            chosen.push((name, status));
        }
    }
    Ok(response("DescribeRegions", |xml| {
        xml.items("regionInfo", chosen, |xml, (name, status)| {
            xml.text("regionEndpoint", &endpoint(&name));
            xml.text("regionName", &name);
            xml.text("optInStatus", status.code());
        });
    }))
}

fn endpoint(region: &str) -> String {
    format!("ec2.{region}.amazonaws.com")
}
