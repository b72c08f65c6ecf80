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

#[test]
fn in_an_ipv6_only_subnet_paths_are_unknown_and_the_rest_is_checked() {
    assert_snapshot!(wrong(&only()), @"
    i-1 repositories unknown low: subnet-a is IPv6-only. Paths by IPv6 are not checked.
      fix: Check that subnet-a leads out by IPv6, and that the SSM Agent uses dual-stack endpoints (UseDualStackEndpoint, version 3.3.3270.0 or later) or NAT64.
      cause: subnet-a is IPv6-only; paths by IPv6 are not checked
    i-1 endpoints unknown low: subnet-a is IPv6-only. Paths by IPv6 are not checked.
      fix: Check that subnet-a leads out by IPv6, and that the SSM Agent uses dual-stack endpoints (UseDualStackEndpoint, version 3.3.3270.0 or later) or NAT64.
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
    assert_snapshot!(wrong(&also()), @"
    i-1 repositories unknown low: vpc-1 has no S3 gateway endpoint, and subnet-a has no internet access. However, subnet-a has IPv6 addresses, and rtb-a leads to eigw-1 by IPv6. Paths by IPv6 are not checked.
      fix: Check that the instance has an IPv6 address, and that the SSM Agent uses dual-stack endpoints (UseDualStackEndpoint, version 3.3.3270.0 or later) or NAT64. Otherwise: Create a gateway endpoint for S3 in vpc-1 and associate it with rtb-a.
      cause: rtb-a leads to eigw-1 by IPv6; paths by IPv6 are not checked
    i-1 endpoints unknown low: vpc-1 has no ssm endpoint, and subnet-a has no internet access. vpc-1 has no ssmmessages endpoint, and subnet-a has no internet access. vpc-1 has no S3 gateway endpoint, and subnet-a has no internet access. However, subnet-a has IPv6 addresses, and rtb-a leads to eigw-1 by IPv6. Paths by IPv6 are not checked.
      fix: Check that the instance has an IPv6 address, and that the SSM Agent uses dual-stack endpoints (UseDualStackEndpoint, version 3.3.3270.0 or later) or NAT64. Otherwise: Create an interface endpoint for ssm in vpc-1, with private DNS. Create an interface endpoint for ssmmessages in vpc-1, with private DNS. Create a gateway endpoint for S3 in vpc-1 and associate it with rtb-a.
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
    let fails = |change: &dyn Fn(&mut Situation)| {
        let mut facts = also();
        change(&mut facts);
        [Check::Repositories, Check::Endpoints].map(|check| of(&facts, check).contains(" fail "))
    };
    let routes = |facts: &mut Situation, with: Route| {
        let table = &mut known(&mut facts.network.route_tables)[1];
        table.routes.retain(|route| route.destination != "::/0");
        table.routes.push(with);
    };
    assert_eq!(fails(&|_| ()), [false, false]);
    assert_eq!(fails(&|facts| routes(facts, route("64:ff9b::/96", "nat-1"))), [false, false], "NAT64");
    assert_eq!(fails(&|facts| routes(facts, Route { active: false, ..route("::/0", "eigw-1") })), [true, true]);
    assert_eq!(fails(&|facts| routes(facts, route("2001:db8::/32", "local"))), [true, true]);
    assert_eq!(fails(&|facts| known(&mut facts.network.subnets)[0].ipv6 = false), [true, true]);
}

#[test]
fn an_old_agent_is_not_said_to_lack_ec2messages_where_ipv6_may_lead_there() {
    let told_of_it = |mut facts: Situation| {
        known(&mut facts.managed)[0].agent_version = "3.2.999.0".into();
        let before_it_was_retired = time("2026-09-29T00:00:00Z");
        let findings = check(&facts, &Selection::default(), before_it_was_retired).remove("i-1").unwrap_or_default();
        findings.iter().map(told).any(|text| text.contains("ec2messages is out of reach"))
    };
    assert_eq!([target(), only(), also()].map(told_of_it), [true, false, false]);
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
