//! Ways through the network: from an instance to the internet, to S3, to an endpoint of Systems Manager.
//!
//! Everything is looked up by id in maps that are built once per target, so the work for an instance depends on its
//! own subnet, groups and endpoints only, never on how many instances there are.

mod acl;
mod endpoint;
mod group;
mod path;
mod policy;
mod route;

use std::collections::{BTreeSet, HashMap};

pub(super) use endpoint::Reached;
use ipnet::{IpNet, Ipv4Net};
use orgpatch_model::fetched::Unavailable;
use orgpatch_model::instance::Ec2Instance;
pub(super) use path::Path;

use super::facts::{Endpoint, EndpointKind, Network, NetworkAcl, RouteTable, SecurityGroup, Subnet};

/// Patches and Systems Manager are on HTTPS.
const HTTPS: u16 = 443;

/// The facts of a target's networks by id.
pub(super) struct View<'a> {
    subnets: Result<HashMap<&'a str, &'a Subnet>, &'a Unavailable>,
    tables: Result<Tables<'a>, &'a Unavailable>,
    groups: Result<HashMap<&'a str, &'a SecurityGroup>, &'a Unavailable>,
    acls: Result<HashMap<&'a str, &'a NetworkAcl>, &'a Unavailable>,
    endpoints: Result<Endpoints<'a>, &'a Unavailable>,
    lists: group::Lists<'a>,
}

/// By network, then by service; several of one service by their ids.
type Endpoints<'a> = HashMap<&'a str, HashMap<&'a str, Vec<&'a Endpoint>>>;

struct Tables<'a> {
    by_subnet: HashMap<&'a str, &'a RouteTable>,
    main_by_vpc: HashMap<&'a str, &'a RouteTable>,
}

/// Where an instance is. What could not be read is an error that says so.
pub(super) struct Place<'a> {
    pub vpc: &'a str,
    pub subnet: Result<&'a Subnet, Unread>,
    pub table: Result<&'a RouteTable, Unread>,
    groups: Result<Vec<&'a SecurityGroup>, Unread>,
    acl: Result<&'a NetworkAcl, Unread>,
    /// The address that others see, as a network of one; the whole subnet if it is not known.
    own: Option<IpNet>,
    /// None if it does not run: a public address may come with the start.
    public_ip: Option<bool>,
}

/// Facts that are not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unread {
    /// Not allowed, or failed.
    Unavailable(Unavailable),
    /// Read, but this is not among them: the network of another account, shared with this one.
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
            lists: group::Lists::new(&network.prefix_lists, region),
        }
    }

    /// Where that instance is; None if it is in no network, which EC2 says of instances that have ended.
    pub fn place(&self, instance: &'a Ec2Instance) -> Option<Place<'a>> {
        let vpc = instance.vpc_id.as_deref()?;
        let subnet_id = instance.subnet_id.as_deref()?;
        let subnet = self.subnet(subnet_id);
        let own = match (instance.private_ip, &subnet) {
            (Some(ip), _) => Some(IpNet::from(ip)),
            (None, Ok(subnet)) => Some(subnet.cidr),
            (None, Err(_)) => None,
        };
        let mut ids: BTreeSet<&str> = BTreeSet::new();
        ids.extend(instance.security_group_ids.iter().map(String::as_str));
        Some(Place {
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
        find(&self.subnets, id)
    }

    fn group(&self, id: &str) -> Result<&'a SecurityGroup, Unread> {
        find(&self.groups, id)
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

    /// The endpoints of a service in a network, in the order of their ids.
    fn endpoints_of(&self, vpc: &str, service: &str) -> Result<&[&'a Endpoint], Unread> {
        let endpoints = self.endpoints.as_ref().map_err(|missing| Unread::Unavailable((*missing).clone()))?;
        Ok(endpoints.get(vpc).and_then(|of_vpc| of_vpc.get(service)).map(Vec::as_slice).unwrap_or_default())
    }

    /// True if there is such an endpoint at all, in whatever shape.
    pub fn has_endpoint(&self, vpc: &str, service: &str) -> bool {
        self.endpoints_of(vpc, service).is_ok_and(|found| !found.is_empty())
    }
}

impl Place<'_> {
    /// Ids of its security groups, for people.
    fn group_names(&self) -> String {
        self.groups.as_ref().map_or_else(|_| String::new(), |groups| ids(groups.iter().map(|group| group.id.as_str())))
    }
}

fn find<'a, T>(all: &Result<HashMap<&'a str, &'a T>, &'a Unavailable>, id: &str) -> Result<&'a T, Unread> {
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

/// True if the usual name of the service leads there.
fn in_use(endpoint: &Endpoint) -> bool {
    endpoint.state == "available"
        && match &endpoint.kind {
            EndpointKind::Gateway { .. } => true,
            EndpointKind::Interface { private_dns, .. } => *private_dns,
        }
}

/// Everything outside.
fn anywhere() -> IpNet {
    IpNet::V4(Ipv4Net::default())
}

fn ids<'s>(ids: impl Iterator<Item = &'s str>) -> String {
    let sorted: BTreeSet<&str> = ids.collect();
    sorted.into_iter().collect::<Vec<_>>().join(", ")
}
