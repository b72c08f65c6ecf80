//! Everything wrong at once, and what to fix first.

use insta::assert_snapshot;

use super::*;

/// Three instances in a network without endpoints, one of them without credentials; one where only the agent is old.
fn everything_wrong() -> Situation {
    let mut facts = target();
    facts.instances = ["i-1", "i-2", "i-3", "i-4"].map(instance).to_vec();
    facts.instances[2].instance_profile_arn = None;
    known(&mut facts.managed)[0].agent_version = "2.0.700.0".into();
    known(&mut facts.network.endpoints).clear();
    // i-4 is in a subnet of its own, with a NAT gateway.
    facts.instances[3].subnet_id = Some("subnet-b".into());
    known(&mut facts.network.subnets).push(subnet("subnet-b", "10.0.2.0/24"));
    known(&mut facts.network.network_acls)[0].subnet_ids.push("subnet-b".into());
    known(&mut facts.network.route_tables).push(RouteTable {
        id: "rtb-b".into(),
        vpc_id: "vpc-1".into(),
        main: false,
        subnet_ids: vec!["subnet-b".into()],
        routes: vec![route("0.0.0.0/0", "nat-1")],
    });
    known(&mut facts.managed).push(ManagedInstance { agent_version: "3.2.0.0".into(), ..node("i-4") });
    facts.inventory = Fetched::denied("ssm:GetInventory");
    facts
}

