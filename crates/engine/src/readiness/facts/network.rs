//! The network around the instances of a target, as EC2 describes it. Each list is one paged call for the whole
//! Region, whatever the number of instances.

use ipnet::IpNet;

use super::Fetched;

/// Every network of a target. The checks look only at IPv4, which patches and, by default, Systems Manager use. Of IPv6 they
/// know only where it may lead out, so that they do not call a path blocked which they have not seen.
#[derive(Debug, Clone)]
pub struct Network {
    /// `ec2:DescribeSubnets`.
    pub subnets: Fetched<Vec<Subnet>>,
    /// `ec2:DescribeRouteTables`.
    pub route_tables: Fetched<Vec<RouteTable>>,
    /// `ec2:DescribeSecurityGroups`.
    pub security_groups: Fetched<Vec<SecurityGroup>>,
    /// `ec2:DescribeNetworkAcls`.
    pub network_acls: Fetched<Vec<NetworkAcl>>,
    /// `ec2:DescribeVpcEndpoints`.
    pub endpoints: Fetched<Vec<Endpoint>>,
    /// `ec2:DescribeManagedPrefixLists`: at least the list of S3 in the Region.
    pub prefix_lists: Fetched<Vec<PrefixList>>,
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Its IPv4 addresses. None: it is IPv6-only.
    pub cidr: Option<IpNet>,
    /// True if it has IPv6 addresses.
    pub ipv6: bool,
}

/// A route table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTable {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// True for the table that subnets without a table of their own use.
    pub main: bool,
    /// Subnets that are associated with it explicitly.
    pub subnet_ids: Vec<String>,
    /// Its routes.
    pub routes: Vec<Route>,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// `DestinationCidrBlock`, `DestinationIpv6CidrBlock` or `DestinationPrefixListId`.
    pub destination: String,
    /// The next hop: the one of `NatGatewayId`, `GatewayId`, `TransitGatewayId`, `NetworkInterfaceId` … that is set.
    pub target: String,
    /// False for a `blackhole`.
    pub active: bool,
}

/// A security group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityGroup {
    /// Its id.
    pub id: String,
    /// Its rules: `IpPermissions` (in) and `IpPermissionsEgress` (out), one entry per peer.
    pub rules: Vec<GroupRule>,
}

/// A rule of a security group. Every rule allows something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRule {
    /// In or out.
    pub direction: Direction,
    /// Protocol.
    pub protocol: Protocol,
    /// Ports. Absent: all ports.
    pub ports: Option<Ports>,
    /// The other side.
    pub peer: Peer,
}

/// A direction, seen from the instance or subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Towards it.
    In,
    /// Away from it.
    Out,
}

/// The protocols that matter for patching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `-1`: all of them.
    Any,
    /// `tcp` or `6`.
    Tcp,
    /// One that patching does not use.
    Other,
}

impl Protocol {
    /// Returns the protocol of that name or number in EC2.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "-1" => Self::Any,
            "tcp" | "6" => Self::Tcp,
            _ => Self::Other,
        }
    }
}

/// A range of ports, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// The lowest.
    pub from: u16,
    /// The highest.
    pub to: u16,
}

/// The other side of a rule of a security group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// Addresses.
    Cidr(IpNet),
    /// Addresses of a prefix list.
    PrefixList(String),
    /// Network interfaces that have that security group.
    Group(String),
}

/// A network ACL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkAcl {
    /// Its id.
    pub id: String,
    /// Subnets to which it applies.
    pub subnet_ids: Vec<String>,
    /// Its entries, in any order.
    pub entries: Vec<AclEntry>,
}

/// An entry of a network ACL. The matching entry with the lowest number decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AclEntry {
    /// `RuleNumber`.
    pub number: u32,
    /// In or out.
    pub direction: Direction,
    /// Protocol.
    pub protocol: Protocol,
    /// Ports. Absent: all ports.
    pub ports: Option<Ports>,
    /// Addresses on the other side.
    pub cidr: IpNet,
    /// True for `allow`, false for `deny`.
    pub allow: bool,
}

/// A VPC endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// The last word of `ServiceName`: `ssm`, `ssmmessages`, `ec2messages`, `s3`, `kms`, `logs`, `ec2` …
    pub service: String,
    /// `State`, in lower case: `available`, `pending` …
    pub state: String,
    /// `PolicyDocument` as text. None: it has no policy, so it allows everything.
    pub policy: Option<String>,
    /// Its kind, with the fields of that kind.
    pub kind: EndpointKind,
}

/// Kinds of endpoints that matter here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointKind {
    /// A target of routes.
    Gateway {
        /// Route tables that have a route to it.
        route_table_ids: Vec<String>,
    },
    /// Network interfaces in subnets.
    Interface {
        /// Subnets of the network interfaces.
        subnet_ids: Vec<String>,
        /// Security groups of the network interfaces.
        security_group_ids: Vec<String>,
        /// True if the service's usual DNS name resolves to them.
        private_dns: bool,
    },
}

/// A managed prefix list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixList {
    /// Its id.
    pub id: String,
    /// Its name, such as `com.amazonaws.eu-west-1.s3`.
    pub name: String,
    /// Its addresses. None: they were not read.
    pub entries: Option<Vec<IpNet>>,
}
