//! EC2: subnets.
use super::{
    listing::{Listing, common_values, here, write_name},
    request::write_token,
};
use crate::{
    facts::ids,
    scenario::Ipv6,
    wire::{AwsError, Call, ec2::response},
    world::World,
};

const LISTING: Listing =
    Listing { operation: "DescribeSubnets", ids: ("SubnetId", "InvalidSubnetID.NotFound"), sizes: (5, 1_000) };

/// Answers `DescribeSubnets`.
pub fn describe_subnets(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let world = &*world;
    let networks = &world.fleet.networks;
    let ipv6 = |subnet| networks.subnet_ipv6_cidr(subnet).into_iter();
    let arn = |id: &str| format!("arn:aws:ec2:{}:{}:subnet/{id}", call.region, call.account);
    let name = |n: usize| format!("{}-{n}", networks.vpcs[networks.subnets[n].vpc].name);
    let values = |n: usize, filter: &str| {
        let subnet = &networks.subnets[n];
        Some(vec![match filter {
            "subnet-id" => subnet.id.clone(),
            "availability-zone" | "availabilityZone" => networks.zone(subnet),
            "cidr-block" | "cidr" | "cidrBlock" if subnet.ipv6 == Ipv6::Only => return Some(Vec::new()),
            "cidr-block" | "cidr" | "cidrBlock" => networks.subnet_cidr(subnet),
            "ipv6-cidr-block-association.ipv6-cidr-block" => return Some(ipv6(subnet).collect()),
            "ipv6-native" => (subnet.ipv6 == Ipv6::Only).to_string(),
            "state" => "available".to_owned(),
            "default-for-az" | "defaultForAz" => "false".to_owned(),
            "map-public-ip-on-launch" => subnet.public.to_string(),
            "subnet-arn" => arn(&subnet.id),
            other => return common_values(world, subnet.vpc, &name(n), other),
        }])
    };
    let all = here(world, call, networks.subnets.iter().map(|subnet| subnet.vpc));
    let page = LISTING.page(world, call, all, |n| networks.subnets[n].id.clone(), values)?;
    Ok(response(LISTING.operation, |xml| {
        xml.items("subnetSet", page.items, |xml, n| {
            let subnet = &networks.subnets[n];
            let only = subnet.ipv6 == Ipv6::Only;
            xml.text("subnetId", &subnet.id);
            xml.text("subnetArn", &arn(&subnet.id));
            xml.text("state", "available");
            xml.text("vpcId", &networks.vpcs[subnet.vpc].id);
            xml.text("ownerId", &call.account);
            // An IPv6-only subnet has no such element and counts no addresses (ManageIQ/manageiq-providers-amazon#914
            // quotes the whole answer, 2025-07-29; aws/aws-parallelcluster#4567 says the same of the element).
            if !only {
                xml.text("cidrBlock", &networks.subnet_cidr(subnet));
            }
            xml.items("ipv6CidrBlockAssociationSet", ipv6(subnet), |xml, cidr| {
                xml.text("associationId", &format!("subnet-cidr-assoc-{}", ids::hex(&["ipv6", &subnet.id], 17)));
                xml.text("ipv6CidrBlock", &cidr);
                xml.element("ipv6CidrBlockState", |xml| xml.text("state", "associated"));
            });
            xml.text("availableIpAddressCount", if only { "0" } else { "200" });
            xml.text("availabilityZone", &networks.zone(subnet));
            xml.text("defaultForAz", "false");
            xml.text("mapPublicIpOnLaunch", &subnet.public.to_string());
            xml.text("assignIpv6AddressOnCreation", &(subnet.ipv6 != Ipv6::No).to_string());
            xml.text("ipv6Native", &only.to_string());
            write_name(xml, &name(n));
        });
        write_token(xml, page.next.as_deref());
    }))
}
