//! EC2, read only: instances and Regions.
use crate::{
    clock,
    fleet::Node,
    ids,
    platform::Kind,
    regions::{self, OptIn},
    wire::{
        AwsError, Call,
        ec2::{Filter, Xml, filters, list, response},
        paging::page,
    },
    world::World,
};

fn text<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    call.request.get(name).and_then(serde_json::Value::as_str)
}

/// `DescribeInstances`: all of an account in a Region, managed by Systems Manager or not.
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
        if world.fleet.find(&call.account, &call.region, id).is_none() {
            return Err(AwsError::new("InvalidInstanceID.NotFound", format!("The instance ID '{id}' does not exist")));
        }
    }
    let filters = filters(&call.request);
    let mut chosen = Vec::new();
    for node in world.fleet.at(&call.account, &call.region) {
        let mut fits = wanted.is_empty() || wanted.contains(&node.id);
        for filter in &filters {
            fits &= matches(node, filter)?;
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
            xml.items("instancesSet", [node], write_instance);
        });
        if let Some(token) = &page.next {
            xml.text("nextToken", token);
        }
    }))
}

fn matches(node: &Node, filter: &Filter) -> Result<bool, AwsError> {
    Ok(match filter.name.as_str() {
        "instance-state-name" => filter.matches(state(node).1),
        "instance-id" => filter.matches(&node.id),
        "tag-key" => node.tags.keys().any(|key| filter.matches(key)),
        "platform" => node.os.kind() == Kind::Windows && filter.matches("windows"),
        name => match name.strip_prefix("tag:") {
            Some(key) => node.tags.get(key).is_some_and(|value| filter.matches(value)),
            None => {
                return Err(AwsError::new("InvalidParameterValue", format!("The filter '{name}' is invalid")));
            }
        },
    })
}

fn state(node: &Node) -> (&'static str, &'static str) {
    if node.running { ("16", "running") } else { ("80", "stopped") }
}

fn write_instance(xml: &mut Xml, node: &Node) {
    let derived = |kind: &str, length| format!("{kind}-{}", ids::hex(&[kind, &node.account, &node.region], length));
    let (code, name) = state(node);
    xml.text("instanceId", &node.id);
    xml.text("imageId", &format!("ami-{}", ids::hex(&["ami", node.os.code(), &node.region], 17)));
    xml.element("instanceState", |xml| {
        xml.text("code", code);
        xml.text("name", name);
    });
    xml.text("instanceType", "t3.micro");
    xml.text("launchTime", &clock::rfc3339(node.launched));
    xml.element("placement", |xml| {
        xml.text("availabilityZone", &format!("{}a", node.region));
        xml.text("tenancy", "default");
    });
    if node.os.kind() == Kind::Windows {
        xml.text("platform", "windows");
    }
    xml.text("platformDetails", node.os.billing());
    xml.text("privateIpAddress", &node.address());
    xml.text("subnetId", &derived("subnet", 17));
    xml.text("vpcId", &derived("vpc", 17));
    xml.text("architecture", "x86_64");
    // An instance that Systems Manager manages has a profile that lets it.
    if node.managed {
        xml.element("iamInstanceProfile", |xml| {
            xml.text("arn", &format!("arn:aws:iam::{}:instance-profile/managed-instance", node.account));
            xml.text("id", &format!("AIPA{}", ids::hex(&["profile", &node.account], 17).to_uppercase()));
        });
    }
    xml.items("tagSet", &node.tags, |xml, (key, value)| {
        xml.text("key", key);
        xml.text("value", value);
    });
}

/// `DescribeRegions`: those that the account has switched on, or all of them.
pub fn describe_regions(world: &mut World, call: &Call) -> Result<String, AwsError> {
    let wanted = list(&call.request, "RegionName");
    let filters = filters(&call.request);
    let all_regions = text(call, "AllRegions") == Some("true");
    let known = regions::all();
    // A Region that only the scenario knows is a Region nevertheless.
    let mut names: Vec<String> = known.iter().map(|name| (*name).to_owned()).collect();
    for node in world.fleet.nodes.iter().filter(|node| node.account == call.account) {
        if !names.contains(&node.region) {
            names.push(node.region.clone());
        }
    }
    if let Some(unknown) = wanted.iter().find(|name| !names.contains(name)) {
        return Err(AwsError::new("InvalidParameterValue", format!("Invalid region provided: [{unknown}]")));
    }
    let mut chosen = Vec::new();
    for name in names {
        let status = world.region_status(&call.account, &name);
        let mut fits = (all_regions || status != OptIn::NotOptedIn) && (wanted.is_empty() || wanted.contains(&name));
        for filter in &filters {
            fits &= match filter.name.as_str() {
                "region-name" => filter.matches(&name),
                "opt-in-status" => filter.matches(status.code()),
                "endpoint" => filter.matches(&endpoint(&name)),
                other => {
                    return Err(AwsError::new("InvalidParameterValue", format!("The filter '{other}' is invalid")));
                }
            };
        }
        if fits {
            chosen.push((name, status));
        }
    }
    Ok(response("DescribeRegions", |xml| {
        xml.items("regionInfo", chosen, |xml, (name, status)| {
            xml.text("regionEndpoint", &endpoint(&name));
            xml.text("regionName", &name);
            xml.text("optInStatus", status.code());
        });
    }))
}

fn endpoint(region: &str) -> String {
    format!("ec2.{region}.amazonaws.com")
}
