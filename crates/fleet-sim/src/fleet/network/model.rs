//! The parts of networks, as the EC2 API describes them.
use crate::{
    facts::ids,
    scenario::{Ipv6, Policy},
};
use std::collections::HashMap;

/// The VPC of entries that say nothing about their network.
pub(super) const DEFAULT_VPC: &str = "default";

/// A VPC.
#[derive(Debug)]
pub struct Vpc {
    /// `vpc-…`
    pub id: String,
    /// The account that owns it.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// The scenario's name for the VPC, or a derived one. The tag `Name` shows it.
    pub name: String,
    /// The second number of its addresses: `10.<number>.0.0/16`.
    pub(super) number: usize,
    /// How many subnets it has.
    pub(super) subnets: usize,
    /// Whether it has IPv6 addresses, too.
    pub ipv6: bool,
    /// Position of its main route table.
    pub(super) main_table: usize,
    /// Position of its default network ACL.
    pub(super) default_acl: usize,
}

impl Vpc {
    /// Returns the addresses of the VPC.
    pub fn cidr(&self) -> String {
        format!("10.{}.0.0/16", self.number)
    }

    /// Returns the IPv6 addresses of the VPC.
    pub fn ipv6_cidr(&self) -> String {
        format!("2001:db8:0:{:x}00::/56", self.number + 1)
    }

    /// Returns a stable id for a part of the VPC. Every name has its own.
    pub(super) fn id_of(&self, prefix: &str, name: &str) -> String {
        format!("{prefix}-{}", ids::hex(&[prefix, &self.id, name], 17))
    }
}

/// A subnet.
#[derive(Debug)]
pub struct Subnet {
    /// `subnet-…`
    pub id: String,
    /// Position of its VPC.
    pub vpc: usize,
    /// Its number in the VPC.
    pub(super) number: usize,
    /// The letter of its Availability Zone.
    pub(super) zone: String,
    /// Position of its network ACL.
    pub acl: usize,
    /// Position of its route table: the main one of the VPC, or its own.
    pub table: usize,
    /// Which IPv6 addresses it has.
    pub ipv6: Ipv6,
    /// Whether its instances have public addresses.
    pub public: bool,
    /// Whether its instances reach a mirror of the repositories or a WSUS server inside the network.
    pub(super) mirror: bool,
}

/// A route table.
#[derive(Debug)]
pub struct RouteTable {
    /// `rtb-…`
    pub id: String,
    /// Position of its VPC.
    pub vpc: usize,
    /// Whether it is the main table of its VPC. Subnets without an association use that.
    pub main: bool,
    /// The routes, without the local one.
    pub routes: Vec<Route>,
}

/// A route, other than the local one.
#[derive(Debug)]
pub struct Route {
    /// What it is for.
    pub destination: RouteTo,
    /// Where it leads.
    pub target: RouteTarget,
}

/// The destination of a route. The kind decides in which field the API shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteTo {
    /// `0.0.0.0/0`
    Anywhere,
    /// `::/0`
    AnywhereByIpv6,
    /// `64:ff9b::/96`: what DNS64 answers for names that have IPv4 addresses only.
    Nat64,
    /// A prefix list.
    PrefixList(String),
}

/// The target of a route. The kind decides in which field the API shows the id.
#[derive(Debug)]
pub enum RouteTarget {
    /// An internet gateway or a gateway endpoint.
    Gateway(String),
    /// A NAT gateway.
    Nat(String),
    /// A NAT gateway that was deleted.
    DeletedNat(String),
    /// A transit gateway.
    Transit(String),
    /// An egress-only internet gateway.
    EgressOnly(String),
}

/// A security group.
#[derive(Debug)]
pub struct SecurityGroup {
    /// `sg-…`
    pub id: String,
    /// Position of its VPC.
    pub vpc: usize,
    /// `GroupName`
    pub name: String,
    /// Rules for connections in.
    pub ingress: Vec<Rule>,
    /// Rules for connections out.
    pub egress: Vec<Rule>,
}

/// A rule of a security group.
#[derive(Debug)]
pub struct Rule {
    /// The TCP port. None: every protocol and port.
    pub port: Option<u16>,
    /// The other side of the connection.
    pub peers: Vec<Peer>,
}

/// The other side of a rule's connection.
#[derive(Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Peer {
    V4(String),
    V6(String),
    PrefixList(String),
    Group(String),
}

