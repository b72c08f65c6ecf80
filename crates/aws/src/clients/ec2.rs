//! EC2 in a member account: lists instances, and checks whether a Region is enabled.

use std::collections::{BTreeMap, HashMap};

use aws_config::SdkConfig;
use aws_sdk_ec2::{Client, types as api};
use jiff::Timestamp;
use orgpatch_engine::inventory::tags::{self, KeptTags};
use orgpatch_model::instance::{Ec2Instance, MetadataOptions};
use orgpatch_model::text::cut;
use orgpatch_plan::TagValues;

use crate::clients::call::CallError;

/// Instances per page. An instance may have 50 tags with 128 characters of key and 256 of value (EC2 User Guide, "Tag
/// restrictions"), which are 58 KB in UTF-8: a page of 100 is at most about 6 MB of XML, and as much again when it is read. A
/// page of 1,000, the most that the API accepts, would not fit into the function's memory.
const PAGE_SIZE: i32 = 100;

/// The most values of a filter (EC2 API reference, `Filter`).
const FILTER_VALUES: usize = 200;

/// The most characters of an id, a name or an ARN. None of AWS is longer.
const ID_CHARACTERS: usize = 256;

/// The most security groups of an instance: 16 is the highest quota (Amazon VPC User Guide, "Amazon VPC quotas").
const MOST_GROUPS: usize = 16;

/// Returns every instance of the account in the Region that is not terminated. Each page is reduced to what is read of an
/// instance: of its tags, those that the plan names (`named`) and those that the rules about other tools read.
pub async fn instances(
    config: &SdkConfig,
    named: &[&BTreeMap<String, TagValues>],
) -> Result<Vec<Ec2Instance>, CallError> {
    let mut pages = Client::new(config).describe_instances().max_results(PAGE_SIZE).into_paginator().send();
    let mut instances = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| CallError::of("ec2:DescribeInstances", &error))?;
        let reservations = page.reservations.unwrap_or_default();
        let found = reservations.into_iter().flat_map(|reservation| reservation.instances.unwrap_or_default());
        instances.extend(found.filter_map(|found| instance(found, named)));
    }
    Ok(instances)
}

/// Reduces an instance; None if it has no id or no state, or does not exist any more.
fn instance(found: api::Instance, named: &[&BTreeMap<String, TagValues>]) -> Option<Ec2Instance> {
    let id = |text: String| cut(text, ID_CHARACTERS);
    let tags = found.tags.unwrap_or_default().into_iter().filter_map(|tag| Some((tag.key?, tag.value?)));
    let KeptTags { texts: tags, others: other_tags } = tags::keep(named, tags);
    let groups = found.security_groups.unwrap_or_default().into_iter().filter_map(|group| group.group_id);
    let instance = Ec2Instance {
        id: id(found.instance_id?),
        state: found.state.and_then(|state| state.name)?.as_str().to_owned(),
        windows: found.platform.is_some(),
        tags,
        other_tags,
        platform_details: found.platform_details.map(id),
        image_id: found.image_id.map(id),
        launched_at: found.launch_time.and_then(|at| Timestamp::from_second(at.secs()).ok()),
        availability_zone: found.placement.and_then(|placement| placement.availability_zone).map(id),
        vpc_id: found.vpc_id.map(id),
        subnet_id: found.subnet_id.map(id),
        security_group_ids: groups.take(MOST_GROUPS).map(id).collect(),
        private_ip: found.private_ip_address.and_then(|ip| ip.parse().ok()),
        public_ip: found.public_ip_address.is_some_and(|ip| !ip.is_empty()),
        instance_profile_arn: found.iam_instance_profile.and_then(|profile| profile.arn).map(id),
        metadata: found.metadata_options.map(|options| MetadataOptions {
            enabled: options.http_endpoint != Some(api::InstanceMetadataEndpointState::Disabled),
            tokens_required: options.http_tokens == Some(api::HttpTokensState::Required),
        }),
    };
    instance.exists().then_some(instance)
}

/// Returns the states of those of the instances that EC2 still lists. By filter and not by id, because the id of an instance that does
/// not exist any more would be an error.
pub async fn states(config: &SdkConfig, ids: &[String]) -> Result<HashMap<String, String>, CallError> {
    let client = Client::new(config);
    let mut states = HashMap::new();
    for ids in ids.chunks(FILTER_VALUES) {
        let filter = api::Filter::builder().name("instance-id").set_values(Some(ids.to_vec())).build();
        let mut pages = client.describe_instances().filters(filter).max_results(PAGE_SIZE).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| CallError::of("ec2:DescribeInstances", &error))?;
            let reservations = page.reservations.unwrap_or_default();
            let found = reservations.into_iter().flat_map(|reservation| reservation.instances.unwrap_or_default());
            let state = |one: api::Instance| Some((one.instance_id?, one.state?.name?.as_str().to_owned()));
            states.extend(found.filter_map(state));
        }
    }
    Ok(states)
}

/// The status of a Region in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionStatus {
    /// The account can use it.
    Enabled,
    /// The account would have to opt in first.
    NotOptedIn,
    /// EC2 does not know a Region of that name.
    Unknown,
}

/// Returns whether the account of `config` has that Region enabled. The call goes to the Region of `config`, because a
/// disabled Region does not answer.
pub async fn region_status(config: &SdkConfig, region: &str) -> Result<RegionStatus, CallError> {
    // By filter and not by name, because an unknown name would be an error.
    let filter = api::Filter::builder().name("region-name").values(region).build();
    let answer = Client::new(config)
        .describe_regions()
        .all_regions(true)
        .filters(filter)
        .send()
        .await
        .map_err(|error| CallError::of("ec2:DescribeRegions", &error))?;
    let found =
        answer.regions.unwrap_or_default().into_iter().find(|found| found.region_name.as_deref() == Some(region));
    Ok(match found {
        None => RegionStatus::Unknown,
        Some(found) if found.opt_in_status.as_deref() == Some("not-opted-in") => RegionStatus::NotOptedIn,
        Some(_) => RegionStatus::Enabled,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(state: api::InstanceStateName) -> api::builders::InstanceBuilder {
        api::Instance::builder().instance_id("i-1").state(api::InstanceState::builder().name(state).build())
    }

    #[test]
    fn of_a_page_only_what_is_read_stays() {
        let tag = |key: &str, value: &str| api::Tag::builder().key(key).value(value).build();
        let long = "日".repeat(256);
        let mut builder = found(api::InstanceStateName::Stopped).image_id("x".repeat(1_000)).tags(tag("Name", "web-1"));
        for number in 0..49 {
            builder = builder.tags(tag(&format!("tag-{number:02}"), &long));
        }
        let read = instance(builder.build(), &[]).expect("it exists");
        assert_eq!(read.tags.into_iter().collect::<Vec<_>>(), [("Name".to_owned(), "web-1".to_owned())]);
        assert_eq!(read.other_tags.len(), 49);
        assert_eq!(read.image_id.map(|id| id.chars().count()), Some(ID_CHARACTERS));
    }

    #[test]
    fn an_instance_that_does_not_exist_any_more_is_left_out() {
        let exists = |state| instance(found(state).build(), &[]).is_some();
        assert!(exists(api::InstanceStateName::Running) && exists(api::InstanceStateName::Stopping));
        assert!(!exists(api::InstanceStateName::Terminated) && !exists(api::InstanceStateName::ShuttingDown));
    }
}
