//! EC2: security groups of instances and of endpoints.
use super::{
    listing::{Listing, common_values, here, write_name},
    request::write_token,
};
use crate::{
    fleet::network::{Peer, Rule},
    wire::{
        AwsError, Call,
        ec2::{Xml, response},
    },
    world::World,
};

const LISTING: Listing =
    Listing { operation: "DescribeSecurityGroups", ids: ("GroupId", "InvalidGroup.NotFound"), sizes: (5, 1_000) };

/// Answers `DescribeSecurityGroups`.
pub fn describe_security_groups(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let world = &*world;
    let networks = &world.fleet.networks;
    let values = |n: usize, filter: &str| {
        let group = &networks.groups[n];
        if let Some(field) = filter.strip_prefix("egress.ip-permission.") {
            return rule_values(&group.egress, field);
        }
        if let Some(field) = filter.strip_prefix("ip-permission.") {
            return rule_values(&group.ingress, field);
        }
        Some(vec![match filter {
            "group-id" => group.id.clone(),
            "group-name" => group.name.clone(),
            "description" => description(&group.name),
            other => return common_values(world, group.vpc, &group.name, other),
        }])
    };
    let all = here(world, call, networks.groups.iter().map(|group| group.vpc));
    let page = LISTING.page(world, call, all, |n| networks.groups[n].id.clone(), values)?;
    Ok(response(LISTING.operation, |xml| {
        xml.items("securityGroupInfo", page.items, |xml, n| {
            let group = &networks.groups[n];
            xml.text("ownerId", &call.account);
            xml.text("groupId", &group.id);
            xml.text("groupName", &group.name);
            xml.text("groupDescription", &description(&group.name));
            xml.text("vpcId", &networks.vpcs[group.vpc].id);
            xml.items("ipPermissions", &group.ingress, |xml, rule| write_rule(xml, call, rule));
            xml.items("ipPermissionsEgress", &group.egress, |xml, rule| write_rule(xml, call, rule));
            write_name(xml, &group.name);
        });
        write_token(xml, page.next.as_deref());
    }))
}

fn description(name: &str) -> String {
    format!("{name} of a simulated network")
}

fn rule_values(rules: &[Rule], field: &str) -> Option<Vec<String>> {
    let peers = |pick: fn(&Peer) -> Option<&String>| {
        Some(rules.iter().flat_map(|rule| rule.peers.iter().filter_map(pick)).cloned().collect())
    };
    match field {
        "cidr" => peers(|peer| if let Peer::V4(cidr) = peer { Some(cidr) } else { None }),
        "ipv6-cidr" => peers(|peer| if let Peer::V6(cidr) = peer { Some(cidr) } else { None }),
        "prefix-list-id" => peers(|peer| if let Peer::PrefixList(id) = peer { Some(id) } else { None }),
        "group-id" => peers(|peer| if let Peer::Group(id) = peer { Some(id) } else { None }),
        "protocol" => Some(rules.iter().map(|rule| protocol(rule).to_owned()).collect()),
        "from-port" | "to-port" => Some(rules.iter().filter_map(|rule| rule.port).map(|p| p.to_string()).collect()),
        _ => None,
    }
}

fn protocol(rule: &Rule) -> &'static str {
    if rule.port.is_some() { "tcp" } else { "-1" }
}

fn write_rule(xml: &mut Xml, call: &Call, rule: &Rule) {
    xml.text("ipProtocol", protocol(rule));
    if let Some(port) = rule.port {
        xml.text("fromPort", &port.to_string());
        xml.text("toPort", &port.to_string());
    }
    let peers = || rule.peers.iter();
    let groups = peers().filter_map(|peer| if let Peer::Group(id) = peer { Some(id) } else { None });
    xml.items("groups", groups, |xml, id| {
        xml.text("userId", &call.account);
        xml.text("groupId", id);
    });
    let v4 = peers().filter_map(|peer| if let Peer::V4(cidr) = peer { Some(cidr) } else { None });
    xml.items("ipRanges", v4, |xml, cidr| xml.text("cidrIp", cidr));
    let v6 = peers().filter_map(|peer| if let Peer::V6(cidr) = peer { Some(cidr) } else { None });
    xml.items("ipv6Ranges", v6, |xml, cidr| xml.text("cidrIpv6", cidr));
    let lists = peers().filter_map(|peer| if let Peer::PrefixList(id) = peer { Some(id) } else { None });
    xml.items("prefixListIds", lists, |xml, id| xml.text("prefixListId", id));
}
