//! What an instance reaches: the rules of VPCs, as far as connections to port 443 need them.
use super::model::{Attachment, Endpoint, Networks, Peer, RouteTarget, RouteTo, Subnet};
use crate::scenario::{Ipv6, Policy};

const HTTPS: u16 = 443;
/// A port of the range to which answers return. One port stands for all.
const RETURN_PORT: u16 = 49_152;

/// The destination of a connection.
#[derive(Debug, Clone, Copy)]
enum Destination<'a> {
    /// An address of the internet.
    Internet,
    /// An IPv6 address of the internet, or one that a NAT gateway translates.
    ByIpv6,
    /// A public address of S3, behind a gateway endpoint or not.
    S3,
    /// An interface endpoint.
    Interface(&'a Endpoint),
}

/// What an instance reaches from its place in the network.
#[derive(Debug, Clone, Copy)]
pub struct Reach<'a> {
    networks: &'a Networks,
    at: Attachment,
    /// Whether the agent uses dual-stack endpoints.
    dual_stack: bool,
}

impl<'a> Reach<'a> {
    /// Looks at the network from where an instance is connected.
    pub fn new(networks: &'a Networks, at: Attachment, dual_stack: bool) -> Self {
        Self { networks, at, dual_stack }
    }

    /// Returns whether the instance reaches the internet.
    pub fn internet(self) -> bool {
        self.by_ipv6() || self.has_way_out() && self.lets(Destination::Internet)
    }

    /// Returns whether the instance reaches an AWS service. An endpoint with private DNS takes over the usual name,
    /// even if nothing reaches the endpoint. It does not take over the dual-stack name, because endpoints have IPv4
    /// addresses here.
    pub fn service(self, service: &str) -> bool {
        let vpc = self.subnet().vpc;
        let endpoint = self.networks.endpoints.iter().find(|endpoint| {
            endpoint.vpc == vpc && endpoint.service == service && endpoint.private_dns && endpoint.available
        });
        match endpoint {
            Some(_) if self.by_dual_stack() => true,
            Some(endpoint) => self.interface(endpoint) && endpoint.policy != Policy::Nothing,
            None => self.internet(),
        }
    }

