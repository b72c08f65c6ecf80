//! Reads the networks around the instances from EC2: one paged list of each kind.

mod read;

use std::collections::BTreeSet;

use aws_config::SdkConfig;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::Filter;
use orgpatch_engine::readiness::{Endpoint, Network, NetworkAcl, PrefixList, RouteTable, SecurityGroup, Subnet};

use crate::clients::call::{CallError, fetched};

/// Values per filter: the most that EC2 accepts.
const VPCS_PER_FILTER: usize = 200;

/// Items per page. Each may have 50 tags (58 KB of XML, see `clients::ec2`), and besides: a security group 60 rules in each
/// direction for IPv4 and as many for IPv6 (about 100 KB with their descriptions), a route table 50 routes and 100 that a
/// gateway propagates, a network ACL 20 rules in each direction for both (Amazon VPC User Guide, "Amazon VPC quotas"). A page
/// of 50 is at most about 8 MB of XML, and six lists are read at the same time.
///
/// What is kept of a list is bounded by the same quotas: per VPC 200 subnets, 200 route tables, 200 network ACLs and 50
/// interface endpoints, per Region 2,500 security groups and 20 gateway endpoints. Only what the checks read is kept, which
/// is less than 100 bytes of a rule or a route.
const PAGE_SIZE: i32 = 50;

/// Reads all lists of those VPCs at the same time.
pub async fn facts(config: &SdkConfig, region: &str, vpc_ids: &BTreeSet<String>) -> Result<Network, CallError> {
    let ec2 = &Ec2 { client: Client::new(config), vpcs: filters(vpc_ids) };
    let (subnets, route_tables, security_groups, network_acls, endpoints, prefix_lists) = tokio::try_join!(
        async { fetched(ec2.subnets().await) },
        async { fetched(ec2.route_tables().await) },
        async { fetched(ec2.security_groups().await) },
        async { fetched(ec2.network_acls().await) },
        async { fetched(ec2.endpoints().await) },
        async { fetched(ec2.prefix_lists(region).await) },
    )?;
    Ok(Network { subnets, route_tables, security_groups, network_acls, endpoints, prefix_lists })
}

/// Returns the VPCs in as many filters as are needed.
fn filters(vpc_ids: &BTreeSet<String>) -> Vec<Filter> {
    let ids: Vec<String> = vpc_ids.iter().cloned().collect();
    ids.chunks(VPCS_PER_FILTER)
        .map(|ids| Filter::builder().name("vpc-id").set_values(Some(ids.to_vec())).build())
        .collect()
}

struct Ec2 {
    client: Client,
    vpcs: Vec<Filter>,
}

/// Returns all items of an operation that lists parts of VPCs. It is a macro, because the operations have different types
/// without a common trait.
macro_rules! list {
    ($ec2:expr, $operation:ident, $name:literal, $page_size:expr, $read:path) => {{
        let mut found = Vec::new();
        for vpcs in &$ec2.vpcs {
            let mut pages =
                $ec2.client.$operation().filters(vpcs.clone()).max_results($page_size).into_paginator().items().send();
            while let Some(item) = pages.next().await {
                found.extend($read(item.map_err(|error| CallError::of($name, &error))?));
            }
        }
        Ok(found)
    }};
}

impl Ec2 {
    async fn subnets(&self) -> Result<Vec<Subnet>, CallError> {
        list!(self, describe_subnets, "ec2:DescribeSubnets", PAGE_SIZE, read::subnet)
    }

    async fn route_tables(&self) -> Result<Vec<RouteTable>, CallError> {
        list!(self, describe_route_tables, "ec2:DescribeRouteTables", PAGE_SIZE, read::route_table)
    }

    async fn security_groups(&self) -> Result<Vec<SecurityGroup>, CallError> {
        list!(self, describe_security_groups, "ec2:DescribeSecurityGroups", PAGE_SIZE, read::security_group)
    }

    async fn network_acls(&self) -> Result<Vec<NetworkAcl>, CallError> {
        list!(self, describe_network_acls, "ec2:DescribeNetworkAcls", PAGE_SIZE, read::network_acl)
    }

    async fn endpoints(&self) -> Result<Vec<Endpoint>, CallError> {
        list!(self, describe_vpc_endpoints, "ec2:DescribeVpcEndpoints", PAGE_SIZE, read::endpoint)
    }

    /// Returns the prefix list of S3 only. Its addresses are not read: that needs a call per list, and a rule that names the
    /// list of S3 is recognized by its id.
    async fn prefix_lists(&self, region: &str) -> Result<Vec<PrefixList>, CallError> {
        let name = Filter::builder().name("prefix-list-name").values(format!("com.amazonaws.{region}.s3")).build();
        let mut pages = self.client.describe_managed_prefix_lists().filters(name).into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(list) = pages.next().await {
            let list = list.map_err(|error| CallError::of("ec2:DescribeManagedPrefixLists", &error))?;
            if let (Some(id), Some(name)) = (list.prefix_list_id, list.prefix_list_name) {
                found.push(PrefixList { id, name, entries: None });
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_is_in_one_filter_and_none_takes_too_many() {
        let ids: BTreeSet<String> = (0..450).map(|n| format!("vpc-{n:03}")).collect();
        let filters = filters(&ids);
        let values: Vec<usize> = filters.iter().map(|filter| filter.values().len()).collect();
        assert_eq!(values, [200, 200, 50]);
        let named: BTreeSet<String> = filters.iter().flat_map(|filter| filter.values().to_vec()).collect();
        assert_eq!(named, ids);
        assert!(super::filters(&BTreeSet::new()).is_empty(), "no network, no call");
    }
}
