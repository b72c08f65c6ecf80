//! Converts types of the SDK to those of the rules. Items without an id are left out, and rules and entries only for IPv6.

use aws_sdk_ec2::types::{self as ec2, RouteState, RuleAction, SubnetCidrBlockStateCode, VpcEndpointType};
use orgpatch_engine::readiness::{
    AclEntry, Direction, Endpoint, EndpointKind, GroupRule, NetworkAcl, Peer, Ports, Protocol, Route, RouteTable,
    SecurityGroup, Subnet, endpoint_matters,
};

pub(super) fn subnet(found: ec2::Subnet) -> Option<Subnet> {
    let ipv6 = found.ipv6_cidr_block_association_set.unwrap_or_default().into_iter();
    let in_use = |state: SubnetCidrBlockStateCode| state == SubnetCidrBlockStateCode::Associated;
    let mut states = ipv6.filter_map(|one| one.ipv6_cidr_block_state?.state);
    // An IPv6-only subnet has no `CidrBlock` (ManageIQ/manageiq-providers-amazon#914 quotes one, 2025-07-29).
    let only = found.ipv6_native == Some(true);
    let cidr = found.cidr_block.and_then(|range| range.parse().ok());
    if cidr.is_none() && !only {
        return None;
    }
    Some(Subnet { id: found.subnet_id?, vpc_id: found.vpc_id?, ipv6: only || states.any(in_use), cidr })
}

pub(super) fn route_table(found: ec2::RouteTable) -> Option<RouteTable> {
    let associations = found.associations.unwrap_or_default();
    Some(RouteTable {
        id: found.route_table_id?,
        vpc_id: found.vpc_id?,
        main: associations.iter().any(|one| one.main == Some(true)),
        subnet_ids: associations.into_iter().filter_map(|one| one.subnet_id).collect(),
        routes: found.routes.unwrap_or_default().into_iter().filter_map(route).collect(),
    })
}

fn route(found: ec2::Route) -> Option<Route> {
    let targets = [
        found.nat_gateway_id,
        found.gateway_id,
        found.transit_gateway_id,
        found.network_interface_id,
        found.vpc_peering_connection_id,
        found.local_gateway_id,
        found.carrier_gateway_id,
        found.core_network_arn,
        found.odb_network_arn,
        found.egress_only_internet_gateway_id,
    ];
    Some(Route {
        destination: found
            .destination_cidr_block
            .or(found.destination_ipv6_cidr_block)
            .or(found.destination_prefix_list_id)?,
        target: targets.into_iter().flatten().next()?,
        active: found.state != Some(RouteState::Blackhole),
    })
}

pub(super) fn security_group(found: ec2::SecurityGroup) -> Option<SecurityGroup> {
    let inbound = found.ip_permissions.unwrap_or_default().into_iter().flat_map(|rule| rules(Direction::In, rule));
    let outbound =
        found.ip_permissions_egress.unwrap_or_default().into_iter().flat_map(|rule| rules(Direction::Out, rule));
    Some(SecurityGroup { rules: inbound.chain(outbound).collect(), id: found.group_id? })
}

/// Returns one rule for each peer.
fn rules(direction: Direction, found: ec2::IpPermission) -> Vec<GroupRule> {
    let protocol = Protocol::from_name(found.ip_protocol.as_deref().unwrap_or("-1"));
    let ports = ports(found.from_port, found.to_port);
    let ranges = found.ip_ranges.unwrap_or_default().into_iter().filter_map(|range| range.cidr_ip?.parse().ok());
    let lists = found.prefix_list_ids.unwrap_or_default().into_iter().filter_map(|list| list.prefix_list_id);
    let groups = found.user_id_group_pairs.unwrap_or_default().into_iter().filter_map(|group| group.group_id);
    ranges
        .map(Peer::Cidr)
        .chain(lists.map(Peer::PrefixList))
        .chain(groups.map(Peer::Group))
        .map(|peer| GroupRule { direction, protocol, ports, peer })
        .collect()
}

