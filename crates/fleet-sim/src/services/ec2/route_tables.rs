//! EC2: route tables, including the main one of a VPC.
use super::{
    listing::{Listing, common_values, here, write_name},
    request::write_token,
};
use crate::{
    facts::ids,
    fleet::network::{Networks, Route, RouteTable, RouteTarget, RouteTo},
    wire::{
        AwsError, Call,
        ec2::{Xml, response},
    },
    world::World,
};

const LISTING: Listing = Listing {
    operation: "DescribeRouteTables",
    ids: ("RouteTableId", "InvalidRouteTableID.NotFound"),
    sizes: (5, 100),
};

/// Answers `DescribeRouteTables`.
pub fn describe_route_tables(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let world = &*world;
    let networks = &world.fleet.networks;
    let name = |n: usize| {
        let table = &networks.tables[n];
        format!("{}-{}", networks.vpcs[table.vpc].name, if table.main { "main" } else { "own" })
    };
    let values = |n: usize, filter: &str| {
        let table = &networks.tables[n];
        let routes = || table.routes.iter();
        let of_kind = |field: &'static str| {
            let all = table.routes.iter().map(|route| destination_of(&route.destination));
            all.filter(move |(own, _)| *own == field).map(|(_, text)| text.to_owned())
        };
        Some(match filter {
            "route-table-id" | "association.route-table-id" => vec![table.id.clone()],
            "association.main" => vec![table.main.to_string()],
            "association.subnet-id" => subnets(networks, n),
            "association.route-table-association-id" => {
                let main = table.main.then(|| association(table, ""));
                main.into_iter().chain(subnets(networks, n).iter().map(|subnet| association(table, subnet))).collect()
            }
            "route.destination-cidr-block" => {
                of_kind("destinationCidrBlock").chain([networks.vpcs[table.vpc].cidr()]).collect()
            }
            "route.destination-ipv6-cidr-block" => {
                let vpc = &networks.vpcs[table.vpc];
                of_kind("destinationIpv6CidrBlock").chain(vpc.ipv6.then(|| vpc.ipv6_cidr())).collect()
            }
            "route.destination-prefix-list-id" => of_kind("destinationPrefixListId").collect(),
            "route.egress-only-internet-gateway-id" => {
                routes().filter_map(|route| target(route, "egressOnlyInternetGatewayId")).collect()
            }
            "route.gateway-id" => {
                routes().filter_map(|route| target(route, "gatewayId")).chain(["local".to_owned()]).collect()
            }
            "route.nat-gateway-id" => routes().filter_map(|route| target(route, "natGatewayId")).collect(),
            "route.transit-gateway-id" => routes().filter_map(|route| target(route, "transitGatewayId")).collect(),
            "route.state" => routes().map(|route| state(route).to_owned()).chain(["active".to_owned()]).collect(),
            other => return common_values(world, table.vpc, &name(n), other),
        })
    };
    let all = here(world, call, networks.tables.iter().map(|table| table.vpc));
    let page = LISTING.page(world, call, all, |n| networks.tables[n].id.clone(), values)?;
    Ok(response(LISTING.operation, |xml| {
        xml.items("routeTableSet", page.items, |xml, n| {
            let table = &networks.tables[n];
            xml.text("routeTableId", &table.id);
            xml.text("vpcId", &networks.vpcs[table.vpc].id);
            xml.text("ownerId", &call.account);
            xml.element("routeSet", |xml| {
                let vpc = &networks.vpcs[table.vpc];
                xml.element("item", |xml| write_local(xml, "destinationCidrBlock", &vpc.cidr()));
                if vpc.ipv6 {
                    xml.element("item", |xml| write_local(xml, "destinationIpv6CidrBlock", &vpc.ipv6_cidr()));
                }
                for route in &table.routes {
                    xml.element("item", |xml| write_route(xml, route));
                }
            });
            write_associations(xml, networks, n);
            xml.items("propagatingVgwSet", [(); 0], |_, ()| {});
            write_name(xml, &name(n));
        });
        write_token(xml, page.next.as_deref());
    }))
}

/// Returns the subnets that are associated with a table. A subnet that uses the main table has no association.
fn subnets(networks: &Networks, table: usize) -> Vec<String> {
    let own = networks.subnets.iter().filter(|subnet| subnet.table == table && !networks.tables[table].main);
    own.map(|subnet| subnet.id.clone()).collect()
}

fn association(table: &RouteTable, subnet: &str) -> String {
    format!("rtbassoc-{}", ids::hex(&["rtbassoc", &table.id, subnet], 17))
}

fn write_associations(xml: &mut Xml, networks: &Networks, n: usize) {
    let table = &networks.tables[n];
    let write = |xml: &mut Xml, subnet: &str| {
        xml.text("routeTableAssociationId", &association(table, subnet));
        xml.text("routeTableId", &table.id);
        if !subnet.is_empty() {
            xml.text("subnetId", subnet);
        }
        xml.text("main", &subnet.is_empty().to_string());
        xml.element("associationState", |xml| xml.text("state", "associated"));
    };
    let main = table.main.then(String::new);
    let associations: Vec<_> = main.into_iter().chain(subnets(networks, n)).collect();
    xml.items("associationSet", &associations, |xml, subnet| write(xml, subnet));
}

fn state(route: &Route) -> &'static str {
    if matches!(route.target, RouteTarget::DeletedNat(_)) { "blackhole" } else { "active" }
}

/// Returns the id of a route's target, if the API shows it in this field.
fn target(route: &Route, field: &str) -> Option<String> {
    let (own, id) = field_of(&route.target);
    (own == field).then(|| id.to_owned())
}

fn field_of(target: &RouteTarget) -> (&'static str, &str) {
    match target {
        RouteTarget::Gateway(id) => ("gatewayId", id),
        RouteTarget::Nat(id) | RouteTarget::DeletedNat(id) => ("natGatewayId", id),
        RouteTarget::Transit(id) => ("transitGatewayId", id),
        RouteTarget::EgressOnly(id) => ("egressOnlyInternetGatewayId", id),
    }
}

fn destination_of(destination: &RouteTo) -> (&'static str, &str) {
    match destination {
        RouteTo::Anywhere => ("destinationCidrBlock", "0.0.0.0/0"),
        RouteTo::AnywhereByIpv6 => ("destinationIpv6CidrBlock", "::/0"),
        RouteTo::Nat64 => ("destinationIpv6CidrBlock", "64:ff9b::/96"),
        RouteTo::PrefixList(id) => ("destinationPrefixListId", id),
    }
}

/// Writes the route inside the VPC, which every table has.
fn write_local(xml: &mut Xml, field: &str, cidr: &str) {
    xml.text(field, cidr);
    xml.text("gatewayId", "local");
    xml.text("state", "active");
    xml.text("origin", "CreateRouteTable");
}

fn write_route(xml: &mut Xml, route: &Route) {
    let (field, destination) = destination_of(&route.destination);
    xml.text(field, destination);
    let (field, id) = field_of(&route.target);
    xml.text(field, id);
    xml.text("state", state(route));
    xml.text("origin", "CreateRoute");
}
