//! EC2: VPC endpoints, and the prefix lists of AWS that routes and security groups name.
use super::{
    listing::{Listing, common_values, here, write_name},
    request::write_token,
};
use crate::{
    clock,
    fleet::network::{Endpoint, prefix_list},
    scenario::Policy,
    wire::{AwsError, Call, ec2::response},
    world::World,
};
use orgpatch_facts::buckets;
use serde_json::json;

const LISTING: Listing = Listing {
    operation: "DescribeVpcEndpoints",
    ids: ("VpcEndpointId", "InvalidVpcEndpointId.NotFound"),
    sizes: (1, 1_000),
};
const PREFIX_LISTS: Listing = Listing {
    operation: "DescribeManagedPrefixLists",
    ids: ("PrefixListId", "InvalidPrefixListID.NotFound"),
    sizes: (1, 100),
};

/// Answers `DescribeVpcEndpoints`. States are in lower case, as AWS writes them. The API model says otherwise.
pub fn describe_vpc_endpoints(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let world = &*world;
    let networks = &world.fleet.networks;
    let service = |endpoint: &Endpoint| format!("com.amazonaws.{}.{}", call.region, endpoint.service);
    let name = |n: usize| {
        let endpoint = &networks.endpoints[n];
        format!("{}-{}", networks.vpcs[endpoint.vpc].name, endpoint.service)
    };
    let values = |n: usize, filter: &str| {
        let endpoint = &networks.endpoints[n];
        Some(vec![match filter {
            "vpc-endpoint-id" => endpoint.id.clone(),
            "service-name" => service(endpoint),
            "vpc-endpoint-state" => state(endpoint).to_owned(),
            "vpc-endpoint-type" => kind(endpoint).to_owned(),
            "ip-address-type" => "ipv4".to_owned(),
            other => return common_values(world, endpoint.vpc, &name(n), other),
        }])
    };
    let all = here(world, call, networks.endpoints.iter().map(|endpoint| endpoint.vpc));
    let page = LISTING.page(world, call, all, |n| networks.endpoints[n].id.clone(), values)?;
    Ok(response(LISTING.operation, |xml| {
        xml.items("vpcEndpointSet", page.items, |xml, n| {
            let endpoint = &networks.endpoints[n];
            xml.text("vpcEndpointId", &endpoint.id);
            xml.text("vpcEndpointType", kind(endpoint));
            xml.text("vpcId", &networks.vpcs[endpoint.vpc].id);
            xml.text("serviceName", &service(endpoint));
            xml.text("state", state(endpoint));
            xml.text("policyDocument", &policy(endpoint.policy, &call.region));
            xml.items("routeTableIdSet", &endpoint.tables, |xml, table| xml.value(&networks.tables[*table].id));
            xml.items("subnetIdSet", endpoint.subnet, |xml, subnet| xml.value(&networks.subnets[subnet].id));
            xml.items("groupSet", endpoint.group, |xml, group| {
                xml.text("groupId", &networks.groups[group].id);
                xml.text("groupName", &networks.groups[group].name);
            });
            xml.text("privateDnsEnabled", &endpoint.private_dns.to_string());
            xml.text("requesterManaged", "false");
            xml.text("ipAddressType", "ipv4");
            xml.text("creationTimestamp", &clock::rfc3339(world.fleet.since));
            xml.text("ownerId", &call.account);
            write_name(xml, &name(n));
        });
        write_token(xml, page.next.as_deref());
    }))
}

fn kind(endpoint: &Endpoint) -> &'static str {
    if endpoint.is_gateway() { "Gateway" } else { "Interface" }
}

fn state(endpoint: &Endpoint) -> &'static str {
    if endpoint.available { "available" } else { "pending" }
}

/// Returns the document of a policy. The names of buckets are from the user guide, "SSM Agent communications with AWS
/// managed S3 buckets" and "Amazon S3 buckets for patching operations". Their suffix follows no formula.
fn policy(policy: Policy, region: &str) -> String {
    let objects = |names: &[String]| names.iter().map(|name| format!("arn:aws:s3:::{name}/*")).collect::<Vec<_>>();
    let to = |resources: Vec<String>| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resources},
        ]})
    };
    match policy {
        Policy::Full => {
            json!({"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]})
        }
        Policy::WithoutPatchBuckets => to(objects(&[
            "company-artifacts".to_owned(),
            format!("amazonlinux-2-repos-{region}"),
            format!("al2023-repos-{region}-de612dc2"),
        ])),
        Policy::PatchBucketsOnly => {
            let buckets = buckets::buckets();
            let prefixes = buckets.module.prefixes.iter().chain(&buckets.snapshot.prefixes);
            let names = prefixes.map(|prefix| format!("{}*", prefix.replace("{region}", region)));
            to(objects(&names.collect::<Vec<_>>()))
        }
        Policy::Nothing => {
            json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]})
        }
    }
    .to_string()
}

/// Answers `DescribeManagedPrefixLists` with AWS's own lists.
pub fn describe_managed_prefix_lists(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let id = |service: &str| prefix_list(&call.region, service);
    let name = |service: &str| format!("com.amazonaws.{}.{service}", call.region);
    let values = |service: &str, filter: &str| {
        Some(match filter {
            "prefix-list-id" => vec![id(service)],
            "prefix-list-name" => vec![name(service)],
            "owner-id" => vec!["AWS".to_owned()],
            _ => return None,
        })
    };
    let page = PREFIX_LISTS.page(world, call, ["dynamodb", "s3"].into_iter(), id, values)?;
    Ok(response(PREFIX_LISTS.operation, |xml| {
        xml.items("prefixListSet", page.items, |xml, service| {
            xml.text("prefixListId", &id(service));
            xml.text("addressFamily", "IPv4");
            xml.text("state", "create-complete");
            xml.text("prefixListArn", &format!("arn:aws:ec2:{}:aws:prefix-list/{}", call.region, id(service)));
            xml.text("prefixListName", &name(service));
            xml.items("tagSet", [(); 0], |_, ()| {});
            xml.text("ownerId", "AWS");
        });
        write_token(xml, page.next.as_deref());
    }))
}
