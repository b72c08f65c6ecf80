//! Where a path by IPv6 is possible. No path by IPv6 is checked, so nothing is said to be blocked there.

use ipnet::Ipv6Net;

use super::InstanceNetwork;
use crate::readiness::facts::Route;

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
        let out = table
            .routes
            .iter()
            .filter(|route| leads_out(route))
            .min_by_key(|route| (&route.destination, &route.target));
        out.map(|route| Ipv6::Also { subnet: id, table: table.id.clone(), target: route.target.clone() })
    }
}

/// Returns true for a working route by IPv6, other than the one inside the VPC. The route need not be `::/0`: a NAT gateway
/// translates for 64:ff9b::/96 (Amazon VPC User Guide, "DNS64 and NAT64").
fn leads_out(route: &Route) -> bool {
    route.active && route.target != "local" && route.destination.parse::<Ipv6Net>().is_ok()
}
