//! Paths by IPv6 are not checked: where one is possible, no path is said to be blocked.

use insta::assert_snapshot;

use super::*;

/// `i-1` in a subnet that is IPv6-only, with a way out.
fn only() -> Situation {
    let mut facts = also();
    known(&mut facts.network.subnets)[0].cidr = None;
    facts.instances[0].private_ip = None;
    facts
}

/// `i-1` in a subnet with addresses of both kinds, a way out by IPv6, and none by IPv4.
fn also() -> Situation {
    let mut facts = target();
    known(&mut facts.network.subnets)[0].ipv6 = true;
    known(&mut facts.network.endpoints).clear();
    let local = route("2001:db8:0:100::/56", "local");
    known(&mut facts.network.route_tables)[1].routes.extend([local, route("::/0", "eigw-1")]);
    facts
}

fn unmanaged(mut facts: Situation) -> Situation {
    known(&mut facts.managed).clear();
    facts
}

/// The same with an agent of that version. The one of the target is too old for dual-stack endpoints.
fn with_agent(mut facts: Situation, version: &str) -> Situation {
    known(&mut facts.managed)[0].agent_version = version.into();
    facts
}

/// The first version of the agent that can use dual-stack endpoints.
const NEW: &str = "3.3.3270.0";

/// `also` with these routes by IPv6 instead of the one that leads out.
fn routed(routes: impl IntoIterator<Item = Route>) -> Situation {
    let mut facts = also();
    let table = &mut known(&mut facts.network.route_tables)[1];
    table.routes.retain(|route| route.destination != "::/0");
    table.routes.extend(routes);
    facts
}

/// Repositories, and endpoints: what downloads use, and what also the agent uses.
fn paths(facts: &Situation) -> [Status; 2] {
    let findings = &checked(facts)["i-1"];
    let of = |check| findings.iter().find(|finding| finding.check == check).expect("every check").status;
    [Check::Repositories, Check::Endpoints].map(of)
}

