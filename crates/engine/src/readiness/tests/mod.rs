//! Tests of the checks: a target where everything is right, and what is said when one thing is not.

mod attach;
mod causes;
mod instances;
mod ipv6;
mod network;
mod properties;

use std::fmt::Write as _;
use std::ops::{Deref, DerefMut};

use jiff::Timestamp;
use orgpatch_plan::Selection;

use super::*;

/// The instances of a target and the facts around them.
#[derive(Debug, Clone)]
struct Situation {
    instances: Vec<Ec2Instance>,
    facts: TargetFacts,
}

impl Deref for Situation {
    type Target = TargetFacts;

    fn deref(&self) -> &TargetFacts {
        &self.facts
    }
}

impl DerefMut for Situation {
    fn deref_mut(&mut self) -> &mut TargetFacts {
        &mut self.facts
    }
}

/// The findings of all instances.
fn check(facts: &Situation, select: &Selection, now: Timestamp) -> BTreeMap<String, Vec<Finding>> {
    Checker::new(facts, select, now).check(&facts.instances)
}

/// A private subnet with the endpoints that it needs, and one instance in it that is ready.
fn target() -> Situation {
    let facts = TargetFacts {
        region: RegionFacts { code: "eu-west-1".into(), systems_manager: Fetched::Yes(true) },
        managed: Fetched::Yes(vec![node("i-1")]),
        default_host_management: Fetched::Yes(None),
        network: network(),
        inventory: Fetched::Yes(PythonInventory {
            collected: ["i-1".to_owned()].into(),
            packages: [("i-1".to_owned(), vec![package("python3", "3.9.16-1.amzn2023.0.9")])].into(),
        }),
    };
    Situation { instances: vec![instance("i-1")], facts }
}

/// The causes of all of those instances together.
fn first_to_fix<'a>(findings: impl IntoIterator<Item = &'a Vec<Finding>>) -> Vec<Cause> {
    let mut causes = Causes::default();
    for findings in findings {
        causes.add(findings);
    }
    causes.first_to_fix()
}

fn instance(id: &str) -> Ec2Instance {
    Ec2Instance {
        id: id.into(),
        state: "running".into(),
        platform_details: Some("Linux/UNIX".into()),
        vpc_id: Some("vpc-1".into()),
        subnet_id: Some("subnet-a".into()),
        security_group_ids: vec!["sg-i".into()],
        private_ip: Some("10.0.1.7".parse().expect("an address")),
        instance_profile_arn: Some("arn:aws:iam::222200000001:instance-profile/app".into()),
        metadata: Some(orgpatch_model::instance::MetadataOptions { enabled: true, tokens_required: true }),
        ..Ec2Instance::default()
    }
}

fn node(id: &str) -> ManagedInstance {
    ManagedInstance {
        id: id.into(),
        ping: "Online".into(),
        last_ping: Some(time("2026-11-23T09:58:00.123456789Z")),
        platform_name: "Amazon Linux".into(),
        platform_version: "2023".into(),
        agent_version: "3.3.987.0".into(),
        is_hybrid: false,
        name: None,
    }
}

fn package(name: &str, version: &str) -> Package {
    Package { name: name.into(), version: version.into() }
}

fn network() -> super::facts::Network {
    super::facts::Network {
        subnets: Fetched::Yes(vec![subnet("subnet-a", "10.0.1.0/24"), subnet("subnet-e", "10.0.9.0/24")]),
        route_tables: Fetched::Yes(vec![
            RouteTable {
                id: "rtb-main".into(),
                vpc_id: "vpc-1".into(),
                main: true,
                subnet_ids: vec![],
                routes: vec![route("10.0.0.0/16", "local")],
            },
            RouteTable {
                id: "rtb-a".into(),
                vpc_id: "vpc-1".into(),
                main: false,
                subnet_ids: vec!["subnet-a".into()],
                routes: vec![route("10.0.0.0/16", "local")],
            },
        ]),
        security_groups: Fetched::Yes(vec![
            group("sg-i", vec![rule(Direction::Out, Protocol::Any, None, cidr("0.0.0.0/0"))]),
            group("sg-e", vec![rule(Direction::In, Protocol::Tcp, Some((443, 443)), cidr("10.0.0.0/16"))]),
        ]),
        network_acls: Fetched::Yes(vec![NetworkAcl {
            id: "acl-1".into(),
            subnet_ids: vec!["subnet-a".into(), "subnet-e".into()],
            entries: vec![entry(100, Direction::In, None, true), entry(100, Direction::Out, None, true)],
        }]),
        endpoints: Fetched::Yes(vec![
            interface("ssm"),
            interface("ssmmessages"),
            Endpoint { kind: EndpointKind::Gateway { route_table_ids: vec!["rtb-a".into()] }, ..interface("s3") },
        ]),
        prefix_lists: Fetched::Yes(vec![PrefixList {
            id: "pl-s3".into(),
            name: "com.amazonaws.eu-west-1.s3".into(),
            entries: Some(vec!["52.218.0.0/17".parse().expect("a range"), "3.5.64.0/21".parse().expect("a range")]),
        }]),
    }
}

