//! Paths through the network: from an instance to the internet, to S3, to an endpoint of Systems Manager.
//!
//! Everything is looked up by id in maps that are built once per target, so the work for an instance depends only on its
//! own subnet, groups and endpoints, and not on the number of instances.

mod acl;
mod endpoint;
mod group;
mod ipv6;
mod path;
mod policy;
mod route;

use std::collections::{BTreeSet, HashMap};

pub(super) use endpoint::ServicePath;
use ipnet::{IpNet, Ipv4Net};
pub(super) use ipv6::Ipv6;
use orgpatch_model::fetched::Unavailable;
use orgpatch_model::instance::Ec2Instance;
pub(super) use path::Path;

use super::facts::{Endpoint, EndpointKind, Network, NetworkAcl, RouteTable, SecurityGroup, Subnet};

/// The port of HTTPS, which patches and Systems Manager use.
const HTTPS: u16 = 443;

/// The facts of a target's networks by id.
pub(super) struct View<'a> {
    subnets: Result<HashMap<&'a str, &'a Subnet>, &'a Unavailable>,
    tables: Result<Tables<'a>, &'a Unavailable>,
    groups: Result<HashMap<&'a str, &'a SecurityGroup>, &'a Unavailable>,
    acls: Result<HashMap<&'a str, &'a NetworkAcl>, &'a Unavailable>,
    endpoints: Result<Endpoints<'a>, &'a Unavailable>,
    lists: group::PrefixLists<'a>,
}

/// Endpoints by VPC, then by service; several endpoints of one service are sorted by id.
type Endpoints<'a> = HashMap<&'a str, HashMap<&'a str, Vec<&'a Endpoint>>>;

struct Tables<'a> {
    by_subnet: HashMap<&'a str, &'a RouteTable>,
    main_by_vpc: HashMap<&'a str, &'a RouteTable>,
}

/// The network around an instance. A part that could not be read is an error that says why.
pub(super) struct InstanceNetwork<'a> {
    pub vpc: &'a str,
    pub subnet: Result<&'a Subnet, Unread>,
    pub table: Result<&'a RouteTable, Unread>,
    groups: Result<Vec<&'a SecurityGroup>, Unread>,
    acl: Result<&'a NetworkAcl, Unread>,
    /// Its private address as a network of one address; the whole subnet if the address is not known.
    own: Option<IpNet>,
    /// None if it does not run, because it may get a public address when it starts.
    public_ip: Option<bool>,
}

/// The reason why a fact is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unread {
    /// The call was not allowed, or it failed.
    Unavailable(Unavailable),
    /// The list was read, but it does not contain this: it belongs to another account, which shares its VPC.
    NotThere(String),
}

impl<'a> View<'a> {
    pub fn new(network: &'a Network, region: &'a str) -> Self {
        Self {
            subnets: network.subnets.get().map(|all| all.iter().map(|one| (one.id.as_str(), one)).collect()),
            tables: network.route_tables.get().map(|all| tables(all)),
            groups: network.security_groups.get().map(|all| all.iter().map(|one| (one.id.as_str(), one)).collect()),
            acls: network.network_acls.get().map(|all| {
                all.iter().flat_map(|acl| acl.subnet_ids.iter().map(move |subnet| (subnet.as_str(), acl))).collect()
            }),
            endpoints: network.endpoints.get().map(|all| endpoints(all)),
            lists: group::PrefixLists::new(&network.prefix_lists, region),
        }
    }

    /// Returns the network around that instance; None if it is in no VPC, as EC2 reports for terminated instances.
    pub fn place(&self, instance: &'a Ec2Instance) -> Option<InstanceNetwork<'a>> {
        let vpc = instance.vpc_id.as_deref()?;
        let subnet_id = instance.subnet_id.as_deref()?;
        let subnet = self.subnet(subnet_id);
        let own = match (instance.private_ip, &subnet) {
            (Some(ip), _) => Some(IpNet::from(ip)),
            (None, Ok(subnet)) => subnet.cidr,
            (None, Err(_)) => None,
        };
        let mut ids: BTreeSet<&str> = BTreeSet::new();
        ids.extend(instance.security_group_ids.iter().map(String::as_str));
        Some(InstanceNetwork {
            vpc,
            table: self.table(vpc, subnet_id),
            groups: ids.into_iter().map(|id| self.group(id)).collect(),
            acl: self.acl(subnet_id),
            subnet,
            own,
            public_ip: (instance.public_ip || instance.state == "running").then_some(instance.public_ip),
        })
    }

    fn subnet(&self, id: &str) -> Result<&'a Subnet, Unread> {
        by_id(&self.subnets, id)
    }

