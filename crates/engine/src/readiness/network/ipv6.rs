//! Where a path by IPv6 is possible. No path by IPv6 is checked, so nothing is said to be blocked there.

use ipnet::Ipv6Net;

use super::InstanceNetwork;
use crate::readiness::facts::{Route, RouteTable};

/// The default route.
const ANYWHERE: Ipv6Net = Ipv6Net::new_assert(std::net::Ipv6Addr::UNSPECIFIED, 0);

/// The addresses that DNS64 answers for names that have IPv4 addresses only, 64:ff9b::/96
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html>).
const NAT64: Ipv6Net = Ipv6Net::new_assert(std::net::Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Paths by IPv6 that are possible, and not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::readiness) enum Ipv6 {
    /// The subnet is IPv6-only, so that there is no other path.
    Only {
        /// The subnet.
        subnet: String,
    },
    /// The subnet has addresses of both kinds, and a route leads out by IPv6.
    Also {
        /// The subnet.
        subnet: String,
        /// Its route table.
        table: String,
        /// Where the route leads.
        target: String,
        /// Where a route leads behind which IPv6 may be translated to IPv4. None: there is no such route.
        nat64: Option<String>,
    },
}

impl InstanceNetwork<'_> {
    /// Returns the possible paths by IPv6; None if there are none, or if subnet or route table could not be read.
    pub fn ipv6(&self) -> Option<Ipv6> {
        let subnet = self.subnet.as_ref().ok().filter(|subnet| subnet.ipv6)?;
        let id = subnet.id.clone();
        if subnet.cidr.is_none() {
            return Some(Ipv6::Only { subnet: id });
        }
        let table = self.table.as_ref().ok()?;
        let target = first(table, leads_out, [ANYWHERE, NAT64])?;
        let nat64 = first(table, may_be_translated, [NAT64, ANYWHERE]);
        Some(Ipv6::Also { subnet: id, table: table.id.clone(), target, nat64 })
    }
}

/// Returns the target of one of the routes that fit: if it can be, of one to those destinations, and rather of one to
/// an address range than of one to a prefix list. The order of the routes does not matter.
fn first(table: &RouteTable, fits: impl Fn(&Route) -> bool, destinations: [Ipv6Net; 2]) -> Option<String> {
    let rank = |route: &Route| {
        let to = net(route);
        let named = destinations.iter().position(|net| Some(*net) == to).unwrap_or(destinations.len());
        (named, to.is_none())
    };
    let fitting = table.routes.iter().filter(|route| fits(route));
    let found = fitting.min_by_key(|route| (rank(route), &route.destination, &route.target));
    found.map(|route| route.target.clone())
}

/// Returns true for a working route by which the endpoints of AWS's services may be reached by IPv6. It need not be the
/// default route: they may be in any address range. Where an appliance or another network leads is not visible, so all
/// targets count, except for those that are known to lead elsewhere:
///
/// - A peering connection leads to addresses of the other VPC, and not through its gateways
///   (<https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html>, "Edge to edge routing").
/// - A NAT gateway has no use for IPv6 other than NAT64.
/// - A VPC endpoint behind a prefix list is a gateway endpoint, whose list is AWS's own list of S3 or DynamoDB
///   (<https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>, "Routing"). That leads to no other
///   service, and the check of S3 knows the endpoint. Behind an address range it is a Gateway Load Balancer endpoint:
///   an appliance.
fn leads_out(route: &Route) -> bool {
    let by_ipv6 = net(route).is_some() || is_list(route);
    route.active
        && by_ipv6
        && match kind(&route.target) {
            "local" | "pcx" => false,
            "nat" => may_contain_nat64(route),
            "vpce" => !is_list(route),
            _ => true,
        }
}

/// Returns true if IPv6 may be translated to IPv4 behind that route: by a NAT gateway, or by what is not visible, such
/// as a NAT gateway behind a transit gateway. An internet gateway does not translate, nor does an egress-only one.
fn may_be_translated(route: &Route) -> bool {
    leads_out(route) && may_contain_nat64(route) && !matches!(kind(&route.target), "igw" | "eigw")
}

fn may_contain_nat64(route: &Route) -> bool {
    net(route).is_none_or(|to| to.contains(&NAT64) || NAT64.contains(&to))
}

fn net(route: &Route) -> Option<Ipv6Net> {
    route.destination.parse().ok()
}

/// Returns true for a route to a prefix list. It may contain any address of IPv6, `::/0` too: the lists are not read.
fn is_list(route: &Route) -> bool {
    route.destination.starts_with("pl-")
}

/// Returns the kind of a target: what its id begins with.
fn kind(target: &str) -> &str {
    target.split('-').next().unwrap_or(target)
}