/// A network ACL.
#[derive(Debug)]
pub struct Acl {
    /// `acl-…`
    pub id: String,
    /// Position of its VPC.
    pub vpc: usize,
    /// Whether it is the default one of its VPC.
    pub default: bool,
    /// Its numbered entries. After them everything is denied.
    pub entries: Vec<AclEntry>,
}

/// An entry of a network ACL. The first entry that matches decides.
#[derive(Debug, Clone, Copy)]
pub struct AclEntry {
    /// Its number.
    pub number: u16,
    /// Whether it is for traffic that leaves the subnet.
    pub egress: bool,
    /// Whether it allows the traffic.
    pub allow: bool,
    /// TCP ports. None: every protocol and port.
    pub ports: Option<(u16, u16)>,
}

/// A VPC endpoint.
#[derive(Debug)]
pub struct Endpoint {
    /// `vpce-…`
    pub id: String,
    /// Position of its VPC.
    pub vpc: usize,
    /// The last part of the service's name.
    pub service: String,
    /// Whether it is ready for use.
    pub available: bool,
    /// Whether the service's usual names lead to it.
    pub private_dns: bool,
    /// What its policy allows.
    pub policy: Policy,
    /// Positions of the route tables that lead to it. Only a gateway has any.
    pub tables: Vec<usize>,
    /// Position of its subnet. Only an interface has one.
    pub subnet: Option<usize>,
    /// Position of its security group. Only an interface has one.
    pub group: Option<usize>,
}

impl Endpoint {
    /// Returns whether it is a gateway endpoint. Otherwise it is an interface endpoint.
    pub fn is_gateway(&self) -> bool {
        self.subnet.is_none()
    }
}

/// Where an instance is connected: positions of its subnet and its security group.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Attachment {
    pub subnet: usize,
    pub group: usize,
}

/// All networks.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Networks {
    pub vpcs: Vec<Vpc>,
    pub subnets: Vec<Subnet>,
    pub tables: Vec<RouteTable>,
    pub groups: Vec<SecurityGroup>,
    pub acls: Vec<Acl>,
    pub endpoints: Vec<Endpoint>,
    /// Positions of the VPCs by account, Region and name.
    pub(super) by_name: HashMap<[String; 3], usize>,
    /// How many VPCs there are by account and Region.
    pub(super) at: HashMap<[String; 2], usize>,
}

impl Networks {
    /// Returns whether a VPC is in this account and Region.
    pub fn is_at(&self, vpc: usize, account: &str, region: &str) -> bool {
        let vpc = &self.vpcs[vpc];
        vpc.account == account && vpc.region == region
    }

    /// Returns the addresses of a subnet.
    pub fn subnet_cidr(&self, subnet: &Subnet) -> String {
        format!("10.{}.{}.0/24", self.vpcs[subnet.vpc].number, subnet.number)
    }

    /// Returns the IPv6 addresses of a subnet that has some.
    pub fn subnet_ipv6_cidr(&self, subnet: &Subnet) -> Option<String> {
        let number = self.vpcs[subnet.vpc].number + 1;
        (subnet.ipv6 != Ipv6::No).then(|| format!("2001:db8:0:{number:x}{:02x}::/64", subnet.number))
    }

    /// Returns the stable IPv6 address of an instance whose subnet has some.
    pub fn ipv6_address(&self, at: Attachment, instance: &str) -> Option<String> {
        let cidr = self.subnet_ipv6_cidr(&self.subnets[at.subnet])?;
        Some(cidr.replace("/64", &format!("{:x}", last_byte(instance))))
    }

    /// Returns a stable address for an instance: the private one, or the one of IPv6 if it has no other.
    pub fn address(&self, at: Attachment, instance: &str) -> String {
        let subnet = &self.subnets[at.subnet];
        if let (Ipv6::Only, Some(address)) = (subnet.ipv6, self.ipv6_address(at, instance)) {
            return address;
        }
        let last = last_byte(instance);
        format!("10.{}.{}.{last}", self.vpcs[subnet.vpc].number, subnet.number)
    }

    /// Returns the Availability Zone of a subnet.
    pub fn zone(&self, subnet: &Subnet) -> String {
        format!("{}{}", self.vpcs[subnet.vpc].region, subnet.zone)
    }
}

fn last_byte(instance: &str) -> u8 {
    u8::from_str_radix(&ids::hex(&["address", instance], 2), 16).unwrap_or_default()
}

/// Returns the id of AWS's own prefix list for a gateway service in a Region. These ids are shorter than others.
pub fn prefix_list(region: &str, service: &str) -> String {
    format!("pl-{}", ids::hex(&["prefix-list", region, service], 8))
}
