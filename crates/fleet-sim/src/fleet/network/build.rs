//! Derives the networks from a scenario. Entries with equal networks share a VPC, so that one cause affects all their
//! instances.
use super::model::{
    Acl, AclEntry, Attachment, DEFAULT_VPC, Endpoint, Networks, Peer, Route, RouteTable, RouteTarget, RouteTo, Rule,
    SecurityGroup, Subnet, Vpc, prefix_list,
};
use crate::{
    facts::ids,
    scenario::{
        Egress, EndpointEntry, EndpointGroup, EndpointPlace, FleetEntry, Ipv6, Ipv6WayOut, NameOrMap, NetworkAcl,
        NetworkEntry, WayOut,
    },
};

const ANYWHERE: &str = "0.0.0.0/0";

/// A subnet with its security group, while networks are built.
struct Part<'a> {
    vpc: usize,
    network: NetworkEntry,
    zone: &'a str,
    at: Attachment,
}

impl Networks {
    /// Builds the networks of the entries. Returns them, and where the instances of each entry are connected.
    pub fn new(entries: &[FleetEntry]) -> (Self, Vec<Attachment>) {
        let (mut networks, mut parts): (Self, Vec<Part<'_>>) = (Self::default(), Vec::new());
        let attachments = entries
            .iter()
            .map(|entry| {
                let (name, network) = describe(entry);
                let vpc = networks.vpc(&entry.account, &entry.region, &name);
                if let Some(part) =
                    parts.iter().find(|part| (part.vpc, &part.network, part.zone) == (vpc, &network, &entry.zone))
                {
                    return part.at;
                }
                let at = networks.add_part(vpc, &network, &entry.zone);
                parts.push(Part { vpc, network, zone: &entry.zone, at });
                at
            })
            .collect();
        for position in 0..parts.len() {
            let part = &parts[position];
            for NameOrMap(endpoint) in &part.network.endpoints {
                networks.add_endpoint(&parts, part, endpoint);
            }
        }
        (networks, attachments)
    }

    fn vpc(&mut self, account: &str, region: &str, name: &str) -> usize {
        let key = [account, region, name].map(str::to_owned);
        if let Some(index) = self.by_name.get(&key) {
            return *index;
        }
        let index = self.vpcs.len();
        self.by_name.insert(key, index);
        let count = self.at.entry([account, region].map(str::to_owned)).or_default();
        let number = *count;
        *count += 1;
        let mut parts = vec!["vpc", account, region];
        if name != DEFAULT_VPC {
            parts.push(name);
        }
        let vpc = Vpc {
            id: format!("vpc-{}", ids::hex(&parts, 17)),
            account: account.to_owned(),
            region: region.to_owned(),
            name: name.to_owned(),
            number,
            subnets: 0,
            ipv6: false,
            main_table: self.tables.len(),
            default_acl: self.acls.len(),
        };
        let (main, acl) = (vpc.id_of("rtb", "main"), vpc.id_of("acl", "default"));
        self.vpcs.push(vpc);
        self.tables.push(RouteTable { id: main, vpc: index, main: true, routes: Vec::new() });
        self.acls.push(Acl { id: acl, vpc: index, default: true, entries: acl_entries(NetworkAcl::Open) });
        index
    }

    /// Adds a subnet and a security group for instances with this network.
    fn add_part(&mut self, vpc: usize, network: &NetworkEntry, zone: &str) -> Attachment {
        let name = format!("nodes-{}", self.vpcs[vpc].subnets);
        self.vpcs[vpc].ipv6 |= network.ipv6 != Ipv6::No;
        let routes = default_routes(&self.vpcs[vpc], network);
        let table = if network.main_route_table {
            let main = self.vpcs[vpc].main_table;
            self.tables[main].routes = routes;
            main
        } else {
            let id = self.vpcs[vpc].id_of("rtb", &name);
            self.tables.push(RouteTable { id, vpc, main: false, routes });
            self.tables.len() - 1
        };
        let acl = if network.network_acl == NetworkAcl::Open {
            self.vpcs[vpc].default_acl
        } else {
            let id = self.vpcs[vpc].id_of("acl", &name);
            self.acls.push(Acl { id, vpc, default: false, entries: acl_entries(network.network_acl) });
            self.acls.len() - 1
        };
        let subnet = self.add_subnet(vpc, &name, zone, acl, table);
        self.subnets[subnet].ipv6 = network.ipv6;
        self.subnets[subnet].public = network.is_public();
        self.subnets[subnet].mirror = network.mirror;
        let egress = self.egress(vpc, network.egress443);
        let id = self.vpcs[vpc].id_of("sg", &name);
        self.groups.push(SecurityGroup { id, vpc, name, ingress: Vec::new(), egress });
        Attachment { subnet, group: self.groups.len() - 1 }
    }

    fn add_subnet(&mut self, vpc: usize, name: &str, zone: &str, acl: usize, table: usize) -> usize {
        let number = self.vpcs[vpc].subnets;
        self.vpcs[vpc].subnets += 1;
        let id = if self.vpcs[vpc].name == DEFAULT_VPC && number == 0 {
            let vpc = &self.vpcs[vpc];
            format!("subnet-{}", ids::hex(&["subnet", &vpc.account, &vpc.region], 17))
        } else {
            self.vpcs[vpc].id_of("subnet", name)
        };
        let zone = zone.to_owned();
        self.subnets.push(Subnet { id, vpc, number, zone, acl, table, ipv6: Ipv6::No, public: false, mirror: false });
        self.subnets.len() - 1
    }

    fn egress(&self, vpc: usize, egress: Egress) -> Vec<Rule> {
        let vpc = &self.vpcs[vpc];
        let s3 = Peer::PrefixList(prefix_list(&vpc.region, "s3"));
        let to_443 = |peers| vec![Rule { port: Some(443), peers }];
        match egress {
            Egress::Open => {
                vec![Rule { port: None, peers: vec![Peer::V4(ANYWHERE.to_owned()), Peer::V6("::/0".to_owned())] }]
            }
            // DNS and time come from the VPC itself. The remaining rule is for a database.
            Egress::Closed => vec![Rule { port: Some(5432), peers: vec![Peer::V4(vpc.cidr())] }],
            Egress::S3Only => to_443(vec![s3]),
            Egress::VpcOnly => to_443(vec![Peer::V4(vpc.cidr())]),
            Egress::EndpointsAndS3 => {
                let kinds = [EndpointGroup::Vpc, EndpointGroup::Instances, EndpointGroup::Closed];
                let groups = kinds.map(|kind| Peer::Group(endpoint_group_id(vpc, kind)));
                to_443(groups.into_iter().chain([s3]).collect())
            }
        }
    }

    fn add_endpoint(&mut self, parts: &[Part<'_>], part: &Part<'_>, entry: &EndpointEntry) {
        let vpc = if entry.place == EndpointPlace::OtherVpc {
            let Vpc { account, region, name, .. } = &self.vpcs[part.vpc];
            let (account, region, name) = (account.clone(), region.clone(), format!("{name}-endpoints"));
            self.vpc(&account, &region, &name)
        } else {
            part.vpc
        };
        if self.endpoints.iter().any(|endpoint| endpoint.vpc == vpc && endpoint.service == entry.service) {
            return;
        }
        let mut endpoint = Endpoint {
            id: self.vpcs[vpc].id_of("vpce", &entry.service),
            vpc,
            service: entry.service.clone(),
            available: entry.available,
            private_dns: entry.private_dns && entry.service != "s3",
            policy: entry.policy,
            tables: Vec::new(),
            subnet: None,
            group: None,
        };
        if entry.service == "s3" {
            endpoint.tables = self.tables_to_s3(parts, vpc, entry.place);
            let route = || Route {
                destination: RouteTo::PrefixList(prefix_list(&self.vpcs[vpc].region, "s3")),
                target: RouteTarget::Gateway(endpoint.id.clone()),
            };
            let routes: Vec<_> = endpoint.tables.iter().map(|table| (*table, route())).collect();
            for (table, route) in routes {
                self.tables[table].routes.push(route);
            }
        } else {
            endpoint.subnet =
                Some(if entry.place == EndpointPlace::Here { part.at.subnet } else { self.endpoint_subnet(vpc) });
            endpoint.group = Some(self.endpoint_group(parts, vpc, entry.group));
        }
        self.endpoints.push(endpoint);
    }

    /// Returns the route tables that lead to the S3 endpoint of a VPC.
    fn tables_to_s3(&self, parts: &[Part<'_>], vpc: usize, place: EndpointPlace) -> Vec<usize> {
        if place != EndpointPlace::Here {
            return vec![self.vpcs[vpc].main_table];
        }
        let with_route = parts.iter().filter(|part| part.vpc == vpc && part.network.s3_route);
        let mut tables: Vec<_> = with_route.map(|part| self.subnets[part.at.subnet].table).collect();
        tables.sort_unstable();
        tables.dedup();
        tables
    }

    /// Returns a subnet that has only endpoints. Adds it if there is none.
    fn endpoint_subnet(&mut self, vpc: usize) -> usize {
        let id = self.vpcs[vpc].id_of("subnet", "endpoints");
        self.subnets.iter().position(|subnet| subnet.id == id).unwrap_or_else(|| {
            let acl = self.vpcs[vpc].default_acl;
            let table = self.vpcs[vpc].main_table;
            self.add_subnet(vpc, "endpoints", "a", acl, table)
        })
    }

    fn endpoint_group(&mut self, parts: &[Part<'_>], vpc: usize, kind: EndpointGroup) -> usize {
        let id = endpoint_group_id(&self.vpcs[vpc], kind);
        if let Some(index) = self.groups.iter().position(|group| group.id == id) {
            return index;
        }
        let peers = match kind {
            EndpointGroup::Vpc => vec![Peer::V4(self.vpcs[vpc].cidr())],
            EndpointGroup::Instances => {
                let own = parts.iter().filter(|part| part.vpc == vpc);
                own.map(|part| Peer::Group(self.groups[part.at.group].id.clone())).collect()
            }
            EndpointGroup::Closed => vec![Peer::Group(self.vpcs[vpc].id_of("sg", "foreign"))],
        };
        let ingress = vec![Rule { port: Some(443), peers }];
        self.groups.push(SecurityGroup {
            id,
            vpc,
            name: format!("endpoints-{}", group_name(kind)),
            ingress,
            egress: Vec::new(),
        });
        self.groups.len() - 1
    }
}

/// Returns the name of an entry's VPC and its network, written so that equal networks are equal.
fn describe(entry: &FleetEntry) -> (String, NetworkEntry) {
    let Some(given) = &entry.network else {
        return (DEFAULT_VPC.to_owned(), NetworkEntry::default());
    };
    let mut network = NetworkEntry { vpc: None, private: false, route: Some(given.way_out()), ..given.clone() };
    network.endpoints.sort();
    let derived = || format!("net-{}", ids::hex(&[&format!("{network:?}")], 8));
    (given.vpc.clone().unwrap_or_else(derived), network)
}

fn group_name(kind: EndpointGroup) -> &'static str {
    match kind {
        EndpointGroup::Vpc => "vpc",
        EndpointGroup::Instances => "instances",
        EndpointGroup::Closed => "closed",
    }
}

fn endpoint_group_id(vpc: &Vpc, kind: EndpointGroup) -> String {
    vpc.id_of("sg", &format!("endpoints-{}", group_name(kind)))
}

fn default_routes(vpc: &Vpc, network: &NetworkEntry) -> Vec<Route> {
    default_route(vpc, network.way_out()).into_iter().chain(ipv6_route(vpc, network)).collect()
}

fn ipv6_route(vpc: &Vpc, network: &NetworkEntry) -> Option<Route> {
    let (destination, target) = match network.ipv6_route {
        _ if network.ipv6 == Ipv6::No => return None,
        Ipv6WayOut::EgressOnlyGateway => (RouteTo::AnywhereByIpv6, RouteTarget::EgressOnly(vpc.id_of("eigw", ""))),
        Ipv6WayOut::InternetGateway => (RouteTo::AnywhereByIpv6, RouteTarget::Gateway(vpc.id_of("igw", ""))),
        Ipv6WayOut::Nat64 => (RouteTo::Nat64, RouteTarget::Nat(vpc.id_of("nat", ""))),
        Ipv6WayOut::None => return None,
    };
    Some(Route { destination, target })
}

fn default_route(vpc: &Vpc, way_out: WayOut) -> Option<Route> {
    let target = match way_out {
        WayOut::InternetGateway => RouteTarget::Gateway(vpc.id_of("igw", "")),
        WayOut::NatGateway => RouteTarget::Nat(vpc.id_of("nat", "")),
        WayOut::Blackhole => RouteTarget::DeletedNat(vpc.id_of("nat", "deleted")),
        WayOut::TransitGateway => RouteTarget::Transit(vpc.id_of("tgw", "")),
        WayOut::None => return None,
    };
    Some(Route { destination: RouteTo::Anywhere, target })
}

fn acl_entries(closes: NetworkAcl) -> Vec<AclEntry> {
    let all = |egress| AclEntry { number: 100, egress, allow: true, ports: None };
    match closes {
        NetworkAcl::Open => vec![all(true), all(false)],
        NetworkAcl::No443 => {
            vec![AclEntry { number: 90, egress: true, allow: false, ports: Some((443, 443)) }, all(true), all(false)]
        }
        NetworkAcl::NoReturnPorts => {
            vec![all(true), AclEntry { number: 100, egress: false, allow: true, ports: Some((0, 1023)) }]
        }
    }
}
