//! Networks as EC2 describes them, with pages and filters.
use crate::testing::{Lab, MEMBER};
use serde_json::{Value, json};

/// Two equal entries, two entries with different subnets of one named VPC, and an entry without a network.
const FLEET: &str = r#"  - {account: "222200000001", region: ap-northeast-1, id: i-00000000, os: UBUNTU, network: {private: true, endpoints: [ssmmessages, ssm, s3]}}
  - {account: "222200000001", region: ap-northeast-1, id: i-00000001, os: WINDOWS, metadata: optional-v1, network: {route: none, endpoints: [s3, ssm, ssmmessages]}}
  - {account: "222200000001", region: ap-northeast-1, id: i-00000002, os: UBUNTU, network: {vpc: shop, route: blackhole, egress443: endpoints-and-s3, networkAcl: no-return-ports, endpoints: [{service: kms, group: instances, place: other-subnet}]}}
  - {account: "222200000001", region: ap-northeast-1, id: i-00000003, os: UBUNTU, network: {vpc: shop, publicAddress: false}, autoScalingGroup: web}
  - {account: "222200000001", region: ap-northeast-1, id: i-00000004, os: UBUNTU, managed: false}
  - {account: "222200000001", region: us-east-1, id: i-00000005, os: UBUNTU}"#;

fn lab() -> Lab {
    Lab::with(FLEET, "emptyPages: false")
}

fn ask(lab: &mut Lab, operation: &str, request: Value) -> String {
    lab.raw("ec2", operation, MEMBER, request).expect("XML")
}

/// Returns the texts of all elements of a name.
fn texts(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap_or_default().to_owned()).collect()
}

fn filter(name: &str, value: &str) -> Value {
    json!({"Filter.1.Name": name, "Filter.1.Value.1": value})
}

#[test]
fn entries_that_are_alike_share_vpc_subnet_and_group() {
    let mut lab = lab();
    let places: Vec<Vec<String>> = (0..5)
        .map(|n| {
            let xml = ask(&mut lab, "DescribeInstances", json!({"InstanceId.1": format!("i-0000000{n}")}));
            ["vpcId", "subnetId", "groupId"].map(|name| texts(&xml, name).remove(0)).to_vec()
        })
        .collect();
    assert_eq!(places[0], places[1], "the order of endpoints does not matter, nor how it is said");
    assert_eq!(places[2][0], places[3][0], "the same name");
    assert!(places[2][1] != places[3][1] && places[2][2] != places[3][2]);
    assert!(places[0][0] != places[2][0] && places[2][0] != places[4][0] && places[0][0] != places[4][0]);
    let subnets = texts(&ask(&mut lab, "DescribeSubnets", filter("vpc-id", &places[2][0])), "cidrBlock");
    assert_eq!(subnets, ["10.1.0.0/24", "10.1.1.0/24", "10.1.2.0/24"], "one is for endpoints");
}

#[test]
fn tags_of_many_are_described_and_found_like_others() {
    let node = |n: u8, tags: &str| {
        format!("  - {{account: \"{MEMBER}\", region: ap-northeast-1, id: i-0000000{n}, os: UBUNTU{tags}}}\n")
    };
    let fleet =
        [node(0, ", tags: {Name: web}, manyTags: {count: 2, length: 3, text: 日本}"), node(1, ", tags: {Name: db}")];
    let mut lab = Lab::with(&fleet.concat(), "emptyPages: false");
    let xml = ask(&mut lab, "DescribeInstances", json!({"InstanceId.1": "i-00000000"}));
    assert_eq!(texts(&xml, "key"), ["Name", "tag-01", "tag-02"]);
    assert_eq!(texts(&xml, "value"), ["web", "日本日", "日本日"]);
    for (name, value) in [("tag:tag-02", "日本日"), ("tag-key", "tag-01")] {
        let found = ask(&mut lab, "DescribeInstances", filter(name, value));
        assert_eq!(texts(&found, "instanceId"), ["i-00000000"], "{name}");
    }
}

