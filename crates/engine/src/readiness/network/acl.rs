//! Evaluates network ACLs. They are stateless: the request must be allowed out, and the answer, which comes to a port
//! above 1023, must be allowed in.

use ipnet::IpNet;

use super::path::{Path, worst_of};
use super::{HTTPS, InstanceNetwork};
use crate::readiness::facts::{AclEntry, Direction, NetworkAcl, Protocol};
use crate::readiness::finding::Problem;

/// Ports to which answers come, at the ends of the ranges in use: 32768 to 60999 by Linux, from 49152 by Windows, and
/// 1024 to 65535 by NAT gateways.
const ANSWERS: [u16; 5] = [1024, 32_768, 49_152, 60_999, 65_535];

/// Checks that the ACL of the instance's subnet allows requests to those networks, and their answers.
pub(super) fn subnet_acl_allows(place: &InstanceNetwork<'_>, nets: &[IpNet], whom: &str) -> Path {
    match &place.acl {
        Err(unread) => Path::Unread(unread.clone()),
        Ok(acl) => worst_of([
            passes(acl, Direction::Out, &[HTTPS], nets, &format!("outbound TCP 443 to {whom}")),
            passes(acl, Direction::In, &ANSWERS, nets, &format!("inbound TCP 1024-65535 (answers) from {whom}")),
        ]),
    }
}

/// Checks that the ACL of an endpoint's subnet allows requests from the instance, and the answers.
pub(super) fn endpoint_acl_allows(acl: &NetworkAcl, instance: IpNet) -> Path {
    worst_of([
        passes(acl, Direction::In, &[HTTPS], &[instance], "inbound TCP 443 from the instances"),
        passes(acl, Direction::Out, &ANSWERS, &[instance], "outbound TCP 1024-65535 (answers) to the instances"),
    ])
}

fn passes(acl: &NetworkAcl, direction: Direction, ports: &[u16], nets: &[IpNet], what: &str) -> Path {
    let mut entries: Vec<&AclEntry> =
        acl.entries.iter().filter(|entry| entry.direction == direction && entry.protocol != Protocol::Other).collect();
    entries.sort_by_key(|entry| entry.number);
    let id = &acl.id;
    let fix = format!("Allow {what} in network ACL {id}. ACLs are stateless, so both directions must be allowed.");
    let probes = || nets.iter().flat_map(|net| ports.iter().map(|port| (*port, *net)));
    let passed = probes().filter(|(port, net)| decides(&entries, *port, *net)).count();
    if passed == probes().count() {
        return Path::Open(format!("{id} allows {what}"));
    }
    if passed > 0 || probes().any(|(port, net)| partly(&entries, port, net)) {
        return Path::Limited(Problem::new(
            format!("{id} allows only part of {what}"),
            format!("Network ACL {id} allows only part of {what}."),
            fix,
        ));
    }
    Path::Blocked(Problem::new(
        format!("{id} does not allow {what}"),
        format!("Network ACL {id} does not allow {what}."),
        fix,
    ))
}

/// Returns true if the first entry that covers the whole network allows it.
fn decides(entries: &[&AclEntry], port: u16, net: IpNet) -> bool {
    entries
        .iter()
        .find(|entry| holds_for(entry, port) && entry.cidr.contains(&net))
        // If no entry matches, the last entry of every ACL decides, which denies everything.
        .is_some_and(|entry| entry.allow)
}

/// Returns true if the ACL allows part of a network, but not all of it.
fn partly(entries: &[&AclEntry], port: u16, net: IpNet) -> bool {
    entries
        .iter()
        .take_while(|entry| !(holds_for(entry, port) && entry.cidr.contains(&net)))
        .any(|entry| entry.allow && holds_for(entry, port) && net.contains(&entry.cidr))
}

fn holds_for(entry: &AclEntry, port: u16) -> bool {
    entry.ports.is_none_or(|ports| (ports.from..=ports.to).contains(&port))
}