/// Returns a range of ports; None for all ports, which EC2 writes as -1 or leaves out.
fn ports(from: Option<i32>, to: Option<i32>) -> Option<Ports> {
    Some(Ports { from: u16::try_from(from?).ok()?, to: u16::try_from(to?).ok()? })
}

pub(super) fn network_acl(found: ec2::NetworkAcl) -> Option<NetworkAcl> {
    Some(NetworkAcl {
        id: found.network_acl_id?,
        subnet_ids: found.associations.unwrap_or_default().into_iter().filter_map(|one| one.subnet_id).collect(),
        entries: found.entries.unwrap_or_default().into_iter().filter_map(acl_entry).collect(),
    })
}

fn acl_entry(found: ec2::NetworkAclEntry) -> Option<AclEntry> {
    Some(AclEntry {
        number: u32::try_from(found.rule_number?).ok()?,
        direction: if found.egress? { Direction::Out } else { Direction::In },
        protocol: Protocol::from_name(found.protocol.as_deref()?),
        ports: found.port_range.and_then(|range| ports(range.from, range.to)),
        cidr: found.cidr_block?.parse().ok()?,
        allow: found.rule_action? == RuleAction::Allow,
    })
}

/// Converts a gateway or interface endpoint. Other kinds are left out, and services that no check reads: a policy may have
/// 20,480 characters (Amazon VPC User Guide, "Amazon VPC quotas").
pub(super) fn endpoint(found: ec2::VpcEndpoint) -> Option<Endpoint> {
    let service = found.service_name?.rsplit('.').next().filter(|service| endpoint_matters(service))?.to_owned();
    let kind = match found.vpc_endpoint_type? {
        VpcEndpointType::Gateway => {
            EndpointKind::Gateway { route_table_ids: found.route_table_ids.unwrap_or_default() }
        }
        VpcEndpointType::Interface => EndpointKind::Interface {
            subnet_ids: found.subnet_ids.unwrap_or_default(),
            security_group_ids: found.groups.unwrap_or_default().into_iter().filter_map(|one| one.group_id).collect(),
            private_dns: found.private_dns_enabled == Some(true),
        },
        _ => return None,
    };
    Some(Endpoint {
        id: found.vpc_endpoint_id?,
        vpc_id: found.vpc_id?,
        service,
        // The model says `Available`, the service says `available`.
        state: found.state?.as_str().to_ascii_lowercase(),
        policy: found.policy_document,
        kind,
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{
        IpPermission, IpRange, Ipv6Range, NetworkAclEntry, PortRange, PrefixListId, State, SubnetCidrBlockState,
        SubnetIpv6CidrBlockAssociation, UserIdGroupPair, VpcEndpoint,
    };

    use super::*;

    #[test]
    fn a_rule_for_each_peer_and_none_for_ipv6() {
        let found = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(443)
            .to_port(443)
            .ip_ranges(IpRange::builder().cidr_ip("10.0.0.0/8").build())
            .ipv6_ranges(Ipv6Range::builder().cidr_ipv6("::/0").build())
            .prefix_list_ids(PrefixListId::builder().prefix_list_id("pl-1").build())
            .user_id_group_pairs(UserIdGroupPair::builder().group_id("sg-2").build())
            .build();
        let read = rules(Direction::Out, found);
        let peers: Vec<&Peer> = read.iter().map(|rule| &rule.peer).collect();
        let wanted = [
            Peer::Cidr("10.0.0.0/8".parse().expect("a range")),
            Peer::PrefixList("pl-1".into()),
            Peer::Group("sg-2".into()),
        ];
        assert_eq!(peers, wanted.iter().collect::<Vec<_>>());
        assert!(read.iter().all(|rule| rule.ports == Some(Ports { from: 443, to: 443 })));
        assert_eq!(ports(Some(-1), Some(-1)), None, "all ports");
    }

    #[test]
    fn an_acl_entry_counts_with_its_number_and_direction() {
        let entry = |builder: aws_sdk_ec2::types::builders::NetworkAclEntryBuilder| {
            acl_entry(builder.rule_number(100).egress(true).protocol("6").rule_action(RuleAction::Deny).build())
        };
        let range = PortRange::builder().from(443).to(443).build();
        let read = entry(NetworkAclEntry::builder().cidr_block("0.0.0.0/0").port_range(range)).expect("an entry");
        assert_eq!((read.number, read.direction, read.allow), (100, Direction::Out, false));
        assert_eq!((read.protocol, read.ports), (Protocol::Tcp, Some(Ports { from: 443, to: 443 })));
        assert_eq!(entry(NetworkAclEntry::builder().ipv6_cidr_block("::/0")), None);
    }

    #[test]
    fn a_route_is_read_with_its_target_and_whether_it_works() {
        let nat = ec2::Route::builder().destination_cidr_block("0.0.0.0/0").nat_gateway_id("nat-1");
        let read = route(nat.state(RouteState::Blackhole).build()).expect("a route");
        assert_eq!((read.target.as_str(), read.active), ("nat-1", false));
        let ipv6 = ec2::Route::builder().destination_ipv6_cidr_block("::/0").egress_only_internet_gateway_id("eigw-1");
        let read = route(ipv6.state(RouteState::Active).build()).expect("a route");
        assert_eq!((read.destination.as_str(), read.target.as_str()), ("::/0", "eigw-1"));
        let list = ec2::Route::builder().destination_prefix_list_id("pl-1").gateway_id("vpce-1");
        let read = route(list.state(RouteState::Active).build()).expect("a route");
        assert_eq!((read.destination.as_str(), read.active), ("pl-1", true));
    }

    #[test]
    fn a_subnet_may_have_addresses_of_one_kind_or_of_both() {
        let ipv6 = |state| {
            let state = SubnetCidrBlockState::builder().state(state).build();
            SubnetIpv6CidrBlockAssociation::builder()
                .ipv6_cidr_block("2001:db8::/64")
                .ipv6_cidr_block_state(state)
                .build()
        };
        let builder = || ec2::Subnet::builder().subnet_id("subnet-1").vpc_id("vpc-1");
        let of = |found: ec2::Subnet| subnet(found).map(|read| (read.cidr.is_some(), read.ipv6));
        let v4 = || builder().cidr_block("10.0.1.0/24").ipv6_native(false);
        assert_eq!(of(v4().build()), Some((true, false)));
        let both = |state| v4().ipv6_cidr_block_association_set(ipv6(state)).build();
        assert_eq!(of(both(SubnetCidrBlockStateCode::Associated)), Some((true, true)));
        assert_eq!(of(both(SubnetCidrBlockStateCode::Disassociated)), Some((true, false)));
        let only =
            builder().ipv6_native(true).ipv6_cidr_block_association_set(ipv6(SubnetCidrBlockStateCode::Associated));
        assert_eq!(of(only.build()), Some((false, true)));
        assert_eq!(of(builder().build()), None, "no addresses, and not said to be IPv6-only");
    }

    #[test]
    fn an_endpoint_is_known_by_the_last_word_of_its_service() {
        let of = |kind: VpcEndpointType| {
            endpoint(
                VpcEndpoint::builder()
                    .vpc_endpoint_id("vpce-1")
                    .vpc_id("vpc-1")
                    .vpc_endpoint_type(kind)
                    .service_name("com.amazonaws.eu-west-1.ssmmessages")
                    .state(State::Available)
                    .build(),
            )
        };
        let read = of(VpcEndpointType::Interface).expect("an endpoint");
        assert_eq!((read.service.as_str(), read.state.as_str()), ("ssmmessages", "available"));
        assert!(matches!(read.kind, EndpointKind::Interface { private_dns: false, .. }));
        assert_eq!(of(VpcEndpointType::GatewayLoadBalancer), None);
    }
}
