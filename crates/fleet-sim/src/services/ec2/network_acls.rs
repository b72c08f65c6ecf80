//! EC2: network ACLs.
use super::{
    listing::{Listing, common_values, here, write_name},
    request::write_token,
};
use crate::{
    facts::ids,
    fleet::network::{Acl, AclEntry, Subnet},
    wire::{
        AwsError, Call,
        ec2::{Xml, response},
    },
    world::World,
};

const LISTING: Listing = Listing {
    operation: "DescribeNetworkAcls",
    ids: ("NetworkAclId", "InvalidNetworkAclID.NotFound"),
    sizes: (5, 1_000),
};
/// The number of the last entry, which denies. In a VPC with IPv6 addresses each entry has one for IPv6 beside it, as the
/// default ACL has (Amazon VPC User Guide, "Default network ACL": 100 and 101, * and *).
const LAST: u16 = 32_767;

/// Answers `DescribeNetworkAcls`.
pub fn describe_network_acls(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let world = &*world;
    let networks = &world.fleet.networks;
    let subnets = |n: usize| -> Vec<&Subnet> { networks.subnets.iter().filter(|subnet| subnet.acl == n).collect() };
    let name = |n: usize| format!("{}-acl", networks.vpcs[networks.acls[n].vpc].name);
    let values = |n: usize, filter: &str| {
        let acl = &networks.acls[n];
        Some(match filter {
            "network-acl-id" | "association.network-acl-id" => vec![acl.id.clone()],
            "default" => vec![acl.default.to_string()],
            "association.subnet-id" => subnets(n).iter().map(|subnet| subnet.id.clone()).collect(),
            other => return common_values(world, acl.vpc, &name(n), other),
        })
    };
    let all = here(world, call, networks.acls.iter().map(|acl| acl.vpc));
    let page = LISTING.page(world, call, all, |n| networks.acls[n].id.clone(), values)?;
    Ok(response(LISTING.operation, |xml| {
        xml.items("networkAclSet", page.items, |xml, n| {
            let acl = &networks.acls[n];
            xml.text("networkAclId", &acl.id);
            xml.text("vpcId", &networks.vpcs[acl.vpc].id);
            xml.text("ownerId", &call.account);
            xml.text("default", &acl.default.to_string());
            let kinds: &[bool] = if networks.vpcs[acl.vpc].ipv6 { &[false, true] } else { &[false] };
            let all = entries(acl).into_iter().flat_map(|entry| kinds.iter().map(move |ipv6| (entry, *ipv6)));
            xml.items("entrySet", all, |xml, (entry, ipv6)| write_entry(xml, &entry, ipv6));
            xml.items("associationSet", subnets(n), |xml, subnet| {
                let id = ids::hex(&["aclassoc", &acl.id, &subnet.id], 17);
                xml.text("networkAclAssociationId", &format!("aclassoc-{id}"));
                xml.text("networkAclId", &acl.id);
                xml.text("subnetId", &subnet.id);
            });
            write_name(xml, &name(n));
        });
        write_token(xml, page.next.as_deref());
    }))
}

/// Returns all entries: those of the scenario, and the two that deny the rest. EC2 does not sort them.
fn entries(acl: &Acl) -> Vec<AclEntry> {
    let last = |egress| AclEntry { number: LAST, egress, allow: false, ports: None };
    [last(true)].into_iter().chain(acl.entries.iter().copied()).chain([last(false)]).collect()
}

fn write_entry(xml: &mut Xml, entry: &AclEntry, ipv6: bool) {
    xml.text("ruleNumber", &(entry.number + u16::from(ipv6)).to_string());
    xml.text("protocol", if entry.ports.is_some() { "6" } else { "-1" });
    xml.text("ruleAction", if entry.allow { "allow" } else { "deny" });
    xml.text("egress", &entry.egress.to_string());
    if ipv6 {
        xml.text("ipv6CidrBlock", "::/0");
    } else {
        xml.text("cidrBlock", "0.0.0.0/0");
    }
    if let Some((from, to)) = entry.ports {
        xml.element("portRange", |xml| {
            xml.text("from", &from.to_string());
            xml.text("to", &to.to_string());
        });
    }
}
