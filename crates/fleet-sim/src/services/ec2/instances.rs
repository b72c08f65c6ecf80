//! EC2: instances.
use super::request::{checked_filters, text, unknown_filter, write_token};
use crate::{
    clock,
    facts::{ids, operating_systems::Kind},
    fleet::Node,
    scenario::{InstanceState, Ipv6, Metadata},
    wire::{
        AwsError, Call,
        ec2::{Filter, Xml, list, response},
        paging::page,
    },
    world::World,
};

/// Answers `DescribeInstances` with all instances of an account in a Region, managed by Systems Manager or not.
pub fn describe_instances(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let wanted = list(&call.request, "InstanceId");
    let size = match text(call, "MaxResults").map(str::parse::<usize>) {
        None => 1_000,
        Some(Ok(size @ 5..=1_000)) => size,
        Some(_) => {
            return Err(AwsError::new(
                "InvalidParameterValue",
                "Value for parameter maxResults is invalid. Expecting a value between 5 and 1000.",
            ));
        }
    };
    if !wanted.is_empty() && text(call, "MaxResults").is_some() {
        return Err(AwsError::new(
            "InvalidParameterCombination",
            "The parameter instancesSet cannot be used with the parameter maxResults",
        ));
    }
    for id in &wanted {
        if !ids::is_instance_id(id) {
            return Err(AwsError::new("InvalidInstanceID.Malformed", format!("Invalid id: \"{id}\"")));
        }
        let position = world.fleet.position_of(&call.account, &call.region, id);
        if position.is_none_or(|index| !world.fleet.nodes[index].is_in_ec2(world.now)) {
            return Err(AwsError::new("InvalidInstanceID.NotFound", format!("The instance ID '{id}' does not exist")));
        }
    }
    let filters = checked_filters(call)?;
    let mut chosen = Vec::new();
    for node in world.fleet.instances_in(&call.account, &call.region).filter(|node| node.is_in_ec2(world.now)) {
        let mut fits = wanted.is_empty() || wanted.contains(&node.id);
        for filter in &filters {
            fits &= matches(world, node, filter)?;
        }
        if fits {
            chosen.push(node);
        }
    }
    let page = page("DescribeInstances", chosen, size, text(call, "NextToken"), false)
        .map_err(|_| AwsError::new("InvalidParameterValue", "Unable to parse pagination token"))?;
    Ok(response("DescribeInstances", |xml| {
        xml.items("reservationSet", page.items, |xml, node| {
            xml.text("reservationId", &format!("r-{}", ids::hex(&["reservation", &node.id], 17)));
            xml.text("ownerId", &node.account);
            xml.items("groupSet", [(); 0], |_, ()| {});
            xml.items("instancesSet", [node], |xml, node| write_instance(xml, world, node));
        });
        write_token(xml, page.next.as_deref());
    }))
}

fn matches(world: &World, node: &Node, filter: &Filter) -> Result<bool, AwsError> {
    let networks = &world.fleet.networks;
    let subnet = &networks.subnets[node.at.subnet];
    Ok(match filter.name.as_str() {
        "instance-state-name" => filter.matches(state(node).1),
        "instance-id" => filter.matches(&node.id),
        "image-id" => filter.matches(&image(node)),
        "vpc-id" => filter.matches(&networks.vpcs[subnet.vpc].id),
        "subnet-id" => filter.matches(&subnet.id),
        "instance.group-id" => filter.matches(&networks.groups[node.at.group].id),
        "availability-zone" => filter.matches(&networks.zone(subnet)),
        "iam-instance-profile.arn" => node.has_profile && filter.matches(&profile(node)),
        "metadata-options.http-endpoint" => filter.matches(metadata(node).0),
        "metadata-options.http-tokens" => filter.matches(metadata(node).1),
        "platform-details" => filter.matches(node.os.billing()),
        "tag-key" => node.all_tags().any(|(key, _)| filter.matches(key)),
        "platform" => node.os.kind() == Kind::Windows && filter.matches("windows"),
        name => match name.strip_prefix("tag:") {
            Some(key) => node.tag(key).is_some_and(|value| filter.matches(value)),
            None => return Err(unknown_filter(name)),
        },
    })
}

