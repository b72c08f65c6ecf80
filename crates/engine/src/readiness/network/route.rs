//! Evaluates the route table of a subnet, and finds the path to the internet.

use super::acl::subnet_acl_allows;
use super::path::{Path, worst_of};
use super::{InstanceNetwork, View, anywhere};
use crate::readiness::facts::{Route, RouteTable};
use crate::readiness::finding::Problem;

const DEFAULT_ROUTE: &str = "0.0.0.0/0";

impl View<'_> {
    /// Returns the path to the internet on port 443.
    pub fn internet(&self, place: &InstanceNetwork<'_>) -> Path {
        worst_of([
            route(place),
            self.groups_allow_internet(place),
            subnet_acl_allows(place, &[anywhere()], "the internet"),
        ])
    }
}

/// Returns true if the subnet has no default route, so that it can reach AWS only through endpoints.
pub(super) fn is_private(place: &InstanceNetwork<'_>) -> bool {
    place.table.as_ref().is_ok_and(|table| default_route(table).is_none())
}

/// Returns the path along the default route.
fn route(place: &InstanceNetwork<'_>) -> Path {
    let table = match &place.table {
        Ok(table) => *table,
        Err(unread) => return Path::Unread(unread.clone()),
    };
    let subnet = place.subnet.as_ref().map_or("the subnet", |subnet| subnet.id.as_str());
    let rtb = &table.id;
    let Some(route) = default_route(table) else {
        return Path::Blocked(Problem::new(
            format!("{rtb} has no route to the internet"),
            format!("{subnet} uses route table {rtb}, which has no route to the internet or to a NAT gateway."),
            format!("Add a route 0.0.0.0/0 to a NAT gateway in {rtb}, or create the VPC endpoints that are needed."),
        ));
    };
    let target = &route.target;
    if !route.active {
        return Path::Blocked(Problem::new(
            format!("the default route of {rtb} is a black hole"),
            format!("The default route of {rtb} ({subnet}) leads to {target}, which no longer exists."),
            format!("Point the route 0.0.0.0/0 of {rtb} to a NAT gateway that exists."),
        ));
    }
    if target.starts_with("nat-") {
        return Path::Open(format!("{subnet} leads to the internet through {target} ({rtb})"));
    }
    if target.starts_with("igw-") {
        return by_internet_gateway(place, subnet, target, rtb);
    }
    Path::Unseen(Problem::new(
        format!("the default route of {rtb} leads to {target}"),
        format!("{subnet} leads to {target} ({rtb}). orgpatch cannot see from this account what lies behind it."),
        format!("Check that {target} leads to the internet, or to mirrors and endpoints that serve the same."),
    ))
}

fn by_internet_gateway(place: &InstanceNetwork<'_>, subnet: &str, gateway: &str, rtb: &str) -> Path {
    match place.public_ip {
        Some(true) => Path::Open(format!("{subnet} leads to the internet through {gateway} ({rtb})")),
        Some(false) => Path::Blocked(Problem::new(
            format!("instances without a public address in {subnet}, which leads to {gateway}"),
            format!(
                "{subnet} leads to the internet gateway {gateway} ({rtb}), but the instance has no public address, so answers \
                 cannot reach it."
            ),
            format!("Give the instance a public address, or route {subnet} through a NAT gateway."),
        )),
        None => Path::Unseen(Problem::new(
            format!("stopped instances in {subnet}, which leads to {gateway}"),
            format!(
                "{subnet} leads to the internet gateway {gateway} ({rtb}). Whether the instance gets a public address shows \
                 only when it runs."
            ),
            // It may get an address by itself, so there is nothing to give it yet.
            format!(
                "Start it, and look again. Only if it has no public address then, route {subnet} through a NAT gateway."
            ),
        )),
    }
}

/// Returns the default route. AWS does not allow two; if there were two, the working one would be returned.
fn default_route(table: &RouteTable) -> Option<&Route> {
    table
        .routes
        .iter()
        .filter(|route| route.destination == DEFAULT_ROUTE)
        .min_by_key(|route| (!route.active, &route.target))
}