#[test]
fn the_same_cause_is_one_line() {
    let findings = checked(&everything_wrong());
    let causes = first_to_fix(findings.values());
    let lines: Vec<String> = causes
        .iter()
        .map(|cause| format!("{:?} {} ({}): {}", cause.status, cause.text, cause.check.id(), cause.instances))
        .collect();
    assert_snapshot!(lines.join("\n"), @"
    Fail vpc-1 has no S3 gateway endpoint (endpoints): 3
    Fail vpc-1 has no ssmmessages endpoint (endpoints): 3
    Fail vpc-1 has no ssm endpoint (endpoints): 2
    Fail SSM Agents below 2.0.834.0 (agent): 1
    Fail SSM Agents below 3.3.40.0, which need ec2messages: AWS retired ec2messages on 2026-09-30 (agent): 1
    Fail instances without an instance profile where default host management is off (instance-profile): 1
    Unknown the member role may not call ssm:GetInventory (python): 2
    ");
}

#[test]
fn everything_wrong_at_once() {
    assert_snapshot!(wrong(&everything_wrong()), @"
    i-1 agent fail high: SSM Agent 2.0.700.0 is older than 2.0.834.0, below which AWS-RunPatchBaseline does not run.
      fix: Upgrade the SSM Agent to 3.3.40.0 or later (AWS-UpdateSSMAgent).
      cause: SSM Agents below 2.0.834.0
    i-1 python unknown low: Not known: the member role may not call ssm:GetInventory.
      fix: Allow ssm:GetInventory in the member role.
      cause: the member role may not call ssm:GetInventory
    i-1 repositories fail high: vpc-1 has no S3 gateway endpoint, and subnet-a has no internet access.
      fix: Create a gateway endpoint for S3 in vpc-1 and associate it with rtb-a.
      cause: vpc-1 has no S3 gateway endpoint
    i-1 endpoints fail critical: vpc-1 has no ssmmessages endpoint, and subnet-a has no internet access. vpc-1 has no S3 gateway endpoint, and subnet-a has no internet access.
      fix: Create an interface endpoint for ssmmessages in vpc-1, with private DNS. Create a gateway endpoint for S3 in vpc-1 and associate it with rtb-a.
      cause: vpc-1 has no ssmmessages endpoint
      cause: vpc-1 has no S3 gateway endpoint
    i-2 managed fail critical: Systems Manager does not know the instance. vpc-1 has no ssm endpoint, and subnet-a has no internet access.
      fix: Create an interface endpoint for ssm in vpc-1, with private DNS.
      cause: vpc-1 has no ssm endpoint
    i-2 agent unknown low: The version of the SSM Agent is not known: Systems Manager does not know it.
    i-2 operating-system unknown low: EC2 lists the platform as Linux/UNIX; only the SSM Agent reports the name and version.
    i-2 python unknown low: The Python that patching needs depends on the operating system. EC2 lists only the platform: Linux/UNIX.
    i-2 repositories fail high: vpc-1 has no S3 gateway endpoint, and subnet-a has no internet access.
      fix: Create a gateway endpoint for S3 in vpc-1 and associate it with rtb-a.
      cause: vpc-1 has no S3 gateway endpoint
    i-2 endpoints fail critical: vpc-1 has no ssm endpoint, and subnet-a has no internet access. vpc-1 has no ssmmessages endpoint, and subnet-a has no internet access. vpc-1 has no S3 gateway endpoint, and subnet-a has no internet access.
      fix: Create an interface endpoint for ssm in vpc-1, with private DNS. Create an interface endpoint for ssmmessages in vpc-1, with private DNS. Create a gateway endpoint for S3 in vpc-1 and associate it with rtb-a.
      cause: vpc-1 has no ssm endpoint
      cause: vpc-1 has no ssmmessages endpoint
      cause: vpc-1 has no S3 gateway endpoint
    i-3 managed fail critical: Systems Manager does not know the instance. It has no instance profile, and default host management is off in this account and Region.
      fix: Attach an instance profile whose role has AmazonSSMManagedInstanceCore, or turn default host management on.
      cause: instances without an instance profile where default host management is off
    i-3 agent unknown low: The version of the SSM Agent is not known: Systems Manager does not know it.
    i-3 operating-system unknown low: EC2 lists the platform as Linux/UNIX; only the SSM Agent reports the name and version.
    i-3 python unknown low: The Python that patching needs depends on the operating system. EC2 lists only the platform: Linux/UNIX.
    i-3 repositories fail high: vpc-1 has no S3 gateway endpoint, and subnet-a has no internet access.
      fix: Create a gateway endpoint for S3 in vpc-1 and associate it with rtb-a.
      cause: vpc-1 has no S3 gateway endpoint
    i-3 endpoints fail critical: vpc-1 has no ssm endpoint, and subnet-a has no internet access. vpc-1 has no ssmmessages endpoint, and subnet-a has no internet access. vpc-1 has no S3 gateway endpoint, and subnet-a has no internet access.
      fix: Create an interface endpoint for ssm in vpc-1, with private DNS. Create an interface endpoint for ssmmessages in vpc-1, with private DNS. Create a gateway endpoint for S3 in vpc-1 and associate it with rtb-a.
      cause: vpc-1 has no ssm endpoint
      cause: vpc-1 has no ssmmessages endpoint
      cause: vpc-1 has no S3 gateway endpoint
    i-3 instance-profile fail critical: It has no instance profile, and default host management is off in this account and Region.
      fix: Attach an instance profile whose role has AmazonSSMManagedInstanceCore, or turn default host management on.
      cause: instances without an instance profile where default host management is off
    i-4 agent fail high: SSM Agent 3.2.0.0 is older than 3.3.40.0, so it needs ec2messages, and AWS retired ec2messages on 2026-09-30.
      fix: Upgrade the SSM Agent to 3.3.40.0 or later (AWS-UpdateSSMAgent).
      cause: SSM Agents below 3.3.40.0, which need ec2messages: AWS retired ec2messages on 2026-09-30
    i-4 python unknown low: Not known: the member role may not call ssm:GetInventory.
      fix: Allow ssm:GetInventory in the member role.
      cause: the member role may not call ssm:GetInventory
    ");
}

#[test]
fn an_instance_counts_once_for_a_cause() {
    let mut facts = target();
    known(&mut facts.managed).clear();
    facts.instances[0].instance_profile_arn = None;
    let findings = checked(&facts);
    let causes = first_to_fix(findings.values());
    let of_profile: Vec<(&str, usize)> = causes
        .iter()
        .filter(|cause| cause.text.contains("instance profile"))
        .map(|cause| (cause.check.id(), cause.instances))
        .collect();
    assert_eq!(of_profile, [("instance-profile", 1)]);
}
