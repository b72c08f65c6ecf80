//! What network ACLs allow. They do not remember connections: the request has to get out, and the answer, which comes
//! to a port above 1023, has to get in.

use ipnet::IpNet;

use super::path::{Path, whole};
use super::{HTTPS, Place};
use crate::readiness::facts::{AclEntry, Direction, NetworkAcl, Protocol};
use crate::readiness::finding::Problem;

/// Ports that answers come to. All of 1024 to 65535 are in use somewhere: 32768 to 60999 by Linux, from 49152 by
/// Windows, everything by NAT gateways. Looked at where those ranges begin and end.
const ANSWERS: [u16; 5] = [1024, 32_768, 49_152, 60_999, 65_535];

/// Whether the ACL of the instance's subnet lets requests out to those networks, and their answers in.
pub(super) fn guarded(place: &Place<'_>, nets: &[IpNet], whom: &str) -> Path {
    match &place.acl {
        Err(unread) => Path::Unread(unread.clone()),
        Ok(acl) => whole([
            passes(acl, Direction::Out, &[HTTPS], nets, &format!("outbound TCP 443 to {whom}")),
            passes(acl, Direction::In, &ANSWERS, nets, &format!("inbound TCP 1024-65535 (answers) from {whom}")),
        ]),
    }
}

/// Whether the ACL of an endpoint's subnet lets requests in from the instance, and the answers out.
pub(super) fn serves(acl: &NetworkAcl, instance: IpNet) -> Path {
    whole([
        passes(acl, Direction::In, &[HTTPS], &[instance], "inbound TCP 443 from the instances"),
        passes(acl, Direction::Out, &ANSWERS, &[instance], "outbound TCP 1024-65535 (answers) to the instances"),
    ])
}

fn passes(acl: &NetworkAcl, direction: Direction, ports: &[u16], nets: &[IpNet], what: &str) -> Path {
    let mut entries: Vec<&AclEntry> =
        acl.entries.iter().filter(|entry| entry.direction == direction && entry.protocol != Protocol::Other).collect();
    entries.sort_by_key(|entry| entry.number);
    let id = &acl.id;
    let fix = format!("Allow {what} in network ACL {id}; it does not remember connections, so both ways are needed.");
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

/// What the first entry says that holds for all of a network.
fn decides(entries: &[&AclEntry], port: u16, net: IpNet) -> bool {
    entries
        .iter()
        .find(|entry| holds_for(entry, port) && entry.cidr.contains(&net))
        // Without a match the last entry of every ACL, which says no, decides.
        .is_some_and(|entry| entry.allow)
}

/// Whether part of a network is let through, although not all of it.
fn partly(entries: &[&AclEntry], port: u16, net: IpNet) -> bool {
    entries
        .iter()
        .take_while(|entry| !(holds_for(entry, port) && entry.cidr.contains(&net)))
        .any(|entry| entry.allow && holds_for(entry, port) && net.contains(&entry.cidr))
}

fn holds_for(entry: &AclEntry, port: u16) -> bool {
    entry.ports.is_none_or(|ports| (ports.from..=ports.to).contains(&port))
}
