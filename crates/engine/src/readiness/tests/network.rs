//! Checks of the network: repositories and endpoints.

use insta::assert_snapshot;

use super::*;

fn both(facts: &Situation) -> String {
    format!("{}\n{}", of(facts, Check::Repositories), of(facts, Check::Endpoints))
}

/// The same target with a NAT gateway instead of endpoints.
fn with_nat() -> Situation {
    let mut facts = target();
    table(&mut facts).routes.push(route("0.0.0.0/0", "nat-1"));
    known(&mut facts.network.endpoints).clear();
    facts
}

fn table(facts: &mut Situation) -> &mut RouteTable {
    &mut known(&mut facts.network.route_tables)[1]
}

fn endpoint<'f>(facts: &'f mut Situation, id: &str) -> &'f mut Endpoint {
    known(&mut facts.network.endpoints).iter_mut().find(|endpoint| endpoint.id == id).expect("the endpoint")
}

fn platform(facts: &mut Situation, name: &str, version: &str) {
    let node = &mut known(&mut facts.managed)[0];
    (node.platform_name, node.platform_version) = (name.into(), version.into());
}

fn groups(facts: &mut Situation, of_instance: Vec<GroupRule>) {
    known(&mut facts.network.security_groups)[0].rules = of_instance;
}

#[test]
fn routes_to_the_internet() {
    assert_snapshot!(both(&with_nat()), @"
    repositories pass info: subnet-a leads to the internet through nat-1 (rtb-a).
    endpoints pass info: subnet-a leads to the internet through nat-1 (rtb-a).
    ");

    let mut facts = with_nat();
    table(&mut facts).routes[1] = Route { active: false, ..route("0.0.0.0/0", "nat-gone") };
    assert_snapshot!(both(&facts), @"
    repositories fail high: The default route of rtb-a (subnet-a) leads to nat-gone, which no longer exists.
      fix: Point the route 0.0.0.0/0 of rtb-a to a NAT gateway that exists.
      cause: the default route of rtb-a is a black hole
    endpoints fail critical: The default route of rtb-a (subnet-a) leads to nat-gone, which no longer exists.
      fix: Point the route 0.0.0.0/0 of rtb-a to a NAT gateway that exists.
      cause: the default route of rtb-a is a black hole
    ");

    let mut facts = with_nat();
    table(&mut facts).routes[1] = route("0.0.0.0/0", "tgw-1");
    assert_snapshot!(both(&facts), @"
    repositories unknown low: subnet-a leads to tgw-1 (rtb-a). orgpatch cannot see from this account what lies behind it.
      fix: Check that tgw-1 leads to the internet, or to mirrors and endpoints that serve the same.
      cause: the default route of rtb-a leads to tgw-1
    endpoints unknown low: subnet-a leads to tgw-1 (rtb-a). orgpatch cannot see from this account what lies behind it.
      fix: Check that tgw-1 leads to the internet, or to mirrors and endpoints that serve the same.
      cause: the default route of rtb-a leads to tgw-1
    ");

    let mut facts = with_nat();
    table(&mut facts).routes[1] = route("0.0.0.0/0", "igw-1");
    assert_snapshot!(of(&facts, Check::Repositories), @"
    repositories fail high: subnet-a leads to the internet gateway igw-1 (rtb-a), but the instance has no public address, so answers cannot reach it.
      fix: Give the instance a public address, or route subnet-a through a NAT gateway.
      cause: instances without a public address in subnet-a, which leads to igw-1
    ");
    facts.instances[0].public_ip = true;
    assert_snapshot!(of(&facts, Check::Repositories), @"repositories pass info: subnet-a leads to the internet through igw-1 (rtb-a).");
    facts.instances[0].public_ip = false;
    facts.instances[0].state = "stopped".into();
    assert_snapshot!(of(&facts, Check::Repositories), @"
    repositories unknown low: subnet-a leads to the internet gateway igw-1 (rtb-a). Whether the instance gets a public address shows only when it runs.
      fix: Start it, and look again. Only if it has no public address then, route subnet-a through a NAT gateway.
      cause: stopped instances in subnet-a, which leads to igw-1
    ");

    // A subnet without a table of its own uses the main one.
    let mut facts = with_nat();
    table(&mut facts).subnet_ids.clear();
    assert_snapshot!(of(&facts, Check::Repositories), @"
    repositories fail high: vpc-1 has no S3 gateway endpoint, and subnet-a has no internet access.
      fix: Create a gateway endpoint for S3 in vpc-1 and associate it with rtb-main.
      cause: vpc-1 has no S3 gateway endpoint
    ");
}

#[test]
fn the_repositories_of_each_operating_system() {
    let of_platform = |name: &str, version: &str| {
        let mut facts = target();
        platform(&mut facts, name, version);
        of(&facts, Check::Repositories)
    };
    assert_snapshot!(of_platform("Amazon Linux", "2"), @"repositories pass info: vpce-s3 leads to S3, where the repositories of Amazon Linux are.");
    assert_snapshot!(of_platform("Red Hat Enterprise Linux", "9.4"), @"
    repositories warn medium: subnet-a uses route table rtb-a, which has no route to the internet or to a NAT gateway. vpce-s3 leads to S3, but only Amazon Linux has its repositories there; this is REDHAT_ENTERPRISE_LINUX.
      fix: Make sure that its repositories are mirrored in the network, or give it internet access.
      cause: rtb-a has no route to the internet (REDHAT_ENTERPRISE_LINUX: its repositories are not in S3)
    ");
    assert_snapshot!(of_platform("Microsoft Windows Server 2022 Datacenter", "10.0.20348"), @"
    repositories fail high: subnet-a uses route table rtb-a, which has no route to the internet or to a NAT gateway. Windows gets updates from Windows Update or from WSUS, so VPC endpoints alone are not enough. orgpatch cannot see from outside whether there is a WSUS server.
      fix: Add a route 0.0.0.0/0 to a NAT gateway in rtb-a, or create the VPC endpoints that are needed. Or make sure that the instance has a WSUS server.
      cause: rtb-a has no route to the internet
    ");
    let mut facts = with_nat();
    platform(&mut facts, "Microsoft Windows Server 2022 Datacenter", "10.0.20348");
    assert_snapshot!(of(&facts, Check::Repositories), @"repositories pass info: subnet-a leads to the internet through nat-1 (rtb-a).");
}

#[test]
fn a_scan_proves_more_than_a_look_from_outside() {
    let mut facts = target();
    known(&mut facts.network.endpoints).clear();
    let scanned = |facts, code, check| after(facts, OperatingSystem::AmazonLinux2023, code, check);
    assert_snapshot!(scanned(&facts, 0, Check::Repositories), @"
    repositories warn low: vpc-1 has no S3 gateway endpoint, and subnet-a has no internet access. However, the scan of this run ended with success, so there is a path that orgpatch cannot see.
      fix: Create a gateway endpoint for S3 in vpc-1 and associate it with rtb-a.
      cause: vpc-1 has no S3 gateway endpoint
    ");
    assert!(
        scanned(&facts, 0, Check::Endpoints).starts_with("endpoints warn low"),
        "commands and answers came through"
    );
    assert!(scanned(&facts, 1, Check::Endpoints).starts_with("endpoints fail"), "that proves nothing");
    assert!(scanned(&facts, 156, Check::Repositories).contains("no S3 gateway endpoint"), "the cause is known already");
    assert_snapshot!(scanned(&target(), 156, Check::Repositories), @"
    repositories fail high: The scan of this run ended with exit code 156: the patch module could not be downloaded (is S3 reachable from the instance?).
      fix: Check the path to S3: route table, security groups, network ACL, policy of the S3 endpoint.
      cause: instances whose scan could not download the patch module
    ");
}

#[test]
fn security_groups_of_the_instance() {
    let https = |peer| rule(Direction::Out, Protocol::Tcp, Some((443, 443)), peer);
    let mut facts = target();
    groups(&mut facts, vec![https(Peer::PrefixList("pl-s3".into())), https(Peer::Group("sg-e".into()))]);
    assert_snapshot!(both(&facts), @"
    repositories pass info: vpce-s3 leads to S3, where the repositories of Amazon Linux are.
    endpoints pass info: vpce-ssm leads to ssm. vpce-ssmmessages leads to ssmmessages. vpce-s3 leads to S3. The policy of vpce-s3 allows aws-patch-manager-eu-west-1* or aws-ssm-eu-west-1*. vpc-1 has no endpoints for ec2, kms, logs, which only some features need.
    ");
    groups(&mut facts, vec![https(cidr("10.0.0.0/16"))]);
    assert_snapshot!(both(&facts), @"
    repositories fail high: The security groups (sg-i) do not allow outbound TCP 443 to S3.
      fix: Allow outbound TCP 443 to pl-s3 in sg-i.
      cause: sg-i: no outbound 443 to S3
    endpoints fail high: The security groups (sg-i) do not allow outbound TCP 443 to S3.
      fix: Allow outbound TCP 443 to pl-s3 in sg-i.
      cause: sg-i: no outbound 443 to S3
    ");
    groups(&mut facts, vec![rule(Direction::Out, Protocol::Tcp, Some((80, 80)), cidr("0.0.0.0/0"))]);
    assert_snapshot!(both(&facts), @"
    repositories fail high: The security groups (sg-i) do not allow outbound TCP 443 to S3.
      fix: Allow outbound TCP 443 to pl-s3 in sg-i.
      cause: sg-i: no outbound 443 to S3
    endpoints fail critical: The security groups (sg-i) do not allow outbound TCP 443 to vpce-ssmmessages (ssmmessages). The security groups (sg-i) do not allow outbound TCP 443 to S3.
      fix: Allow outbound TCP 443 to sg-e in sg-i. Allow outbound TCP 443 to pl-s3 in sg-i.
      cause: sg-i: no outbound 443 to vpce-ssmmessages (ssmmessages)
      cause: sg-i: no outbound 443 to S3
    ");
    // What may come in is not what may go out.
    groups(&mut facts, vec![rule(Direction::In, Protocol::Any, None, cidr("0.0.0.0/0"))]);
    assert!(of(&facts, Check::Repositories).starts_with("repositories fail"));
    let mut facts = with_nat();
    groups(&mut facts, vec![https(cidr("52.0.0.0/8"))]);
    assert_snapshot!(of(&facts, Check::Repositories), @"
    repositories warn medium: The security groups (sg-i) allow outbound TCP 443 only to some addresses, not to anywhere.
      fix: Allow outbound TCP 443 to 0.0.0.0/0 in sg-i.
      cause: sg-i: outbound 443 only to some addresses, not to anywhere
    ");
}

#[test]
fn network_acls_do_not_remember() {
    let of_entries = |entries: Vec<AclEntry>| {
        let mut facts = with_nat();
        known(&mut facts.network.network_acls)[0].entries = entries;
        of(&facts, Check::Repositories)
    };
    let out = || entry(100, Direction::Out, Some((443, 443)), true);
    assert_snapshot!(of_entries(vec![out(), entry(100, Direction::In, Some((1024, 65535)), true)]), @"repositories pass info: subnet-a leads to the internet through nat-1 (rtb-a).");
    assert_snapshot!(of_entries(vec![out(), entry(100, Direction::In, Some((443, 443)), true)]), @"
    repositories fail high: Network ACL acl-1 does not allow inbound TCP 1024-65535 (answers) from the internet.
      fix: Allow inbound TCP 1024-65535 (answers) from the internet in network ACL acl-1. ACLs are stateless, so both directions must be allowed.
      cause: acl-1 does not allow inbound TCP 1024-65535 (answers) from the internet
    ");
    assert_snapshot!(of_entries(vec![out(), entry(100, Direction::In, Some((32768, 60999)), true)]), @"
    repositories warn medium: Network ACL acl-1 allows only part of inbound TCP 1024-65535 (answers) from the internet.
      fix: Allow inbound TCP 1024-65535 (answers) from the internet in network ACL acl-1. ACLs are stateless, so both directions must be allowed.
      cause: acl-1 allows only part of inbound TCP 1024-65535 (answers) from the internet
    ");
    // The lowest number decides, wherever it stands in the list.
    let no = entry(50, Direction::Out, None, false);
    assert_snapshot!(of_entries(vec![out(), no.clone(), entry(100, Direction::In, None, true)]), @"
    repositories fail high: Network ACL acl-1 does not allow outbound TCP 443 to the internet.
      fix: Allow outbound TCP 443 to the internet in network ACL acl-1. ACLs are stateless, so both directions must be allowed.
      cause: acl-1 does not allow outbound TCP 443 to the internet
    ");
    let local = AclEntry { cidr: "10.0.0.0/8".parse().expect("a range"), ..no };
    assert_snapshot!(of_entries(vec![out(), local, entry(100, Direction::In, None, true)]), @"repositories pass info: subnet-a leads to the internet through nat-1 (rtb-a).");
}

#[test]
fn endpoints_that_are_not_there_or_not_in_use() {
    let mut facts = target();
    known(&mut facts.network.endpoints).retain(|endpoint| endpoint.service != "ssmmessages");
    assert_snapshot!(of(&facts, Check::Endpoints), @"
    endpoints fail critical: vpc-1 has no ssmmessages endpoint, and subnet-a has no internet access.
      fix: Create an interface endpoint for ssmmessages in vpc-1, with private DNS.
      cause: vpc-1 has no ssmmessages endpoint
    ");
    // Online, it reaches `ssm` in a way that cannot be seen.
    known(&mut facts.network.endpoints).clear();
    known(&mut facts.network.endpoints).push(interface("ssmmessages"));
    known(&mut facts.network.endpoints).push(target_s3());
    assert_snapshot!(of(&facts, Check::Endpoints), @"
    endpoints warn low: vpc-1 has no ssm endpoint, and subnet-a has no internet access. However, its agent is online, so there is a path that orgpatch cannot see.
      fix: Create an interface endpoint for ssm in vpc-1, with private DNS.
      cause: vpc-1 has no ssm endpoint
    ");
    known(&mut facts.managed).clear();
    assert_snapshot!(of(&facts, Check::Endpoints), @"
    endpoints fail critical: vpc-1 has no ssm endpoint, and subnet-a has no internet access.
      fix: Create an interface endpoint for ssm in vpc-1, with private DNS.
      cause: vpc-1 has no ssm endpoint
    ");

    let mut facts = target();
    endpoint(&mut facts, "vpce-ssm").state = "pendingacceptance".into();
    if let EndpointKind::Interface { private_dns, .. } = &mut endpoint(&mut facts, "vpce-ssmmessages").kind {
        *private_dns = false;
    }
    known(&mut facts.managed).clear();
    assert_snapshot!(of(&facts, Check::Endpoints), @"
    endpoints fail critical: The ssm endpoint vpce-ssm of vpc-1 is pendingacceptance. The ssmmessages endpoint vpce-ssmmessages of vpc-1 has private DNS off, so the name of ssmmessages does not resolve to it.
      fix: Accept vpce-ssm or create it again, until it is available. Turn on private DNS for vpce-ssmmessages, and DNS support and DNS hostnames for vpc-1.
      cause: vpce-ssm (ssm) is pendingacceptance
      cause: vpce-ssmmessages (ssmmessages) has no private DNS
    ");
}

fn target_s3() -> Endpoint {
    Endpoint { kind: EndpointKind::Gateway { route_table_ids: vec!["rtb-a".into()] }, ..interface("s3") }
}

#[test]
fn endpoints_that_do_not_let_the_instance_in_are_in_the_way_even_where_there_is_internet() {
    let mut facts = target();
    table(&mut facts).routes.push(route("0.0.0.0/0", "nat-1"));
    known(&mut facts.network.security_groups)[1].rules =
        vec![rule(Direction::In, Protocol::Tcp, Some((443, 443)), cidr("10.0.2.0/24"))];
    assert_snapshot!(both(&facts), @"
    repositories pass info: subnet-a leads to the internet through nat-1 (rtb-a).
    endpoints fail critical: The ssmmessages endpoint vpce-ssmmessages has security group sg-e, which does not allow inbound TCP 443 from sg-i.
      fix: Allow inbound TCP 443 from sg-i in sg-e.
      cause: sg-e of vpce-ssmmessages (ssmmessages): no inbound 443 from sg-i
    ");
    // By its security group it is let in, from whatever address.
    known(&mut facts.network.security_groups)[1].rules =
        vec![rule(Direction::In, Protocol::Tcp, Some((443, 443)), Peer::Group("sg-i".into()))];
    assert_snapshot!(of(&facts, Check::Endpoints), @"endpoints pass info: vpce-ssm leads to ssm. vpce-ssmmessages leads to ssmmessages. vpce-s3 leads to S3. The policy of vpce-s3 allows aws-patch-manager-eu-west-1* or aws-ssm-eu-west-1*.");
}

#[test]
fn acls_between_the_subnets() {
    let mut facts = target();
    let acls = known(&mut facts.network.network_acls);
    acls[0].subnet_ids = vec!["subnet-a".into()];
    acls.push(NetworkAcl {
        id: "acl-e".into(),
        subnet_ids: vec!["subnet-e".into()],
        entries: vec![entry(100, Direction::In, Some((443, 443)), true)],
    });
    assert_snapshot!(of(&facts, Check::Endpoints), @"
    endpoints fail critical: Network ACL acl-e does not allow outbound TCP 1024-65535 (answers) to the instances.
      fix: Allow outbound TCP 1024-65535 (answers) to the instances in network ACL acl-e. ACLs are stateless, so both directions must be allowed.
      cause: acl-e does not allow outbound TCP 1024-65535 (answers) to the instances
    ");
    // In the same subnet no ACL is asked.
    known(&mut facts.network.network_acls)[0].subnet_ids.clear();
    known(&mut facts.network.network_acls)[1].subnet_ids.push("subnet-a".into());
    for service in ["vpce-ssm", "vpce-ssmmessages"] {
        if let EndpointKind::Interface { subnet_ids, .. } = &mut endpoint(&mut facts, service).kind {
            *subnet_ids = vec!["subnet-a".into()];
        }
    }
    assert_snapshot!(of(&facts, Check::Endpoints), @"
    endpoints fail high: Network ACL acl-e does not allow outbound TCP 443 to S3.
      fix: Allow outbound TCP 443 to S3 in network ACL acl-e. ACLs are stateless, so both directions must be allowed.
      cause: acl-e does not allow outbound TCP 443 to S3
    ");
}

#[test]
fn the_s3_gateway_endpoint() {
    let mut facts = target();
    endpoint(&mut facts, "vpce-s3").kind = EndpointKind::Gateway { route_table_ids: vec!["rtb-main".into()] };
    assert_snapshot!(both(&facts), @"
    repositories fail high: The S3 gateway endpoint vpce-s3 is not associated with route table rtb-a, which subnet-a uses.
      fix: Associate rtb-a with vpce-s3.
      cause: rtb-a is not associated with vpce-s3
    endpoints fail high: The S3 gateway endpoint vpce-s3 is not associated with route table rtb-a, which subnet-a uses.
      fix: Associate rtb-a with vpce-s3.
      cause: rtb-a is not associated with vpce-s3
    ");

    let policy = |resources: &str| {
        Some(format!(
            r#"{{"Statement": [{{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": {resources}}}]}}"#
        ))
    };
    let own = r#""arn:aws:s3:::own-bucket/*""#;
    let both_names = r#"["arn:aws:s3:::aws-ssm-eu-west-1/*", "arn:aws:s3:::patch-baseline-snapshot-eu-west-1/*"]"#;
    let new_names = r#"["arn:aws:s3:::aws-patch-manager-eu-west-1-5522fb710/*", "arn:aws:s3:::patch-baseline-snapshot-eu-west-1/*"]"#;
    let mut facts = target();
    endpoint(&mut facts, "vpce-s3").policy = policy(own);
    assert_snapshot!(of(&facts, Check::Endpoints), @"
    endpoints fail high: The policy of S3 endpoint vpce-s3 does not allow s3:GetObject on aws-patch-manager-eu-west-1* or aws-ssm-eu-west-1*.
      fix: Allow s3:GetObject on aws-patch-manager-eu-west-1* or aws-ssm-eu-west-1* in the policy of vpce-s3.
      cause: the policy of vpce-s3 does not allow aws-patch-manager-eu-west-1* or aws-ssm-eu-west-1*
    ");
    for resources in [both_names, new_names] {
        endpoint(&mut facts, "vpce-s3").policy = policy(resources);
        assert!(of(&facts, Check::Endpoints).starts_with("endpoints pass"));
    }
    // It is on the way even where there is internet.
    let mut facts = with_nat();
    known(&mut facts.network.endpoints).push(Endpoint { policy: policy(own), ..target_s3() });
    assert!(of(&facts, Check::Endpoints).starts_with("endpoints fail"));
}

#[test]
fn ec2messages_only_where_an_old_agent_still_can_use_it() {
    let of_agent = |agent: &str, on: &str| {
        let mut facts = target();
        known(&mut facts.managed)[0].agent_version = agent.into();
        told(&check(&facts, &Selection::default(), time(on))["i-1"][5])
    };
    assert_snapshot!(of_agent("3.3.39.0", "2026-09-29T00:00:00Z"), @"
    endpoints fail critical: vpc-1 has no ec2messages endpoint, and subnet-a has no internet access.
      fix: Create an interface endpoint for ec2messages in vpc-1, with private DNS.
      cause: vpc-1 has no ec2messages endpoint
    ");
    assert!(of_agent("3.3.40.0", "2026-09-29T00:00:00Z").starts_with("endpoints pass"));
    assert!(of_agent("3.3.39.0", "2026-09-30T00:00:00Z").starts_with("endpoints pass"));
}

#[test]
fn what_may_not_be_read_is_unknown_with_the_action() {
    for (action, deny) in [
        (
            "ec2:DescribeRouteTables",
            (|network| network.route_tables = Fetched::denied("ec2:DescribeRouteTables")) as fn(&mut Network),
        ),
        ("ec2:DescribeSecurityGroups", |network| {
            network.security_groups = Fetched::denied("ec2:DescribeSecurityGroups");
        }),
        ("ec2:DescribeNetworkAcls", |network| network.network_acls = Fetched::denied("ec2:DescribeNetworkAcls")),
        ("ec2:DescribeVpcEndpoints", |network| network.endpoints = Fetched::denied("ec2:DescribeVpcEndpoints")),
        ("ec2:DescribeSubnets", |network| network.subnets = Fetched::denied("ec2:DescribeSubnets")),
    ] {
        let mut facts = target();
        deny(&mut facts.network);
        let told = of(&facts, Check::Endpoints);
        let expected = format!(
            "endpoints unknown low: Not known: the member role may not call {action}.\n  \
             fix: Allow {action} in the member role."
        );
        assert!(told.starts_with(&expected), "{told}");
    }
    // What is certain is said, whatever else could not be read.
    let mut facts = target();
    known(&mut facts.network.endpoints).clear();
    facts.network.network_acls = Fetched::denied("ec2:DescribeNetworkAcls");
    assert!(of(&facts, Check::Repositories).starts_with("repositories fail"));
    // A network that another account shares.
    let mut facts = target();
    facts.instances[0].security_group_ids = vec!["sg-shared".into()];
    assert_snapshot!(of(&facts, Check::Endpoints), @"endpoints unknown low: Not known: sg-shared is not in what the account can see.");
}
