//! Evaluates security groups. They are stateful, so answers need no rule of their own.

use std::collections::HashMap;

use ipnet::IpNet;
use orgpatch_model::fetched::Fetched;

use super::path::Path;
use super::{HTTPS, InstanceNetwork, View, anywhere};
use crate::readiness::facts::{Direction, Peer, PrefixList, Protocol, SecurityGroup};
use crate::readiness::finding::Problem;

/// Prefix lists by id.
pub(super) struct PrefixLists<'a> {
    entries: HashMap<&'a str, Option<&'a [IpNet]>>,
    s3: Option<&'a PrefixList>,
}

/// Where a connection goes. A rule for any one of the lists or groups is enough, or rules for all of the addresses.
#[derive(Default)]
pub(super) struct Destination<'w> {
    pub nets: Vec<IpNet>,
    pub lists: Vec<&'w str>,
    pub groups: Vec<&'w str>,
}

/// How much of a destination security groups allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    All,
    Some,
    None,
}

impl<'a> PrefixLists<'a> {
    /// Builds the map. If the lists could not be read, it is empty.
    pub fn new(lists: &'a Fetched<Vec<PrefixList>>, region: &str) -> Self {
        let all: &[PrefixList] = lists.get().map_or(&[], Vec::as_slice);
        let s3 = format!("com.amazonaws.{region}.s3");
        Self {
            entries: all.iter().map(|list| (list.id.as_str(), list.entries.as_deref())).collect(),
            s3: all.iter().filter(|list| list.name == s3).min_by_key(|list| &list.id),
        }
    }

    /// Returns the prefix list of S3 in this Region.
    pub fn s3(&self) -> Option<&'a PrefixList> {
        self.s3
    }

    /// Returns how much those groups allow on port 443.
    pub fn allowed(&self, groups: &[&SecurityGroup], direction: Direction, wanted: &Destination<'_>) -> Allowed {
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
                    // Its addresses are not known, so it may contain the destination.
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

/// Marks the wanted networks that an address range covers. Returns true if it overlaps with any of them.
fn cover(covered: &mut [bool], wanted: &[IpNet], cidr: IpNet) -> bool {
    let mut some = false;
    for (covered, net) in covered.iter_mut().zip(wanted) {
        *covered |= cidr.contains(net);
        some |= *covered || net.contains(&cidr);
    }
    some
}

impl View<'_> {
    /// Checks that the instance's groups allow outbound connections to everywhere on port 443.
    pub(super) fn groups_allow_internet(&self, place: &InstanceNetwork<'_>) -> Path {
        let wanted = Destination { nets: vec![anywhere()], ..Destination::default() };
        self.groups_allow(place, &wanted, "anywhere", "0.0.0.0/0")
    }

    /// Checks that the instance's groups allow outbound connections to the destination on port 443.
    pub(super) fn groups_allow(
        &self,
        place: &InstanceNetwork<'_>,
        wanted: &Destination<'_>,
        whom: &str,
        peer: &str,
    ) -> Path {
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