#[test]
fn in_an_ipv6_only_subnet_paths_are_unknown_and_the_rest_is_checked() {
    assert_snapshot!(wrong(&only()), @"
    i-1 repositories unknown low: subnet-a is IPv6-only. Paths by IPv6 are not checked.
      fix: Check that subnet-a leads out by IPv6, and that package repositories and S3 are reached by IPv6 or NAT64.
      cause: subnet-a is IPv6-only; paths by IPv6 are not checked
    i-1 endpoints unknown low: subnet-a is IPv6-only. Paths by IPv6 are not checked.
      fix: Check that subnet-a leads out by IPv6, and that the SSM Agent uses NAT64 with DNS64 (3.3.987.0 cannot use dual-stack endpoints, 3.3.3270.0 or later can).
      cause: subnet-a is IPv6-only; paths by IPv6 are not checked
    ");
    assert_snapshot!(of(&unmanaged(only()), Check::Managed), @"
    managed fail critical: Systems Manager does not know the instance. subnet-a is IPv6-only. Paths by IPv6 are not checked. Likely causes: there is no path by IPv6, the SSM Agent does not use it, is missing or stopped, or its instance profile does not let it register.
      fix: Check the path by IPv6, and that the SSM Agent uses dual-stack endpoints (UseDualStackEndpoint, version 3.3.3270.0 or later) or NAT64. Then check agent and role.
      cause: unmanaged instances in IPv6-only subnets, whose paths are not checked
    ");
    // What is certain comes first.
    let mut facts = unmanaged(only());
    facts.instances[0].instance_profile_arn = None;
    assert_snapshot!(of(&facts, Check::Managed), @"
    managed fail critical: Systems Manager does not know the instance. It has no instance profile, and default host management is off in this account and Region.
      fix: Attach an instance profile whose role has AmazonSSMManagedInstanceCore, or turn default host management on.
      cause: instances without an instance profile where default host management is off
    ");
}

#[test]
fn where_ipv4_fails_and_a_route_leads_out_by_ipv6_nothing_is_certain() {
    assert_snapshot!(wrong(&with_agent(also(), NEW)), @"
    i-1 repositories unknown low: vpc-1 has no S3 gateway endpoint, and subnet-a has no internet access. However, subnet-a has IPv6 addresses, and rtb-a leads to eigw-1 by IPv6. Paths by IPv6 are not checked.
      fix: Check that the instance has an IPv6 address, and that package repositories and S3 are reached by IPv6 or NAT64. Otherwise: Create a gateway endpoint for S3 in vpc-1 and associate it with rtb-a.
      cause: rtb-a leads to eigw-1 by IPv6; paths by IPv6 are not checked
    i-1 endpoints unknown low: vpc-1 has no ssm endpoint, and subnet-a has no internet access. vpc-1 has no ssmmessages endpoint, and subnet-a has no internet access. vpc-1 has no S3 gateway endpoint, and subnet-a has no internet access. However, subnet-a has IPv6 addresses, and rtb-a leads to eigw-1 by IPv6. Paths by IPv6 are not checked.
      fix: Check that the instance has an IPv6 address, and that the SSM Agent uses dual-stack endpoints (UseDualStackEndpoint) or NAT64. Otherwise: Create an interface endpoint for ssm in vpc-1, with private DNS. Create an interface endpoint for ssmmessages in vpc-1, with private DNS. Create a gateway endpoint for S3 in vpc-1 and associate it with rtb-a.
      cause: rtb-a leads to eigw-1 by IPv6; paths by IPv6 are not checked
    ");
    assert_snapshot!(of(&unmanaged(also()), Check::Managed), @"
    managed fail critical: Systems Manager does not know the instance. vpc-1 has no ssm endpoint, and subnet-a has no internet access. However, subnet-a has IPv6 addresses, and rtb-a leads to eigw-1 by IPv6. Paths by IPv6 are not checked. Likely causes: there is no path by IPv6, the SSM Agent does not use it, is missing or stopped, or its instance profile does not let it register.
      fix: Check the path by IPv6, and that the SSM Agent uses dual-stack endpoints (UseDualStackEndpoint, version 3.3.3270.0 or later) or NAT64. Then check agent and role.
      cause: unmanaged instances that may reach Systems Manager by IPv6 only, which is not checked
    ");
    // The agent reaches Systems Manager by IPv4, so IPv6 is not the reason.
    let mut facts = unmanaged(also());
    known(&mut facts.network.endpoints).extend(known(&mut target().network.endpoints).clone());
    assert_snapshot!(of(&facts, Check::Managed), @"
    managed fail critical: Systems Manager does not know the instance. Likely causes: the SSM Agent is missing or stopped, or its instance profile does not let it register. orgpatch cannot tell which from outside the instance.
      fix: Install or start the SSM Agent, and check that the role has AmazonSSMManagedInstanceCore.
      cause: unmanaged instances with credentials and a network: SSM Agent missing, stopped or not allowed
    ");
}

#[test]
fn where_ipv4_suffices_ipv6_changes_nothing() {
    let mut facts = also();
    known(&mut facts.network.endpoints).extend(known(&mut target().network.endpoints).clone());
    assert_eq!(checked(&facts), checked(&target()));
}

#[test]
fn without_a_way_out_by_ipv6_the_path_by_ipv4_decides() {
    let with = |route| paths(&with_agent(routed([route]), NEW));
    let (may, fails) = ([Status::Unknown; 2], [Status::Fail; 2]);
    let core = "arn:aws:networkmanager::222200000001:core-network/core-network-0a";
    for (destination, target, expected) in [
        ("::/0", "eigw-1", may),
        ("::/0", "igw-1", may),
        ("::/0", "tgw-1", may),
        ("::/0", "eni-1", may),
        ("::/0", "vgw-1", may),
        ("::/0", "lgw-1", may),
        ("::/0", core, may),
        ("2600:1f00::/24", "eigw-1", may),
        // A Gateway Load Balancer endpoint.
        ("::/0", "vpce-1", may),
        ("64:ff9b::/96", "nat-1", may),
        ("::/0", "nat-1", may),
        ("2600:1f00::/24", "nat-1", fails),
        // A peering connection leads to addresses of the other VPC only.
        ("2600:1f14:1::/56", "pcx-1", fails),
        ("::/0", "pcx-1", fails),
        ("2001:db8::/32", "local", fails),
        // The list may contain ::/0.
        ("pl-own", "eigw-1", may),
        ("pl-own", "tgw-1", may),
        ("pl-own", "pcx-1", fails),
        // A gateway endpoint leads to its service only.
        ("pl-dynamodb", "vpce-1", fails),
        ("10.0.0.0/8", "tgw-1", fails),
    ] {
        assert_eq!(with(route(destination, target)), expected, "{destination} {target}");
        assert_eq!(with(Route { active: false, ..route(destination, target) }), fails, "{destination} {target}");
    }
    let mut facts = with_agent(also(), NEW);
    known(&mut facts.network.subnets)[0].ipv6 = false;
    assert_eq!(paths(&facts), fails);
}

#[test]
fn the_default_route_is_named_before_others() {
    let mut routes = vec![
        route("pl-own", "tgw-3"),
        route("2600:1f00::/24", "tgw-2"),
        route("64:ff9b::/96", "nat-1"),
        route("::/0", "igw-1"),
    ];
    let named = |routes: &[Route], version| {
        let findings = checked(&with_agent(routed(routes.to_vec()), version)).remove("i-1").unwrap_or_default();
        let causes = findings.into_iter().filter(|finding| finding.check == Check::Endpoints).flat_map(|it| it.causes);
        causes.map(|cause| cause.text.replace(" by IPv6; paths by IPv6 are not checked", "")).collect::<String>()
    };
    for expected in ["igw-1", "nat-1", "tgw-2", "tgw-3"] {
        let expected = format!("rtb-a leads to {expected}");
        assert_eq!(named(&routes, NEW), expected);
        routes.reverse();
        assert_eq!(named(&routes, NEW), expected, "in any order");
        routes.reverse();
        routes.pop();
    }
    // An old agent cannot take the default route, so the one to NAT64 is named.
    let both = [route("::/0", "tgw-1"), route("64:ff9b::/96", "nat-1")];
    assert_eq!(named(&both, "3.3.987.0"), "rtb-a leads to nat-1");
}

#[test]
fn an_agent_that_is_too_old_for_dual_stack_endpoints_needs_nat64() {
    let (may, fails) = (Status::Unknown, Status::Fail);
    let nat64 = || route("64:ff9b::/96", "nat-1");
    let out = |target| route("::/0", target);
    for (routes, old) in [
        (vec![out("eigw-1")], fails),
        (vec![out("igw-1")], fails),
        (vec![out("eigw-1"), nat64()], may),
        (vec![nat64()], may),
        (vec![out("eigw-1"), Route { active: false, ..nat64() }], fails),
        // There may be a NAT gateway behind it.
        (vec![out("tgw-1")], may),
        (vec![route("pl-own", "tgw-1")], may),
        (vec![route("pl-own", "eigw-1")], fails),
        (vec![route("2600:1f00::/24", "tgw-1")], fails),
    ] {
        let facts = routed(routes.clone());
        // The package manager takes any of them.
        assert_eq!(paths(&with_agent(facts.clone(), "3.3.3269.0")), [may, old], "{routes:?}");
        for known_less in ["3.3.3270.0", "3.10.1.0", "latest"] {
            assert_eq!(paths(&with_agent(facts.clone(), known_less)), [may, may], "{known_less} {routes:?}");
        }
        assert_eq!(paths(&unmanaged(facts)), [may, may], "{routes:?}");
    }
    assert_snapshot!(of(&also(), Check::Endpoints), @"
    endpoints fail critical: vpc-1 has no ssmmessages endpoint, and subnet-a has no internet access. rtb-a leads to eigw-1 by IPv6, but SSM Agent 3.3.987.0 is too old for dual-stack endpoints, and no route leads to NAT64.
      fix: Create an interface endpoint for ssmmessages in vpc-1, with private DNS. Or upgrade the agent: SSM Agent 3.3.3270.0 or later can use dual-stack endpoints by IPv6 (UseDualStackEndpoint).
      cause: vpc-1 has no ssmmessages endpoint
    ");
    assert_snapshot!(of(&routed([out("eigw-1"), nat64()]), Check::Endpoints), @"
    endpoints unknown low: vpc-1 has no ssm endpoint, and subnet-a has no internet access. vpc-1 has no ssmmessages endpoint, and subnet-a has no internet access. vpc-1 has no S3 gateway endpoint, and subnet-a has no internet access. However, subnet-a has IPv6 addresses, and rtb-a leads to nat-1 by IPv6. Paths by IPv6 are not checked.
      fix: Check that the instance has an IPv6 address, and that the SSM Agent uses NAT64 with DNS64 (3.3.987.0 cannot use dual-stack endpoints, 3.3.3270.0 or later can). Otherwise: Create an interface endpoint for ssm in vpc-1, with private DNS. Create an interface endpoint for ssmmessages in vpc-1, with private DNS. Create a gateway endpoint for S3 in vpc-1 and associate it with rtb-a.
      cause: rtb-a leads to nat-1 by IPv6; paths by IPv6 are not checked
    ");
    assert_snapshot!(of(&with_agent(also(), "latest"), Check::Endpoints), @"
    endpoints unknown low: vpc-1 has no ssm endpoint, and subnet-a has no internet access. vpc-1 has no ssmmessages endpoint, and subnet-a has no internet access. vpc-1 has no S3 gateway endpoint, and subnet-a has no internet access. However, subnet-a has IPv6 addresses, and rtb-a leads to eigw-1 by IPv6. Paths by IPv6 are not checked.
      fix: Check that the instance has an IPv6 address, and that the SSM Agent uses dual-stack endpoints (UseDualStackEndpoint, version 3.3.3270.0 or later) or NAT64. Otherwise: Create an interface endpoint for ssm in vpc-1, with private DNS. Create an interface endpoint for ssmmessages in vpc-1, with private DNS. Create a gateway endpoint for S3 in vpc-1 and associate it with rtb-a.
      cause: rtb-a leads to eigw-1 by IPv6; paths by IPv6 are not checked
    ");
}

#[test]
fn an_old_agent_that_is_online_has_a_path_by_ipv4_that_is_not_seen() {
    let mut facts = also();
    known(&mut facts.network.endpoints).extend(known(&mut target().network.endpoints).clone());
    known(&mut facts.network.endpoints).retain(|endpoint| endpoint.service != "ssm");
    assert_snapshot!(of(&facts, Check::Endpoints), @"
    endpoints warn low: vpc-1 has no ssm endpoint, and subnet-a has no internet access. However, its agent is online, so there is a path that orgpatch cannot see.
      fix: Create an interface endpoint for ssm in vpc-1, with private DNS.
      cause: vpc-1 has no ssm endpoint
    ");
    // A new one may be online by IPv6.
    assert_eq!(paths(&with_agent(facts, NEW))[1], Status::Unknown);
}

#[test]
fn where_only_downloads_fail_the_version_of_the_agent_says_nothing() {
    let mut facts = also();
    known(&mut facts.network.endpoints).extend(known(&mut target().network.endpoints).clone());
    known(&mut facts.network.endpoints).retain(|endpoint| endpoint.service != "s3");
    assert_snapshot!(of(&facts, Check::Endpoints), @"
    endpoints unknown low: vpc-1 has no S3 gateway endpoint, and subnet-a has no internet access. However, subnet-a has IPv6 addresses, and rtb-a leads to eigw-1 by IPv6. Paths by IPv6 are not checked.
      fix: Check that the instance has an IPv6 address, and that package repositories and S3 are reached by IPv6 or NAT64. Otherwise: Create a gateway endpoint for S3 in vpc-1 and associate it with rtb-a.
      cause: rtb-a leads to eigw-1 by IPv6; paths by IPv6 are not checked
    ");
    assert_eq!(of(&facts, Check::Endpoints), of(&with_agent(facts, NEW), Check::Endpoints));
}

#[test]
fn an_old_agent_is_not_said_to_lack_ec2messages_where_nat64_may_lead_there() {
    let told_of_it = |facts: Situation| {
        let facts = with_agent(facts, "3.2.999.0");
        let before_it_was_retired = time("2026-09-29T00:00:00Z");
        let findings = check(&facts, &Selection::default(), before_it_was_retired).remove("i-1").unwrap_or_default();
        findings.iter().map(told).any(|text| text.contains("ec2messages is out of reach"))
    };
    let nat64 = routed([route("::/0", "eigw-1"), route("64:ff9b::/96", "nat-1")]);
    assert_eq!([target(), only(), nat64].map(told_of_it), [true, false, false]);
    // It cannot take any other route by IPv6.
    assert!(told_of_it(also()));
}

#[test]
fn an_endpoint_in_an_ipv6_only_subnet_is_not_checked() {
    let mut facts = target();
    known(&mut facts.network.subnets)[1] = Subnet { cidr: None, ipv6: true, ..subnet("subnet-e", "10.0.9.0/24") };
    assert_snapshot!(of(&facts, Check::Endpoints), @"
    endpoints unknown low: The ssm endpoint vpce-ssm is in subnet-e, which is IPv6-only. Paths by IPv6 are not checked. The ssmmessages endpoint vpce-ssmmessages is in subnet-e, which is IPv6-only. Paths by IPv6 are not checked.
      fix: Check that the instances reach vpce-ssm by IPv6. Check that the instances reach vpce-ssmmessages by IPv6.
      cause: vpce-ssm is in subnet-e, which is IPv6-only; paths by IPv6 are not checked
      cause: vpce-ssmmessages is in subnet-e, which is IPv6-only; paths by IPv6 are not checked
    ");
}
