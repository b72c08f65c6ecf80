//! The parts of networks, as the EC2 API tells of them.
use crate::{facts::ids, scenario::Policy};
use std::collections::HashMap;

/// The name of the VPC of entries that say nothing about their network.
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
    /// The scenario's name for it, or a derived one; its tag `Name` tells it.
    pub name: String,
    /// Its second number: `10.<number>.0.0/16`.
    pub(super) number: usize,
    /// How many subnets it has.
    pub(super) subnets: usize,
    /// Position of its main route table.
    pub(super) main_table: usize,
    /// Position of its default network ACL.
    pub(super) default_acl: usize,
}

impl Vpc {
    /// Its addresses.
    pub fn cidr(&self) -> String {
        format!("10.{}.0.0/16", self.number)
    }

    /// The id of something in it: stable, and different for every name.
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
    /// Position of its network ACL.
    pub acl: usize,
    /// Position of its route table: the main one of the VPC or one of its own.
    pub table: usize,
    /// Do its instances have public addresses?
    pub public: bool,
    /// Is there a mirror of the repositories, or a WSUS server, that its instances reach?
    pub(super) mirror: bool,
}

/// A route table.
#[derive(Debug)]
pub struct RouteTable {
    /// `rtb-…`
    pub id: String,
    /// Position of its VPC.
    pub vpc: usize,
    /// Is it the main one of the VPC? Subnets without an association use that.
    pub main: bool,
    /// The routes but the local one.
    pub routes: Vec<Route>,
}

/// A route that somebody created.
#[derive(Debug)]
pub struct Route {
    /// A prefix list; none: everything.
    pub prefix_list: Option<String>,
    /// Where it leads.
    pub target: RouteTarget,
}

/// Where a route leads: the kind says which field of the API tells the id.
#[derive(Debug)]
pub enum RouteTarget {
    /// An internet gateway or a gateway endpoint.
    Gateway(String),
    /// A NAT gateway.
    Nat(String),
    /// A NAT gateway that is gone.
    DeletedNat(String),
    /// A transit gateway.
    Transit(String),
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
    /// Who is let in.
    pub ingress: Vec<Rule>,
    /// Where connections go out to.
    pub egress: Vec<Rule>,
}

/// A rule of a security group.
#[derive(Debug)]
pub struct Rule {
    /// The port of TCP; none: every protocol and port.
    pub port: Option<u16>,
    /// The other side.
    pub peers: Vec<Peer>,
}

/// The other side of a rule.
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
    /// Is it the default one of the VPC?
    pub default: bool,
    /// Its numbered entries; after them everything is denied.
    pub entries: Vec<AclEntry>,
}

/// An entry of a network ACL; the first one that matches decides.
#[derive(Debug)]
pub struct AclEntry {
    /// Its number.
    pub number: u16,
    /// Is it about what leaves the subnet?
    pub egress: bool,
    /// Does it allow?
    pub allow: bool,
    /// Ports of TCP; none: every protocol and port.
    pub ports: Option<(u16, u16)>,
}

/// An endpoint.
#[derive(Debug)]
pub struct Endpoint {
    /// `vpce-…`
    pub id: String,
    /// Position of its VPC.
    pub vpc: usize,
    /// The last part of the service's name.
    pub service: String,
    /// Is it ready for use?
    pub available: bool,
    /// Do the service's usual names lead to it?
    pub private_dns: bool,
    /// What its policy allows.
    pub policy: Policy,
    /// Positions of the route tables that lead to it; a gateway has nothing else.
    pub tables: Vec<usize>,
    /// Position of the subnet of an interface.
    pub subnet: Option<usize>,
    /// Position of the security group of an interface.
    pub group: Option<usize>,
}

impl Endpoint {
    /// Is it a gateway, not an interface?
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
    /// Is this VPC one of an account in a Region?
    pub fn is_at(&self, vpc: usize, account: &str, region: &str) -> bool {
        let vpc = &self.vpcs[vpc];
        vpc.account == account && vpc.region == region
    }

    /// The addresses of a subnet.
    pub fn subnet_cidr(&self, subnet: &Subnet) -> String {
        format!("10.{}.{}.0/24", self.vpcs[subnet.vpc].number, subnet.number)
    }

    /// A stable private address of an instance.
    pub fn address(&self, at: Attachment, instance: &str) -> String {
        let subnet = &self.subnets[at.subnet];
        let last = u8::from_str_radix(&ids::hex(&["address", instance], 2), 16).unwrap_or_default();
        format!("10.{}.{}.{last}", self.vpcs[subnet.vpc].number, subnet.number)
    }

    /// The Availability Zone of a subnet.
    pub fn zone(&self, subnet: &Subnet) -> String {
        format!("{}a", self.vpcs[subnet.vpc].region)
    }
}

/// The id of the prefix list of a gateway service in a Region; they are AWS's own and shorter than others.
pub fn prefix_list(region: &str, service: &str) -> String {
    format!("pl-{}", ids::hex(&["prefix-list", region, service], 8))
}
