//! EC2 in a member account: lists instances, and checks whether a Region is enabled.

use aws_config::SdkConfig;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{HttpTokensState, InstanceMetadataEndpointState};
use jiff::Timestamp;
use orgpatch_model::instance::{Ec2Instance, MetadataOptions};

use crate::clients::call::CallError;

/// Instances per page: the most that the API accepts.
const PAGE_SIZE: i32 = 1_000;

/// Returns every instance of the account in the Region, in any state.
pub async fn instances(config: &SdkConfig) -> Result<Vec<Ec2Instance>, CallError> {
    let mut pages = Client::new(config).describe_instances().max_results(PAGE_SIZE).into_paginator().send();
    let mut instances = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| CallError::of("ec2:DescribeInstances", &error))?;
        let reservations = page.reservations.unwrap_or_default();
        instances.extend(
            reservations.into_iter().flat_map(|reservation| reservation.instances.unwrap_or_default()).filter_map(
                |instance| {
                    Some(Ec2Instance {
                        state: instance.state.and_then(|state| state.name)?.as_str().to_owned(),
                        windows: instance.platform.is_some(),
                        platform_details: instance.platform_details,
                        image_id: instance.image_id,
                        launched_at: instance.launch_time.and_then(|at| Timestamp::from_second(at.secs()).ok()),
                        availability_zone: instance.placement.and_then(|placement| placement.availability_zone),
                        vpc_id: instance.vpc_id,
                        subnet_id: instance.subnet_id,
                        security_group_ids: instance
                            .security_groups
                            .unwrap_or_default()
                            .into_iter()
                            .filter_map(|group| group.group_id)
                            .collect(),
                        private_ip: instance.private_ip_address.and_then(|ip| ip.parse().ok()),
                        public_ip: instance.public_ip_address.is_some_and(|ip| !ip.is_empty()),
                        instance_profile_arn: instance.iam_instance_profile.and_then(|profile| profile.arn),
                        metadata: instance.metadata_options.map(|options| MetadataOptions {
                            enabled: options.http_endpoint != Some(InstanceMetadataEndpointState::Disabled),
                            tokens_required: options.http_tokens == Some(HttpTokensState::Required),
                        }),
                        tags: instance
                            .tags
                            .unwrap_or_default()
                            .into_iter()
                            .filter_map(|tag| Some((tag.key?, tag.value?)))
                            .collect(),
                        id: instance.instance_id?,
                    })
                },
            ),
        );
    }
    Ok(instances)
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
    let filter = aws_sdk_ec2::types::Filter::builder().name("region-name").values(region).build();
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
