//! What security groups allow. They remember connections, so answers need no rule of their own.

use std::collections::HashMap;

use ipnet::IpNet;
use orgpatch_model::fetched::Fetched;

use super::path::Path;
use super::{HTTPS, Place, View, anywhere};
use crate::readiness::facts::{Direction, Peer, PrefixList, Protocol, SecurityGroup};
use crate::readiness::finding::Problem;

/// Prefix lists by id.
pub(super) struct Lists<'a> {
    entries: HashMap<&'a str, Option<&'a [IpNet]>>,
    s3: Option<&'a PrefixList>,
}

/// Whom somebody wants to reach: any one of the lists or groups will do, or all of the addresses.
#[derive(Default)]
pub(super) struct Wanted<'w> {
    pub nets: Vec<IpNet>,
    pub lists: Vec<&'w str>,
    pub groups: Vec<&'w str>,
}

/// How much of what is wanted is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    All,
    Some,
    None,
}

impl<'a> Lists<'a> {
    /// Lists that could not be read allow nothing that can be seen.
    pub fn new(lists: &'a Fetched<Vec<PrefixList>>, region: &str) -> Self {
        let all: &[PrefixList] = lists.get().map_or(&[], Vec::as_slice);
        let s3 = format!("com.amazonaws.{region}.s3");
        Self {
            entries: all.iter().map(|list| (list.id.as_str(), list.entries.as_deref())).collect(),
            s3: all.iter().filter(|list| list.name == s3).min_by_key(|list| &list.id),
        }
    }

    /// The prefix list of S3 in this Region.
    pub fn s3(&self) -> Option<&'a PrefixList> {
        self.s3
    }

    /// How much those groups allow on port 443.
    pub fn allowed(&self, groups: &[&SecurityGroup], direction: Direction, wanted: &Wanted<'_>) -> Allowed {
        let mut covered = vec![false; wanted.nets.len()];
        let mut some = false;
        let rules = groups.iter().flat_map(|group| &group.rules).filter(|rule| {
            rule.direction == direction
                && rule.protocol != Protocol::Other
                && rule.ports.is_none_or(|ports| (ports.from..=ports.to).contains(&HTTPS))
        });
        for rule in rules {
            match &rule.peer {
                Peer::Group(id) if wanted.groups.contains(&id.as_str()) => return Allowed::All,
                Peer::PrefixList(id) if wanted.lists.contains(&id.as_str()) => return Allowed::All,
                Peer::Group(_) => {}
                Peer::Cidr(cidr) => some |= cover(&mut covered, &wanted.nets, *cidr),
                Peer::PrefixList(id) => match self.entries.get(id.as_str()) {
                    Some(Some(entries)) => {
                        for cidr in *entries {
                            some |= cover(&mut covered, &wanted.nets, *cidr);
                        }
                    }
                    // Its addresses are not known, so it may be what is wanted.
                    _ => some = true,
                },
            }
        }
        match (covered.iter().all(|covered| *covered) && !covered.is_empty(), some) {
            (true, _) => Allowed::All,
            (false, true) => Allowed::Some,
            (false, false) => Allowed::None,
        }
    }
}

/// Marks what an address range covers; true if it is any part of what is wanted.
fn cover(covered: &mut [bool], wanted: &[IpNet], cidr: IpNet) -> bool {
    let mut some = false;
    for (covered, net) in covered.iter_mut().zip(wanted) {
        *covered |= cidr.contains(net);
        some |= *covered || net.contains(&cidr);
    }
    some
}

impl View<'_> {
    /// Whether the instance's groups let it out to anywhere on port 443.
    pub(super) fn group_lets_out(&self, place: &Place<'_>) -> Path {
        let wanted = Wanted { nets: vec![anywhere()], ..Wanted::default() };
        self.out(place, &wanted, "anywhere", "0.0.0.0/0")
    }

    /// Whether the instance's groups let it out to what is wanted on port 443.
    pub(super) fn out(&self, place: &Place<'_>, wanted: &Wanted<'_>, whom: &str, peer: &str) -> Path {
        let groups = match &place.groups {
            Ok(groups) => groups,
            Err(unread) => return Path::Unread(unread.clone()),
        };
        let names = place.group_names();
        let fix = format!("Allow outbound TCP 443 to {peer} in {names}.");
        match self.lists.allowed(groups, Direction::Out, wanted) {
            Allowed::All => Path::Open(format!("{names} allow outbound 443 to {whom}")),
            Allowed::Some => Path::Limited(Problem::new(
                format!("{names}: outbound 443 only to some addresses, not to {whom}"),
                format!("The security groups ({names}) allow outbound TCP 443 only to some addresses, not to {whom}."),
                fix,
            )),
            Allowed::None => Path::Blocked(Problem::new(
                format!("{names}: no outbound 443 to {whom}"),
                format!("The security groups ({names}) do not allow outbound TCP 443 to {whom}."),
                fix,
            )),
        }
    }
}