    /// Returns whether the instance reaches an interface endpoint: by IPv4, or through NAT64. DNS64 makes its answer
    /// out of the IPv4 address in the record, and a NAT gateway leads to addresses in other subnets of the VPC, too
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html>). That page does not name
    /// interface endpoints. With private DNS the address in the record is theirs, so here NAT64 does not lead around
    /// them. If one of the two ways fails, the client takes the other one.
    fn interface(self, endpoint: &Endpoint) -> bool {
        let by_ipv4 = self.has_ipv4() && self.lets_in(endpoint) && self.lets(Destination::Interface(endpoint));
        by_ipv4 || self.by_nat64() && self.lets_nat_gateway_in(endpoint)
    }

    /// Returns whether the instance reaches the buckets with Patch Manager's module and snapshots.
    pub fn patch_buckets(self) -> bool {
        self.buckets(|policy| matches!(policy, Policy::Full | Policy::PatchBucketsOnly))
    }

    /// Returns whether the instance reaches the repositories of Amazon Linux, which are buckets.
    pub fn amazon_repositories(self) -> bool {
        self.has_mirror() || self.buckets(|policy| matches!(policy, Policy::Full | Policy::WithoutPatchBuckets))
    }

    /// Returns whether the instance reaches repositories on the internet.
    pub fn internet_repositories(self) -> bool {
        self.has_mirror() || self.internet()
    }

    fn has_mirror(self) -> bool {
        self.subnet().mirror
    }

    fn buckets(self, allow: impl Fn(Policy) -> bool) -> bool {
        // A gateway endpoint is a route for addresses of S3, which traffic to NAT64 does not have. The NAT gateway is
        // in another subnet, whose routes count from there.
        if self.by_ipv6() || !self.has_ipv4() {
            return self.by_ipv6();
        }
        // The route of the prefix list is more specific, so it wins over the route to a NAT gateway.
        let table = self.subnet().table;
        let gateway =
            self.networks.endpoints.iter().find(|endpoint| endpoint.available && endpoint.tables.contains(&table));
        match gateway {
            Some(endpoint) => self.lets(Destination::S3) && allow(endpoint.policy),
            None => self.has_way_out() && self.lets(Destination::S3),
        }
    }

    fn subnet(self) -> &'a Subnet {
        &self.networks.subnets[self.at.subnet]
    }

    fn has_ipv4(self) -> bool {
        self.subnet().ipv6 != Ipv6::Only
    }

    /// Returns where the route to a destination leads.
    fn route(self, destination: &RouteTo) -> Option<&'a RouteTarget> {
        let mut routes = self.networks.tables[self.subnet().table].routes.iter();
        routes.find(|route| route.destination == *destination).map(|route| &route.target)
    }

    /// Returns whether the agent reaches AWS by IPv6: at dual-stack endpoints, or at the usual ones through NAT64.
    fn by_ipv6(self) -> bool {
        self.by_dual_stack() || self.by_nat64()
    }

    fn by_dual_stack(self) -> bool {
        self.dual_stack && self.lets_out_by_ipv6(&RouteTo::AnywhereByIpv6)
    }

    fn by_nat64(self) -> bool {
        self.lets_out_by_ipv6(&RouteTo::Nat64)
    }

    fn lets_out_by_ipv6(self, to: &RouteTo) -> bool {
        self.subnet().ipv6 != Ipv6::No && self.route(to).is_some() && self.lets(Destination::ByIpv6)
    }

    fn has_way_out(self) -> bool {
        let subnet = self.subnet();
        if !self.has_ipv4() {
            return false;
        }
        match self.route(&RouteTo::Anywhere) {
            Some(RouteTarget::Gateway(_)) => subnet.public,
            Some(RouteTarget::Nat(_) | RouteTarget::Transit(_)) => true,
            Some(RouteTarget::DeletedNat(_) | RouteTarget::EgressOnly(_)) | None => false,
        }
    }

    /// Returns whether security group and network ACL let a connection out and its answers in.
    fn lets(self, destination: Destination<'_>) -> bool {
        self.group_lets(destination) && self.acl_lets(destination)
    }

    fn group_lets(self, destination: Destination<'_>) -> bool {
        let group = &self.networks.groups[self.at.group];
        let cidr = self.networks.vpcs[group.vpc].cidr();
        let fits = |peer: &Peer| match (peer, destination) {
            (Peer::V6(to), Destination::ByIpv6) => to == "::/0",
            (_, Destination::ByIpv6) => false,
            (Peer::V4(to), Destination::Interface(_)) => to == "0.0.0.0/0" || *to == cidr,
            (Peer::V4(to), _) => to == "0.0.0.0/0",
            (Peer::PrefixList(_), destination) => matches!(destination, Destination::S3),
            (Peer::Group(id), Destination::Interface(endpoint)) => {
                endpoint.group.is_some_and(|group| self.networks.groups[group].id == *id)
            }
            (Peer::Group(_) | Peer::V6(_), _) => false,
        };
        let mut rules = group.egress.iter().filter(|rule| rule.port.is_none_or(|port| port == HTTPS));
        rules.any(|rule| rule.peers.iter().any(fits))
    }

    fn acl_lets(self, destination: Destination<'_>) -> bool {
        // Network ACLs do not apply within a subnet.
        if matches!(destination, Destination::Interface(endpoint) if endpoint.subnet == Some(self.at.subnet)) {
            return true;
        }
        let acl = &self.networks.acls[self.subnet().acl];
        let allows = |egress: bool, port: u16| {
            let mut entries: Vec<_> = acl.entries.iter().filter(|entry| entry.egress == egress).collect();
            entries.sort_by_key(|entry| entry.number);
            let decides = entries.into_iter().find(|e| e.ports.is_none_or(|(from, to)| (from..=to).contains(&port)));
            decides.is_some_and(|entry| entry.allow)
        };
        allows(true, HTTPS) && allows(false, RETURN_PORT)
    }

    fn lets_in(self, endpoint: &Endpoint) -> bool {
        let own = &self.networks.groups[self.at.group].id;
        self.endpoint_lets_in(endpoint, |group| group == own)
    }

    /// Returns whether an endpoint lets a NAT gateway of the VPC in. What comes through it has its private address
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>), and it has no security group
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html>).
    fn lets_nat_gateway_in(self, endpoint: &Endpoint) -> bool {
        self.endpoint_lets_in(endpoint, |_| false)
    }

    /// Returns whether the group of an endpoint lets a sender of its VPC in, who belongs to some of the groups.
    fn endpoint_lets_in(self, endpoint: &Endpoint, belongs_to: impl Fn(&str) -> bool) -> bool {
        let Some(group) = endpoint.group.map(|group| &self.networks.groups[group]) else {
            return false;
        };
        let cidr = self.networks.vpcs[group.vpc].cidr();
        let fits = |peer: &Peer| match peer {
            Peer::V4(from) => *from == cidr,
            Peer::Group(id) => belongs_to(id),
            Peer::V6(_) | Peer::PrefixList(_) => false,
        };
        group.ingress.iter().any(|rule| rule.peers.iter().any(fits))
    }
}