#[test]
fn a_zone_has_a_subnet_of_its_own_in_the_same_vpc() {
    let node = |zone: &str| format!("  - {{account: \"{MEMBER}\", region: ap-northeast-1, os: UBUNTU{zone}}}\n");
    let mut lab = Lab::with(&["", ", zone: c", ", zone: a"].map(node).concat(), "emptyPages: false");
    let xml = ask(&mut lab, "DescribeInstances", json!({}));
    assert_eq!(texts(&xml, "availabilityZone"), ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1a"]);
    let c = ask(&mut lab, "DescribeInstances", filter("availability-zone", "*c"));
    assert_eq!(texts(&c, "instanceId").len(), 1);
    let subnets = ask(&mut lab, "DescribeSubnets", json!({}));
    assert_eq!(texts(&subnets, "availabilityZone"), ["ap-northeast-1a", "ap-northeast-1c"]);
    let vpcs = texts(&subnets, "vpcId");
    assert_eq!(vpcs[0], vpcs[1]);
}

#[test]
fn instances_tell_their_profile_metadata_and_group() {
    let mut lab = lab();
    let xml = ask(&mut lab, "DescribeInstances", json!({}));
    assert_eq!(texts(&xml, "httpTokens"), ["required", "optional", "required", "required", "required"]);
    assert_eq!(texts(&xml, "httpEndpoint"), ["enabled"; 5]);
    assert_eq!(texts(&xml, "iamInstanceProfile").len(), 4, "not the one that is said to be unmanaged");
    assert!(xml.contains("<key>aws:autoscaling:groupName</key><value>web</value>"));
    assert_eq!(texts(&xml, "ipAddress").len(), 1, "only that of the default VPC is public");
    for (name, value, expected) in [
        ("metadata-options.http-tokens", "optional", 1),
        ("iam-instance-profile.arn", "*managed-instance", 4),
        ("platform-details", "Windows", 1),
        ("subnet-id", "subnet-*", 5),
        ("tag-key", "aws:autoscaling:*", 1),
    ] {
        let xml = ask(&mut lab, "DescribeInstances", filter(name, value));
        assert_eq!(texts(&xml, "instanceId").len(), expected, "{name}");
    }
}

#[test]
fn route_tables_are_the_main_one_or_one_of_their_own() {
    let mut lab = lab();
    let main = ask(&mut lab, "DescribeRouteTables", filter("association.main", "true"));
    assert_eq!(texts(&main, "routeTableId").len(), 3 * 2, "the table and its association, for three VPCs");
    assert_eq!(texts(&main, "gatewayId").iter().filter(|id| id.starts_with("igw-")).count(), 1, "the default VPC");
    let dead = ask(&mut lab, "DescribeRouteTables", filter("route.state", "blackhole"));
    assert_eq!(texts(&dead, "state").iter().filter(|state| *state == "blackhole").count(), 1);
    assert!(texts(&dead, "natGatewayId")[0].starts_with("nat-"));
    let list = texts(&ask(&mut lab, "DescribeManagedPrefixLists", filter("prefix-list-name", "*.s3")), "prefixListId");
    let to_s3 = ask(&mut lab, "DescribeRouteTables", filter("route.destination-prefix-list-id", &list[0]));
    assert_eq!(texts(&to_s3, "destinationPrefixListId"), list);
    assert!(texts(&to_s3, "gatewayId").iter().any(|id| id.starts_with("vpce-")));
    let subnet = &texts(&to_s3, "subnetId")[0];
    let by_subnet = ask(&mut lab, "DescribeRouteTables", filter("association.subnet-id", subnet));
    assert_eq!(texts(&by_subnet, "subnetId"), std::slice::from_ref(subnet));
}

#[test]
fn subnets_have_addresses_of_ipv4_of_both_or_of_ipv6_only() {
    let node = |n: u8, network: &str| {
        format!(
            "  - {{account: \"{MEMBER}\", region: ap-northeast-1, id: i-0000000{n}, os: UBUNTU, network: {network}}}\n"
        )
    };
    let fleet = [
        node(0, "{vpc: six, ipv6: only}"),
        node(1, "{vpc: six, ipv6: dual-stack, private: true, ipv6Route: nat64}"),
        node(2, "{vpc: six}"),
        node(3, "{vpc: four}"),
    ];
    let mut lab = Lab::with(&fleet.concat(), "emptyPages: false");
    let all = ask(&mut lab, "DescribeSubnets", json!({}));
    assert_eq!(texts(&all, "cidrBlock"), ["10.0.1.0/24", "10.0.2.0/24", "10.1.0.0/24"]);
    assert_eq!(texts(&all, "ipv6CidrBlock"), ["2001:db8:0:100::/64", "2001:db8:0:101::/64"]);
    assert_eq!(texts(&all, "ipv6Native"), ["true", "false", "false", "false"]);
    let only = ask(&mut lab, "DescribeSubnets", filter("ipv6-native", "true"));
    assert_eq!((texts(&only, "cidrBlock").len(), texts(&only, "subnetId").len()), (0, 1));

    let instances = ask(&mut lab, "DescribeInstances", json!({}));
    assert_eq!(texts(&instances, "privateIpAddress").len(), 3 * 2, "three instances and their interfaces");
    assert_eq!(texts(&instances, "ipv6Address").len(), 2 * 2);
    assert_eq!(
        lab.ssm("DescribeInstanceInformation", json!({}))["InstanceInformationList"].as_array().map(Vec::len),
        Some(3)
    );

    let out = ask(&mut lab, "DescribeRouteTables", filter("route.destination-ipv6-cidr-block", "::/0"));
    assert_eq!(texts(&out, "egressOnlyInternetGatewayId").len(), 1);
    assert_eq!(texts(&out, "destinationIpv6CidrBlock"), ["2001:db8:0:100::/56", "::/0"]);
    let nat64 = ask(&mut lab, "DescribeRouteTables", filter("route.destination-ipv6-cidr-block", "64:ff9b::/96"));
    assert_eq!(texts(&nat64, "natGatewayId").len(), 1);
    let acls = ask(&mut lab, "DescribeNetworkAcls", json!({}));
    assert_eq!(texts(&acls, "ipv6CidrBlock").len(), 4, "only in the VPC that has IPv6 addresses");
}

#[test]
fn groups_and_network_acls_tell_what_they_close() {
    let mut lab = lab();
    let groups = ask(&mut lab, "DescribeSecurityGroups", filter("egress.ip-permission.from-port", "443"));
    assert_eq!(texts(&groups, "prefixListId").len(), 1);
    let endpoints = ask(&mut lab, "DescribeSecurityGroups", filter("group-name", "endpoints-instances"));
    let (id, from) = (texts(&endpoints, "groupId"), texts(&endpoints, "ipPermissions"));
    assert!(texts(&groups, "groupId").contains(&id[0]), "the instance may connect to the endpoint's group");
    assert_eq!(texts(&from[0], "groupId").len(), 2, "which lets both groups of the VPC in");
    assert_eq!(texts(&from[0], "fromPort"), ["443"]);
    let closed = ask(&mut lab, "DescribeNetworkAcls", filter("default", "false"));
    assert_eq!(texts(&closed, "subnetId").len(), 1);
    assert_eq!(texts(&closed, "ruleNumber"), ["32767", "100", "100", "32767"]);
    assert_eq!(texts(&closed, "portRange"), ["<from>0</from><to>1023</to>"]);
}

#[test]
fn endpoints_are_gateways_or_interfaces() {
    let mut lab = lab();
    let gateways = ask(&mut lab, "DescribeVpcEndpoints", filter("vpc-endpoint-type", "Gateway"));
    assert_eq!(texts(&gateways, "serviceName"), ["com.amazonaws.ap-northeast-1.s3"]);
    assert_eq!(
        (texts(&gateways, "groupSet"), texts(&gateways, "privateDnsEnabled")),
        (vec![String::new()], vec!["false".into()])
    );
    assert!(texts(&gateways, "routeTableIdSet")[0].starts_with("<item>rtb-"));
    let kms = ask(&mut lab, "DescribeVpcEndpoints", filter("service-name", "com.amazonaws.*.kms"));
    assert_eq!(
        (texts(&kms, "state"), texts(&kms, "privateDnsEnabled")),
        (vec!["available".into()], vec!["true".to_owned()])
    );
    let policy = texts(&kms, "policyDocument").remove(0).replace("&quot;", "\"");
    assert_eq!(serde_json::from_str::<Value>(&policy).expect("JSON")["Statement"][0]["Effect"], "Allow");
}

#[test]
fn requests_are_checked_as_ec2_does() {
    let mut lab = lab();
    let many: serde_json::Map<_, _> =
        (1..=201).map(|n| (format!("Filter.1.Value.{n}"), json!(format!("subnet-{n}")))).collect();
    let mut too_many = Value::Object(many);
    too_many["Filter.1.Name"] = json!("subnet-id");
    for (operation, request, code) in [
        ("DescribeSubnets", json!({"SubnetId.1": "subnet-1"}), "InvalidSubnetID.NotFound"),
        ("DescribeRouteTables", json!({"RouteTableId.1": "rtb-1"}), "InvalidRouteTableID.NotFound"),
        ("DescribeSecurityGroups", json!({"GroupId.1": "sg-1"}), "InvalidGroup.NotFound"),
        ("DescribeNetworkAcls", json!({"NetworkAclId.1": "acl-1"}), "InvalidNetworkAclID.NotFound"),
        ("DescribeVpcEndpoints", json!({"VpcEndpointId.1": "vpce-1"}), "InvalidVpcEndpointId.NotFound"),
        ("DescribeManagedPrefixLists", json!({"PrefixListId.1": "pl-1"}), "InvalidPrefixListID.NotFound"),
        ("DescribeRouteTables", json!({"MaxResults": "101"}), "InvalidParameterValue"),
        ("DescribeSubnets", json!({"MaxResults": "4"}), "InvalidParameterValue"),
        ("DescribeSubnets", json!({"NextToken": "x"}), "InvalidParameterValue"),
        ("DescribeSubnets", filter("colour", "red"), "InvalidParameterValue"),
        ("DescribeSubnets", too_many, "FilterLimitExceeded"),
    ] {
        assert_eq!(lab.raw("ec2", operation, MEMBER, request).expect_err(operation).code, code, "{operation}");
    }
}

#[test]
fn every_page_but_an_empty_one_has_items_and_together_they_are_all() {
    let mut lab = Lab::new(FLEET);
    let (mut seen, mut token, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let mut request = json!({"MaxResults": "5"});
        if let Some(token) = &token {
            request["NextToken"] = json!(token);
        }
        let xml = ask(&mut lab, "DescribeSecurityGroups", request);
        seen.extend(texts(&xml, "groupName"));
        pages += 1;
        token = texts(&xml, "nextToken").pop();
        if token.is_none() {
            break;
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, ["endpoints-instances", "endpoints-vpc", "nodes-0", "nodes-0", "nodes-0", "nodes-1"]);
    assert!(pages >= 2);
}