    fn group(&self, id: &str) -> Result<&'a SecurityGroup, Unread> {
        by_id(&self.groups, id)
    }

    fn acl(&self, subnet_id: &str) -> Result<&'a NetworkAcl, Unread> {
        match &self.acls {
            Err(missing) => Err(Unread::Unavailable((*missing).clone())),
            Ok(acls) => acls
                .get(subnet_id)
                .copied()
                .ok_or_else(|| Unread::NotThere(format!("the network ACL of {subnet_id} is not in this account"))),
        }
    }

    fn table(&self, vpc: &str, subnet_id: &str) -> Result<&'a RouteTable, Unread> {
        let tables = self.tables.as_ref().map_err(|missing| Unread::Unavailable((*missing).clone()))?;
        tables
            .by_subnet
            .get(subnet_id)
            .or_else(|| tables.main_by_vpc.get(vpc))
            .copied()
            .ok_or_else(|| Unread::NotThere(format!("the route table of {subnet_id} is not in this account")))
    }

    /// Returns the endpoints of a service in a VPC, sorted by id.
    fn endpoints_of(&self, vpc: &str, service: &str) -> Result<&[&'a Endpoint], Unread> {
        let endpoints = self.endpoints.as_ref().map_err(|missing| Unread::Unavailable((*missing).clone()))?;
        Ok(endpoints.get(vpc).and_then(|of_vpc| of_vpc.get(service)).map(Vec::as_slice).unwrap_or_default())
    }

    /// Returns true if the VPC has an endpoint of that service, in any state.
    pub fn has_endpoint(&self, vpc: &str, service: &str) -> bool {
        self.endpoints_of(vpc, service).is_ok_and(|found| !found.is_empty())
    }
}

impl InstanceNetwork<'_> {
    /// Returns the ids of its security groups, for people.
    fn group_names(&self) -> String {
        self.groups.as_ref().map_or_else(|_| String::new(), |groups| ids(groups.iter().map(|group| group.id.as_str())))
    }
}

fn by_id<'a, T>(all: &Result<HashMap<&'a str, &'a T>, &'a Unavailable>, id: &str) -> Result<&'a T, Unread> {
    match all {
        Err(missing) => Err(Unread::Unavailable((*missing).clone())),
        Ok(all) => {
            all.get(id).copied().ok_or_else(|| Unread::NotThere(format!("{id} is not in what the account can see")))
        }
    }
}

fn tables(all: &[RouteTable]) -> Tables<'_> {
    Tables {
        by_subnet: all
            .iter()
            .flat_map(|table| table.subnet_ids.iter().map(move |subnet| (subnet.as_str(), table)))
            .collect(),
        main_by_vpc: all.iter().filter(|table| table.main).map(|table| (table.vpc_id.as_str(), table)).collect(),
    }
}

fn endpoints(all: &[Endpoint]) -> Endpoints<'_> {
    let mut found: Endpoints<'_> = HashMap::new();
    for endpoint in all {
        found.entry(&endpoint.vpc_id).or_default().entry(&endpoint.service).or_default().push(endpoint);
    }
    for of_one in found.values_mut().flat_map(HashMap::values_mut) {
        of_one.sort_by_key(|endpoint| &endpoint.id);
    }
    found
}

/// Returns true if traffic to the service's usual name uses the endpoint.
fn in_use(endpoint: &Endpoint) -> bool {
    endpoint.state == "available"
        && match &endpoint.kind {
            EndpointKind::Gateway { .. } => true,
            EndpointKind::Interface { private_dns, .. } => *private_dns,
        }
}

/// Returns the network that contains every address.
fn anywhere() -> IpNet {
    IpNet::V4(Ipv4Net::default())
}

fn ids<'s>(ids: impl Iterator<Item = &'s str>) -> String {
    let sorted: BTreeSet<&str> = ids.collect();
    sorted.into_iter().collect::<Vec<_>>().join(", ")
}