fn state(node: &Node) -> (&'static str, &'static str) {
    match node.state {
        InstanceState::Pending => ("0", "pending"),
        InstanceState::Running => ("16", "running"),
        InstanceState::Terminated => ("48", "terminated"),
        // EC2 does not know the second one.
        InstanceState::Stopped | InstanceState::Absent => ("80", "stopped"),
    }
}

fn image(node: &Node) -> String {
    format!("ami-{}", ids::hex(&["ami", node.os.code(), &node.region], 17))
}

fn profile(node: &Node) -> String {
    format!("arn:aws:iam::{}:instance-profile/managed-instance", node.account)
}

/// Returns `HttpEndpoint` and `HttpTokens`.
fn metadata(node: &Node) -> (&'static str, &'static str) {
    match node.metadata {
        Metadata::On => ("enabled", "required"),
        Metadata::OptionalV1 => ("enabled", "optional"),
        Metadata::Off => ("disabled", "required"),
    }
}

fn write_instance(xml: &mut Xml, world: &World, node: &Node) {
    let networks = &world.fleet.networks;
    let subnet = &networks.subnets[node.at.subnet];
    let (code, name) = state(node);
    xml.text("instanceId", &node.id);
    xml.text("imageId", &image(node));
    xml.element("instanceState", |xml| {
        xml.text("code", code);
        xml.text("name", name);
    });
    xml.text("instanceType", "t3.micro");
    xml.text("launchTime", &clock::rfc3339(node.launched));
    xml.element("placement", |xml| {
        xml.text("availabilityZone", &networks.zone(subnet));
        xml.text("tenancy", "default");
    });
    if node.os.kind() == Kind::Windows {
        xml.text("platform", "windows");
    }
    xml.text("platformDetails", node.os.billing());
    write_addresses(xml, world, node);
    if let Some(address) = networks.ipv6_address(node.at, &node.id) {
        xml.text("ipv6Address", &address);
    }
    if subnet.public && node.is_running() {
        xml.text("ipAddress", &format!("198.51.100.{}", node.address.rsplit('.').next().unwrap_or_default()));
    }
    write_place(xml, world, node);
    xml.items("networkInterfaceSet", [node], |xml, node| {
        xml.text("networkInterfaceId", &format!("eni-{}", ids::hex(&["eni", &node.id], 17)));
        xml.text("ownerId", &node.account);
        write_addresses(xml, world, node);
        xml.items("ipv6AddressesSet", networks.ipv6_address(node.at, &node.id), |xml, address| {
            xml.text("ipv6Address", &address);
        });
        xml.text("status", "in-use");
        write_place(xml, world, node);
    });
    xml.text("architecture", "x86_64");
    if node.has_profile {
        xml.element("iamInstanceProfile", |xml| {
            xml.text("arn", &profile(node));
            xml.text("id", &format!("AIPA{}", ids::hex(&["profile", &node.account], 17).to_uppercase()));
        });
    }
    let (endpoint, tokens) = metadata(node);
    xml.element("metadataOptions", |xml| {
        xml.text("state", "applied");
        xml.text("httpTokens", tokens);
        xml.text("httpPutResponseHopLimit", "2");
        xml.text("httpEndpoint", endpoint);
        xml.text("httpProtocolIpv6", "disabled");
        xml.text("instanceMetadataTags", "disabled");
    });
    xml.items("tagSet", node.all_tags(), |xml, (key, value)| {
        xml.text("key", key);
        xml.text("value", value);
    });
}

/// Writes the private address. In an IPv6-only subnet there is none (Netflix-Skunkworks/iep-apps#491: "null on instances
/// running in an IPv6 only subnet", 2023-09-28; prometheus/prometheus#16047).
fn write_addresses(xml: &mut Xml, world: &World, node: &Node) {
    if world.fleet.networks.subnets[node.at.subnet].ipv6 != Ipv6::Only {
        xml.text("privateIpAddress", &node.address);
    }
}

/// Writes where an instance or its network interface is connected.
fn write_place(xml: &mut Xml, world: &World, node: &Node) {
    let networks = &world.fleet.networks;
    let (subnet, group) = (&networks.subnets[node.at.subnet], &networks.groups[node.at.group]);
    xml.text("subnetId", &subnet.id);
    xml.text("vpcId", &networks.vpcs[subnet.vpc].id);
    xml.items("groupSet", [group], |xml, group| {
        xml.text("groupId", &group.id);
        xml.text("groupName", &group.name);
    });
}
