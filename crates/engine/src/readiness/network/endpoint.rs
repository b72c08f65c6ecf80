//! Finds the path to a service of AWS: through an endpoint in the VPC, or else through the internet.

use ipnet::IpNet;

use super::acl::{endpoint_acl_allows, subnet_acl_allows};
use super::group::{Allowed, Destination};
use super::path::{Path, worst_of};
use super::policy::{PolicyEffect, effect_on};
use super::route::is_private;
use super::{InstanceNetwork, Unread, View, anywhere, in_use};
use crate::readiness::facts::{Direction, Endpoint, EndpointKind, SecurityGroup, Subnet};
use crate::readiness::finding::Problem;

/// The path to a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::readiness) struct ServicePath {
    /// The path, and the first problem on it.
    pub path: Path,
    /// True if it goes through an endpoint of the VPC.
    pub by_endpoint: bool,
}

impl View<'_> {
    /// Returns the path to a service that has interface endpoints. An endpoint with private DNS takes over the service's
    /// usual name in the whole VPC, so a broken one blocks the service even if there is internet access.
    pub fn service(&self, place: &InstanceNetwork<'_>, service: &str, internet: &Path) -> ServicePath {
        let found = match self.endpoints_of(place.vpc, service) {
            Ok(found) => found,
            // It depends on the endpoints whether internet access would be enough.
            Err(unread) => return ServicePath { path: Path::Unread(unread), by_endpoint: false },
        };
        let interfaces = || found.iter().filter(|endpoint| matches!(endpoint.kind, EndpointKind::Interface { .. }));
        if let Some(endpoint) = interfaces().find(|endpoint| in_use(endpoint)) {
            return ServicePath { path: self.interface(place, endpoint), by_endpoint: true };
        }
        if internet.is_not_blocked() || !is_private(place) {
            // If a route leads out, the obstacle on that route is the problem, not the missing endpoint.
            return ServicePath { path: internet.clone(), by_endpoint: false };
        }
        let path = match interfaces().next() {
            None => Path::Blocked(Problem::new(
                format!("{} has no {service} endpoint", place.vpc),
                format!("{} has no {service} endpoint, and {} has no internet access.", place.vpc, subnet(place)),
                format!("Create an interface endpoint for {service} in {}, with private DNS.", place.vpc),
            )),
            Some(endpoint) => out_of_use(endpoint),
        };
        ServicePath { path, by_endpoint: false }
    }

    /// Returns the path to S3: through a gateway endpoint on the subnet's route table, an interface endpoint, or the
    /// internet.
    pub fn s3(&self, place: &InstanceNetwork<'_>, internet: &Path) -> ServicePath {
        let found = match self.endpoints_of(place.vpc, "s3") {
            Ok(found) => found,
            Err(unread) => return ServicePath { path: Path::Unread(unread), by_endpoint: false },
        };
        let table = match &place.table {
            Ok(table) => &table.id,
            Err(unread) => return ServicePath { path: Path::Unread(unread.clone()), by_endpoint: false },
        };
        let on_table = |endpoint: &&&Endpoint| match &endpoint.kind {
            EndpointKind::Gateway { route_table_ids } => in_use(endpoint) && route_table_ids.contains(table),
            EndpointKind::Interface { .. } => false,
        };
        if let Some(gateway) = found.iter().find(on_table) {
            return ServicePath { path: self.gateway(place, gateway), by_endpoint: true };
        }
        let interface = |endpoint: &&&Endpoint| matches!(endpoint.kind, EndpointKind::Interface { .. });
        if let Some(endpoint) = found.iter().filter(interface).find(|endpoint| in_use(endpoint)) {
            return ServicePath { path: self.interface(place, endpoint), by_endpoint: true };
        }
        if internet.is_not_blocked() || !is_private(place) {
            // If a route leads out, the obstacle on that route is the problem, not the missing endpoint.
            return ServicePath { path: internet.clone(), by_endpoint: false };
        }
        let path = match found.first() {
            None => Path::Blocked(Problem::new(
                format!("{} has no S3 gateway endpoint", place.vpc),
                format!("{} has no S3 gateway endpoint, and {} has no internet access.", place.vpc, subnet(place)),
                format!("Create a gateway endpoint for S3 in {} and associate it with {table}.", place.vpc),
            )),
            Some(endpoint) if endpoint.state != "available" || interface(&endpoint) => out_of_use(endpoint),
            Some(endpoint) => Path::Blocked(Problem::new(
                format!("{table} is not associated with {}", endpoint.id),
                format!(
                    "The S3 gateway endpoint {} is not associated with route table {table}, which {} uses.",
                    endpoint.id,
                    subnet(place)
                ),
                format!("Associate {table} with {}.", endpoint.id),
            )),
        };
        ServicePath { path, by_endpoint: false }
    }

    /// Checks that the policy of the endpoint on the path to S3, if there is one, allows downloads from the patch buckets.
    pub fn s3_policy(&self, place: &InstanceNetwork<'_>, families: &[Vec<String>]) -> Path {
        let (Ok(found), Ok(table)) = (self.endpoints_of(place.vpc, "s3"), &place.table) else {
            // The finding about the path to S3 reports this already.
            return Path::Open(String::new());
        };
        let on_the_way = found.iter().find(|endpoint| {
            in_use(endpoint)
                && match &endpoint.kind {
                    EndpointKind::Gateway { route_table_ids } => route_table_ids.contains(&table.id),
                    EndpointKind::Interface { .. } => true,
                }
        });
        let Some(endpoint) = on_the_way else {
            return Path::Open(String::new());
        };
        let id = &endpoint.id;
        worst_of(families.iter().map(|family| {
            let buckets: Vec<String> = family.iter().map(|prefix| format!("{prefix}*")).collect();
            let buckets = buckets.join(" or ");
            match effect_on(endpoint.policy.as_deref(), family) {
                PolicyEffect::Allows => Path::Open(format!("the policy of {id} allows {buckets}")),
                PolicyEffect::DoesNotAllow => Path::Blocked(Problem::new(
                    format!("the policy of {id} does not allow {buckets}"),
                    format!("The policy of S3 endpoint {id} does not allow s3:GetObject on {buckets}."),
                    format!("Allow s3:GetObject on {buckets} in the policy of {id}."),
                )),
                PolicyEffect::Depends => Path::Unseen(Problem::new(
                    format!("the policy of {id} has conditions"),
                    format!("Whether the policy of S3 endpoint {id} allows {buckets} depends on its conditions."),
                    format!("Check that the policy of {id} allows s3:GetObject on {buckets}."),
                )),
            }
        }))
    }

    fn gateway(&self, place: &InstanceNetwork<'_>, endpoint: &Endpoint) -> Path {
        let list = self.lists.s3();
        let nets = list.and_then(|list| list.entries.clone()).filter(|nets| !nets.is_empty());
        let name = list.map_or("the S3 prefix list", |list| list.id.as_str());
        let wanted = Destination {
            nets: nets.clone().unwrap_or_else(|| vec![anywhere()]),
            lists: list.iter().map(|list| list.id.as_str()).collect(),
            groups: Vec::new(),
        };
        let parts = worst_of([
            self.groups_allow(place, &wanted, "S3", name),
            subnet_acl_allows(place, &nets.unwrap_or_else(|| vec![anywhere()]), "S3"),
        ]);
        open_as(parts, || format!("{} leads to S3", endpoint.id))
    }

    fn interface(&self, place: &InstanceNetwork<'_>, endpoint: &Endpoint) -> Path {
        let EndpointKind::Interface { subnet_ids, security_group_ids, .. } = &endpoint.kind else {
            return self.gateway(place, endpoint);
        };
        let subnets: Result<Vec<&Subnet>, Unread> = subnet_ids.iter().map(|id| self.subnet(id)).collect();
        let subnets = match subnets {
            Ok(subnets) => subnets,
            Err(unread) => return Path::Unread(unread),
        };
        if let Some(only) = subnets.iter().find(|subnet| subnet.cidr.is_none()) {
            let (id, subnet) = (&endpoint.id, &only.id);
            return Path::Unseen(Problem::new(
                format!("{id} is in {subnet}, which is IPv6-only; paths by IPv6 are not checked"),
                format!(
                    "The {} endpoint {id} is in {subnet}, which is IPv6-only. Paths by IPv6 are not checked.",
                    endpoint.service
                ),
                format!("Check that the instances reach {id} by IPv6."),
            ));
        }
        let mut nets: Vec<IpNet> = subnets.iter().filter_map(|subnet| subnet.cidr).collect();
        nets.sort();
        let wanted = Destination {
            nets: nets.clone(),
            lists: Vec::new(),
            groups: security_group_ids.iter().map(String::as_str).collect(),
        };
        let whom = format!("{} ({})", endpoint.id, endpoint.service);
        let groups = security_group_ids.join(" or ");
        let mut parts = vec![
            self.groups_allow(place, &wanted, &whom, if groups.is_empty() { "the endpoint" } else { &groups }),
            self.endpoint_groups_allow(place, endpoint, security_group_ids),
        ];
        // Network ACLs do not apply within a subnet.
        let other = |subnet: &&&Subnet| place.subnet.as_ref().map_or(true, |own| own.id != subnet.id);
        let elsewhere: Vec<IpNet> = subnets.iter().filter(other).filter_map(|subnet| subnet.cidr).collect();
        if elsewhere.len() == subnets.len() && !elsewhere.is_empty() {
            parts.push(subnet_acl_allows(place, &elsewhere, &whom));
            parts.extend(place.own.map(|own| self.endpoint_acls_allow(&subnets, own)));
        }
        open_as(worst_of(parts), || format!("{} leads to {}", endpoint.id, endpoint.service))
    }

    /// Checks that the security groups of an endpoint allow the instance.
    fn endpoint_groups_allow(&self, place: &InstanceNetwork<'_>, endpoint: &Endpoint, group_ids: &[String]) -> Path {
        let groups: Result<Vec<&SecurityGroup>, Unread> = group_ids.iter().map(|id| self.group(id)).collect();
        let (groups, own_groups) = match (groups, &place.groups) {
            (Ok(groups), Ok(own)) => (groups, own),
            (Err(unread), _) => return Path::Unread(unread),
            (_, Err(unread)) => return Path::Unread(unread.clone()),
        };
        let wanted = Destination {
            nets: place.own.into_iter().collect(),
            lists: Vec::new(),
            groups: own_groups.iter().map(|group| group.id.as_str()).collect(),
        };
        let names = super::ids(group_ids.iter().map(String::as_str));
        let (id, service) = (&endpoint.id, &endpoint.service);
        let from = place.group_names();
        let problem = Problem::new(
            format!("{names} of {id} ({service}): no inbound 443 from {from}"),
            format!(
                "The {service} endpoint {id} has security group {names}, which does not allow inbound TCP 443 from {from}."
            ),
            format!("Allow inbound TCP 443 from {from} in {names}."),
        );
        match self.lists.allowed(&groups, Direction::In, &wanted) {
            Allowed::All => Path::Open(format!("{names} lets {from} in")),
            Allowed::Some => Path::Limited(problem),
            Allowed::None => Path::Blocked(problem),
        }
    }

    /// Checks that the ACLs of all subnets of an endpoint allow an instance: the service's name resolves to any of them.
    fn endpoint_acls_allow(&self, subnets: &[&Subnet], own: IpNet) -> Path {
        worst_of(subnets.iter().map(|subnet| match self.acl(&subnet.id) {
            Ok(acl) => endpoint_acl_allows(acl, own),
            Err(unread) => Path::Unread(unread),
        }))
    }
}

fn open_as(path: Path, text: impl Fn() -> String) -> Path {
    match path {
        Path::Open(_) => Path::Open(text()),
        other => other,
    }
}

/// Returns the problem of an endpoint that exists but cannot be used.
fn out_of_use(endpoint: &Endpoint) -> Path {
    let Endpoint { id, service, state, vpc_id, .. } = endpoint;
    if state != "available" {
        return Path::Blocked(Problem::new(
            format!("{id} ({service}) is {state}"),
            format!("The {service} endpoint {id} of {vpc_id} is {state}."),
            format!("Accept {id} or create it again, until it is available."),
        ));
    }
    Path::Blocked(Problem::new(
        format!("{id} ({service}) has no private DNS"),
        format!(
            "The {service} endpoint {id} of {vpc_id} has private DNS off, so the name of {service} does not resolve to it."
        ),
        format!("Turn on private DNS for {id}, and DNS support and DNS hostnames for {vpc_id}."),
    ))
}

fn subnet<'p>(place: &'p InstanceNetwork<'_>) -> &'p str {
    place.subnet.as_ref().map_or("the subnet", |subnet| subnet.id.as_str())
}