fn subnet(id: &str, range: &str) -> Subnet {
    Subnet { id: id.into(), vpc_id: "vpc-1".into(), cidr: Some(range.parse().expect("a range")), ipv6: false }
}

fn route(destination: &str, target: &str) -> Route {
    Route { destination: destination.into(), target: target.into(), active: true }
}

fn group(id: &str, rules: Vec<GroupRule>) -> SecurityGroup {
    SecurityGroup { id: id.into(), rules }
}

fn rule(direction: Direction, protocol: Protocol, ports: Option<(u16, u16)>, peer: Peer) -> GroupRule {
    GroupRule { direction, protocol, ports: ports.map(|(from, to)| Ports { from, to }), peer }
}

fn cidr(range: &str) -> Peer {
    Peer::Cidr(range.parse().expect("a range"))
}

fn entry(number: u32, direction: Direction, ports: Option<(u16, u16)>, allow: bool) -> AclEntry {
    AclEntry {
        number,
        direction,
        protocol: if ports.is_some() { Protocol::Tcp } else { Protocol::Any },
        ports: ports.map(|(from, to)| Ports { from, to }),
        cidr: "0.0.0.0/0".parse().expect("a range"),
        allow,
    }
}

fn interface(service: &str) -> Endpoint {
    Endpoint {
        id: format!("vpce-{service}"),
        vpc_id: "vpc-1".into(),
        service: service.into(),
        state: "available".into(),
        policy: None,
        kind: EndpointKind::Interface {
            subnet_ids: vec!["subnet-e".into()],
            security_group_ids: vec!["sg-e".into()],
            private_dns: true,
        },
    }
}

/// Facts that a test changes.
fn known<T>(facts: &mut Fetched<T>) -> &mut T {
    match facts {
        Fetched::Yes(facts) => facts,
        Fetched::No(missing) => panic!("{}", missing.why()),
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn now() -> Timestamp {
    time("2026-11-23T10:00:00Z")
}

fn checked(facts: &Situation) -> BTreeMap<String, Vec<Finding>> {
    check(facts, &Selection::default(), now())
}

/// One check of `i-1`, as people read it.
fn of(facts: &Situation, check: Check) -> String {
    let findings = checked(facts);
    let finding = findings["i-1"].iter().find(|finding| finding.check == check).expect("every check");
    told(finding)
}

fn told(finding: &Finding) -> String {
    let level = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut text = format!(
        "{} {} {}: {}",
        finding.check.id(),
        level(serde_json::to_value(finding.status).expect("a word")),
        level(serde_json::to_value(finding.severity).expect("a word")),
        finding.evidence
    );
    if let Some(fix) = &finding.fix {
        write!(text, "\n  fix: {fix}").expect("a text");
    }
    for cause in &finding.causes {
        write!(text, "\n  cause: {}", cause.text).expect("a text");
    }
    text
}

/// The same after a scan of `i-1` that ended with that exit code.
fn after(facts: &Situation, os: OperatingSystem, exit_code: i64, check: Check) -> String {
    let findings = after_scan(checked(facts).remove("i-1").unwrap_or_default(), Some(os), exit_code);
    assert_eq!(findings.iter().map(|finding| finding.check).collect::<Vec<_>>(), Check::ALL);
    told(findings.iter().find(|finding| finding.check == check).expect("every check"))
}

/// Returns the findings of every instance that do not pass.
fn wrong(facts: &Situation) -> String {
    let mut lines = Vec::new();
    for (id, findings) in checked(facts) {
        for finding in findings.iter().filter(|finding| finding.status != Status::Pass) {
            lines.push(format!("{id} {}", told(finding)));
        }
    }
    lines.join("\n")
}

#[test]
fn where_everything_is_right_every_check_passes() {
    let findings = checked(&target());
    let lines: Vec<String> = findings["i-1"].iter().map(told).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    managed pass info: Managed and online; last answer 2026-11-23T09:58:00Z.
    agent pass info: SSM Agent 3.3.987.0.
    operating-system pass info: Amazon Linux 2023 is supported by Patch Manager, and updated until 2029-06-30.
    python pass info: Python 3.9.16 is installed; 2.6 to 3.12 is needed.
    repositories pass info: vpce-s3 leads to S3, where the repositories of Amazon Linux are.
    endpoints pass info: vpce-ssm leads to ssm. vpce-ssmmessages leads to ssmmessages. vpce-s3 leads to S3. The policy of vpce-s3 allows aws-patch-manager-eu-west-1* or aws-ssm-eu-west-1*. vpc-1 has no endpoints for ec2, kms, logs, which only some features need.
    instance-profile pass info: It has the instance profile app.
    region pass info: Systems Manager answers in eu-west-1; Quick Setup patch policies are available there, too.
    ");
}
