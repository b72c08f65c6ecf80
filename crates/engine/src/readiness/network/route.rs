//! Where the route table of a subnet leads, and the way to the internet.

use super::acl::guarded;
use super::path::{Path, whole};
use super::{Place, View, anywhere};
use crate::readiness::facts::{Route, RouteTable};
use crate::readiness::finding::Problem;

const DEFAULT_ROUTE: &str = "0.0.0.0/0";

impl View<'_> {
    /// The way to the internet on port 443.
    pub fn internet(&self, place: &Place<'_>) -> Path {
        whole([route(place), self.group_lets_out(place), guarded(place, &[anywhere()], "the internet")])
    }
}

/// True if the subnet has no default route, so that endpoints are its only way.
pub(super) fn is_private(place: &Place<'_>) -> bool {
    place.table.as_ref().is_ok_and(|table| default_route(table).is_none())
}

/// Where the default route leads.
fn route(place: &Place<'_>) -> Path {
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
            format!("Add a route 0.0.0.0/0 to a NAT gateway in {rtb}, or reach what is needed through VPC endpoints."),
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
        format!("{subnet} leads to {target} ({rtb}); what lies behind it cannot be seen from this account."),
        format!("Check that {target} leads to the internet, or to mirrors and endpoints that do the same."),
    ))
}

fn by_internet_gateway(place: &Place<'_>, subnet: &str, gateway: &str, rtb: &str) -> Path {
    let fix = format!("Give the instance a public address, or lead {subnet} to a NAT gateway.");
    match place.public_ip {
        Some(true) => Path::Open(format!("{subnet} leads to the internet through {gateway} ({rtb})")),
        Some(false) => Path::Blocked(Problem::new(
            format!("instances without a public address in {subnet}, which leads to {gateway}"),
            format!(
                "{subnet} leads to the internet gateway {gateway} ({rtb}), but the instance has no public address, so nothing \
                 finds its way back."
            ),
            fix,
        )),
        None => Path::Unseen(Problem::new(
            format!("stopped instances in {subnet}, which leads to {gateway}"),
            format!(
                "{subnet} leads to the internet gateway {gateway} ({rtb}); whether the instance gets a public address is known \
                 once it runs."
            ),
            fix,
        )),
    }
}

/// Two default routes cannot be; if they were, the one that works would be the more useful answer.
fn default_route(table: &RouteTable) -> Option<&Route> {
    table
        .routes
        .iter()
        .filter(|route| route.destination == DEFAULT_ROUTE)
        .min_by_key(|route| (!route.active, &route.target))
}
