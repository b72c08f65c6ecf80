//! Checks of the instance itself: managed, agent, operating system, Python, credentials, Region.

use insta::assert_snapshot;
use orgpatch_model::instance::MetadataOptions;

use super::*;

fn unmanaged() -> Situation {
    let mut facts = target();
    known(&mut facts.managed).clear();
    facts
}

/// Root on an instance writes what the agent says of itself, and causes are told in the notification.
#[test]
fn what_the_agent_says_of_itself_is_no_cause() {
    for name in ["X\r\nHOSTILE https://e.example", "Ubuntu HOSTILE", "Amazon Linux HOSTILE", "Bottlerocket HOSTILE"] {
        for version in ["HOSTILE", "2023 HOSTILE"] {
            let mut facts = target();
            let node = &mut known(&mut facts.managed)[0];
            node.platform_name = name.into();
            (node.platform_version, node.agent_version) = (version.into(), version.into());
            let findings = &check(&facts, &Selection::default(), time("2026-11-23T00:00:00Z"))["i-1"];
            assert!(findings.iter().any(|finding| finding.evidence.contains("HOSTILE")), "{findings:?}");
            let causes: Vec<&str> =
                findings.iter().flat_map(|finding| &finding.causes).map(|cause| cause.text.as_str()).collect();
            assert!(!causes.iter().any(|cause| cause.contains("HOSTILE")), "{causes:?}");
        }
    }
}

#[test]
fn managed_or_the_most_likely_reason_in_order() {
    let mut facts = target();
    known(&mut facts.managed)[0].ping = "ConnectionLost".into();
    assert_snapshot!(of(&facts, Check::Managed), @"
    managed fail critical: Systems Manager knows the instance, but its agent does not answer (ConnectionLost; last answer 2026-11-23T09:58:00Z).
      fix: Restart the SSM Agent, and check the findings about the network and the instance profile.
      cause: instances whose SSM Agent no longer answers
    ");

    // Everything is wrong at once; one thing after the other is put right.
    let mut facts = unmanaged();
    facts.instances[0].launched_at = Some(time("2026-11-23T09:45:00Z"));
    facts.instances[0].instance_profile_arn = None;
    facts.instances[0].metadata = Some(MetadataOptions { enabled: false, tokens_required: false });
    known(&mut facts.network.endpoints).clear();
    assert_snapshot!(of(&facts, Check::Managed), @"
    managed fail critical: Systems Manager does not know the instance. It has no instance profile, and default host management is off in this account and Region. It was launched at 2026-11-23T09:45:00Z; registration can take 30 minutes.
      fix: Attach an instance profile whose role has AmazonSSMManagedInstanceCore, or turn default host management on.
      cause: instances without an instance profile where default host management is off
    ");
    facts.default_host_management = Fetched::Yes(Some("DefaultHostManagement".into()));
    facts.instances[0].launched_at = Some(time("2026-11-20T09:45:00Z"));
    assert_snapshot!(of(&facts, Check::Managed), @"
    managed fail critical: Systems Manager does not know the instance. Its metadata service is off, so the SSM Agent cannot get credentials.
      fix: Turn the metadata service on (HttpEndpoint enabled, HttpTokens required).
      cause: instances whose metadata service is off
    ");
    facts.instances[0].metadata = Some(MetadataOptions { enabled: true, tokens_required: true });
    assert_snapshot!(of(&facts, Check::Managed), @"
    managed fail critical: Systems Manager does not know the instance. vpc-1 has no ssm endpoint, and subnet-a has no internet access.
      fix: Create an interface endpoint for ssm in vpc-1, with private DNS.
      cause: vpc-1 has no ssm endpoint
    ");
    facts.network = network();
    facts.default_host_management = Fetched::denied("ssm:GetServiceSetting");
    assert_snapshot!(of(&facts, Check::Managed), @"
    managed fail critical: Systems Manager does not know the instance. It has no instance profile, and orgpatch cannot see whether default host management is on: the member role may not call ssm:GetServiceSetting.
      fix: Attach an instance profile whose role has AmazonSSMManagedInstanceCore, or turn default host management on.
      cause: instances without an instance profile where default host management could not be read
    ");
    facts.default_host_management = Fetched::Yes(Some("DefaultHostManagement".into()));
    assert_snapshot!(of(&facts, Check::Managed), @"
    managed fail critical: Systems Manager does not know the instance. Likely causes: the SSM Agent is missing or stopped, or the role of default host management does not let it register. orgpatch cannot tell which from outside the instance.
      fix: Install or start the SSM Agent, and check that the role has AmazonSSMManagedInstanceCore.
      cause: unmanaged instances with credentials and a network: SSM Agent missing, stopped or not allowed
    ");
    facts.instances[0].state = "stopped".into();
    assert_snapshot!(of(&facts, Check::Managed), @"
    managed unknown low: The instance is stopped. Only a running instance shows whether its agent answers.
      fix: Start it before the window; patches can be installed only on a running instance.
    ");
    facts.managed = Fetched::denied("ssm:DescribeInstanceInformation");
    assert_snapshot!(of(&facts, Check::Managed), @"
    managed unknown low: Not known: the member role may not call ssm:DescribeInstanceInformation.
      fix: Allow ssm:DescribeInstanceInformation in the member role.
      cause: the member role may not call ssm:DescribeInstanceInformation
    ");
}

#[test]
fn agents_by_their_version() {
    let of_version = |version: &str, now: Timestamp, change: fn(&mut Situation)| {
        let mut facts = target();
        known(&mut facts.managed)[0].agent_version = version.into();
        change(&mut facts);
        told(&check(&facts, &Selection::default(), now)["i-1"][1])
    };
    let before = time("2026-09-29T00:00:00Z");
    assert_snapshot!(of_version("3.3.40.0", now(), |_| ()), @"agent pass info: SSM Agent 3.3.40.0.");
    assert_snapshot!(of_version("2.0.833.9", now(), |_| ()), @"
    agent fail high: SSM Agent 2.0.833.9 is older than 2.0.834.0, below which AWS-RunPatchBaseline does not run.
      fix: Upgrade the SSM Agent to 3.3.40.0 or later (AWS-UpdateSSMAgent).
      cause: SSM Agents below 2.0.834.0
    ");
    assert_snapshot!(of_version("3.3.39.0", now(), |_| ()), @"
    agent fail high: SSM Agent 3.3.39.0 is older than 3.3.40.0, so it needs ec2messages, and AWS retired ec2messages on 2026-09-30.
      fix: Upgrade the SSM Agent to 3.3.40.0 or later (AWS-UpdateSSMAgent).
      cause: SSM Agents below 3.3.40.0, which need ec2messages: AWS retired ec2messages on 2026-09-30
    ");
    // Before the retirement it depends on the Region and on the network.
    assert_snapshot!(of_version("3.2.999.0", before, |facts| facts.region.code = "mx-central-1".into()), @"
    agent fail high: SSM Agent 3.2.999.0 is older than 3.3.40.0, so it needs ec2messages, and mx-central-1 has no ec2messages.
      fix: Upgrade the SSM Agent to 3.3.40.0 or later (AWS-UpdateSSMAgent).
      cause: SSM Agents below 3.3.40.0, which need ec2messages: mx-central-1 has no ec2messages
    ");
    assert_snapshot!(of_version("3.2.999.0", before, |_| ()), @"
    agent fail high: SSM Agent 3.2.999.0 is older than 3.3.40.0, so it needs ec2messages. vpc-1 has no ec2messages endpoint, and subnet-a has no internet access.
      fix: Upgrade the SSM Agent to 3.3.40.0 or later (AWS-UpdateSSMAgent).
      cause: SSM Agents below 3.3.40.0 in vpc-1, where ec2messages is out of reach
    ");
    assert_snapshot!(of_version("3.2.999.0", before, |facts| {
        known(&mut facts.network.endpoints).push(interface("ec2messages"));
    }), @"
    agent warn medium: SSM Agent 3.2.999.0 is older than 3.3.40.0. AWS asks to upgrade to that version or later.
      fix: Upgrade the SSM Agent to 3.3.40.0 or later (AWS-UpdateSSMAgent).
      cause: SSM Agents below 3.3.40.0
    ");
    assert_snapshot!(of_version("3.2.500.0", before, |facts| {
        known(&mut facts.network.endpoints).push(interface("ec2messages"));
        known(&mut facts.managed)[0].ping = "ConnectionLost".into();
        facts.instances[0].instance_profile_arn = None;
    }), @"
    agent fail high: SSM Agent 3.2.500.0 is older than 3.2.582.0, which default host management needs, and there is no instance profile.
      fix: Upgrade the SSM Agent to 3.3.40.0 or later (AWS-UpdateSSMAgent).
      cause: SSM Agents below 3.2.582.0 without an instance profile
    ");
    assert_snapshot!(of_version("latest", now(), |_| ()), @r#"agent unknown low: The SSM Agent reports "latest" as its version."#);
    assert_snapshot!(of_version("", now(), |facts| known(&mut facts.managed).clear()), @"agent unknown low: The version of the SSM Agent is not known: Systems Manager does not know it.");
}

#[test]
fn operating_systems_by_name_version_and_date() {
    let lines: Vec<String> = [
        ("Amazon Linux", "2023", "2026-11-23T00:00:00Z"),
        ("Amazon Linux", "2", "2026-06-30T23:59:59Z"),
        ("Amazon Linux", "2", "2026-07-01T00:00:00Z"),
        ("Amazon Linux AMI", "2018.03", "2026-11-23T00:00:00Z"),
        ("Ubuntu", "20.04", "2026-11-23T00:00:00Z"),
        ("Ubuntu", "20.04", "2030-11-23T00:00:00Z"),
        ("Ubuntu", "16.04", "2026-11-23T00:00:00Z"),
        ("Debian GNU/Linux", "12", "2026-11-23T00:00:00Z"),
        ("SLES", "15.6", "2026-11-23T00:00:00Z"),
        ("Microsoft Windows Server 2012 R2 Standard", "6.3.9600", "2026-10-13T00:00:00Z"),
        ("Bottlerocket", "1.19.0", "2026-11-23T00:00:00Z"),
        ("Flatcar Container Linux by Kinvolk", "3815.2.0", "2026-11-23T00:00:00Z"),
        ("Red Hat Enterprise Linux CoreOS", "9.4", "2026-11-23T00:00:00Z"),
    ]
    .into_iter()
    .map(|(name, version, now)| {
        let mut facts = target();
        let node = &mut known(&mut facts.managed)[0];
        (node.platform_name, node.platform_version) = (name.into(), version.into());
        told(&check(&facts, &Selection::default(), time(now))["i-1"][2])
    })
    .collect();
    assert_snapshot!(lines.join("\n"), @"
    operating-system pass info: Amazon Linux 2023 is supported by Patch Manager, and updated until 2029-06-30.
    operating-system warn medium: Amazon Linux 2 reaches its end of life on 2026-06-30.
      fix: Plan the move to a newer release.
      cause: Amazon Linux 2 instances, whose end of life is 2026-06-30
    operating-system fail high: Amazon Linux 2 reached its end of life on 2026-06-30.
      fix: Move to a supported release. There are no new patches for this one, so a scan finds none missing.
      cause: Amazon Linux 2 instances, at the end of life since 2026-06-30
    operating-system fail critical: Patch Manager never patches Amazon Linux 1 (Amazon Linux AMI 2018.03): it has ended, and Patch Manager no longer supports it.
      fix: Leave it out of the plan, and update it with its own tools.
      cause: Amazon Linux 1 instances, which Patch Manager never patches
    operating-system fail medium: Ubuntu 20.04 reached its end of life on 2025-05-31. It gets updates only with Ubuntu Pro, until 2030-04-02.
      fix: Move to a supported release, or make sure that it has Ubuntu Pro.
      cause: Ubuntu 20.04 instances, at the end of life since 2025-05-31
    operating-system fail high: Ubuntu 20.04 reached its end of life on 2025-05-31.
      fix: Move to a supported release. There are no new patches for this one, so a scan finds none missing.
      cause: Ubuntu 20.04 instances, at the end of life since 2025-05-31
    operating-system fail critical: Ubuntu 16.04 is not among the operating systems that Patch Manager supports.
      fix: Move to a supported release, or leave the instance out of the plan.
      cause: UBUNTU instances of a release that Patch Manager does not support
    operating-system pass info: Debian GNU/Linux 12 is supported by Patch Manager, and updated until 2028-06-10.
    operating-system pass info: SLES 15.6 is supported by Patch Manager; no source for its end of life is known.
    operating-system fail medium: Microsoft Windows Server 2012 R2 Standard 6.3.9600 reached its end of life on 2023-10-10. It gets updates only with Extended Security Updates, until 2026-10-13.
      fix: Move to a supported release, or make sure that it has Extended Security Updates.
      cause: Windows Server 2012 R2 instances, at the end of life since 2023-10-10
    operating-system fail critical: Patch Manager never patches Bottlerocket (Bottlerocket 1.19.0): it has no package manager; it is updated as a whole image, by its own update operator or API.
      fix: Leave it out of the plan, and update it with its own tools.
      cause: Bottlerocket instances, which Patch Manager never patches
    operating-system fail critical: Patch Manager never patches Flatcar Container Linux (Flatcar Container Linux by Kinvolk 3815.2.0): it has no package manager; it is updated as a whole image, by its own updater.
      fix: Leave it out of the plan, and update it with its own tools.
      cause: Flatcar Container Linux instances, which Patch Manager never patches
    operating-system fail critical: Patch Manager never patches Fedora CoreOS and Red Hat Enterprise Linux CoreOS (Red Hat Enterprise Linux CoreOS 9.4): they have no package manager to patch; they are updated as whole images, by their own updaters.
      fix: Leave it out of the plan, and update it with its own tools.
      cause: Fedora CoreOS and Red Hat Enterprise Linux CoreOS instances, which Patch Manager never patches
    ");
    assert_snapshot!(of(&unmanaged(), Check::OperatingSystem), @"operating-system unknown low: EC2 lists the platform as Linux/UNIX; only the SSM Agent reports the name and version.");
}

#[test]
fn of_a_node_only_interpreters_are_kept() {
    let mut inventory = PythonInventory::default();
    let libraries = (0..10_000).map(|nth| package(&format!("python3-library-{nth}"), "1.0.0"));
    let many = (0..100).map(|nth| package(&format!("python3.{nth}"), &"9.".repeat(1_000)));
    inventory.add("i-1".into(), libraries.chain([package("python3", "3.9.16")]).chain(many));
    let kept = &inventory.packages["i-1"];
    assert_eq!((kept.len(), &kept[0]), (20, &package("python3", "3.9.16")));
    assert!(kept.iter().all(|package| package.version.chars().count() <= 100));
    assert!(inventory.collected.contains("i-1"));
}

#[test]
fn python_from_inventory_or_the_scan_and_never_guessed() {
    let of_packages = |platform: (&str, &str), packages: &[(&str, &str)]| {
        let mut facts = target();
        let node = &mut known(&mut facts.managed)[0];
        (node.platform_name, node.platform_version) = (platform.0.into(), platform.1.into());
        let packages = packages.iter().map(|(name, version)| package(name, version)).collect();
        known(&mut facts.inventory).packages.insert("i-1".into(), packages);
        of(&facts, Check::Python)
    };
    let (amazon, ubuntu) = (("Amazon Linux", "2"), ("Ubuntu", "22.04"));
    assert_snapshot!(of_packages(amazon, &[("python", "2.7.18-1.amzn2")]), @"python pass info: Python 2.7.18 is installed; 2.6 to 3.12 is needed.");
    assert_snapshot!(of_packages(ubuntu, &[("python2.7", "2.7.18"), ("python3-apt", "3.9.0")]), @"
    python fail high: Inventory lists only Python 2.7.18; the patch module needs 3.0 to 3.12.
      fix: Install a Python from 3.0 to 3.12, next to what is there.
      cause: UBUNTU instances without Python 3.0 to 3.12
    ");
    assert_snapshot!(of_packages(amazon, &[("python3", "3.13.1")]), @"
    python fail high: Inventory lists only Python 3.13.1; the patch module needs 2.6 to 3.12.
      fix: Install a Python from 2.6 to 3.12, next to what is there.
      cause: AMAZON_LINUX_2 instances without Python 2.6 to 3.12
    ");
    assert_snapshot!(of_packages(amazon, &[("python3", "3.13.1"), ("python3.12", "3.12.9")]), @"python pass info: Python 3.12.9 is installed; 2.6 to 3.12 is needed.");
    assert_snapshot!(of_packages(amazon, &[]), @"
    python fail high: Inventory lists no Python; the patch module needs 2.6 to 3.12.
      fix: Install a Python from 2.6 to 3.12, next to what is there.
      cause: AMAZON_LINUX_2 instances without Python 2.6 to 3.12
    ");
    assert_snapshot!(of_packages(("Microsoft Windows Server 2022 Datacenter", "10.0.20348"), &[]), @"python pass info: Windows needs no Python.");
    assert_snapshot!(of_packages(("macOS", "14.1"), &[]), @"python unknown low: No source says which Python patching needs on MACOS.");

    let mut facts = target();
    known(&mut facts.inventory).collected.clear();
    assert_snapshot!(of(&facts, Check::Python), @"
    python unknown low: Inventory does not collect the applications of this instance.
      fix: Collect applications with Inventory (AWS-GatherSoftwareInventory) to find out.
    ");
    for (code, status) in [(0, "pass"), (2, "fail"), (1, "unknown")] {
        let told = after(&facts, OperatingSystem::AmazonLinux2023, code, Check::Python);
        assert!(told.starts_with(&format!("python {status}")), "{code}: {told}");
    }
    facts.inventory = Fetched::denied("ssm:GetInventory");
    assert_snapshot!(of(&facts, Check::Python), @"
    python unknown low: Not known: the member role may not call ssm:GetInventory.
      fix: Allow ssm:GetInventory in the member role.
      cause: the member role may not call ssm:GetInventory
    ");
    assert_snapshot!(of(&unmanaged(), Check::Python), @"python unknown low: The Python that patching needs depends on the operating system. EC2 lists only the platform: Linux/UNIX.");
}

#[test]
fn where_credentials_come_from() {
    let of_facts = |profile: bool, dhmc: Fetched<Option<String>>, tokens_required: bool, online: bool| {
        let mut facts = target();
        if !profile {
            facts.instances[0].instance_profile_arn = None;
        }
        if !online {
            known(&mut facts.managed).clear();
        }
        facts.instances[0].metadata = Some(MetadataOptions { enabled: true, tokens_required });
        facts.default_host_management = dhmc;
        of(&facts, Check::InstanceProfile)
    };
    let role = || Fetched::Yes(Some("DefaultHostManagement".to_owned()));
    assert_snapshot!(of_facts(true, Fetched::Yes(None), false, false), @"instance-profile pass info: It has the instance profile app. orgpatch cannot see from outside whether its role allows what the SSM Agent needs.");
    assert_snapshot!(of_facts(false, Fetched::Yes(None), true, false), @"
    instance-profile fail critical: It has no instance profile, and default host management is off in this account and Region.
      fix: Attach an instance profile whose role has AmazonSSMManagedInstanceCore, or turn default host management on.
      cause: instances without an instance profile where default host management is off
    ");
    assert_snapshot!(of_facts(false, Fetched::Yes(None), true, true), @"instance-profile pass info: It has no instance profile and default host management is off, but its agent is online: it gets credentials from elsewhere, or still has earlier ones.");
    assert_snapshot!(of_facts(false, role(), true, true), @"instance-profile pass info: It has no instance profile; default host management (DefaultHostManagement) gives it credentials.");
    assert_snapshot!(of_facts(false, role(), false, true), @"
    instance-profile warn low: It has no instance profile; default host management (DefaultHostManagement) gives it credentials. That needs IMDSv2 and SSM Agent 3.2.582.0 or later, and the instance does not require IMDSv2.
      fix: Set HttpTokens to required, or attach an instance profile.
      cause: instances under default host management that do not require IMDSv2
    ");
    assert_snapshot!(of_facts(false, Fetched::denied("ssm:GetServiceSetting"), true, false), @"
    instance-profile unknown low: Not known: the member role may not call ssm:GetServiceSetting.
      fix: Allow ssm:GetServiceSetting in the member role.
      cause: the member role may not call ssm:GetServiceSetting
    ");
    let mut facts = unmanaged();
    facts.instances[0].metadata = Some(MetadataOptions { enabled: false, tokens_required: true });
    assert_snapshot!(of(&facts, Check::InstanceProfile), @"
    instance-profile fail critical: Its metadata service is off, so the SSM Agent cannot get credentials.
      fix: Turn the metadata service on (HttpEndpoint enabled, HttpTokens required).
      cause: instances whose metadata service is off
    ");
}

#[test]
fn regions() {
    let of_region = |code: &str, systems_manager| {
        let mut facts = target();
        facts.region = RegionFacts { code: code.into(), systems_manager };
        of(&facts, Check::Region)
    };
    assert_snapshot!(of_region("eu-west-1", Fetched::Yes(true)), @"region pass info: Systems Manager answers in eu-west-1; Quick Setup patch policies are available there, too.");
    assert_snapshot!(of_region("ap-northeast-3", Fetched::Yes(true)), @"region pass info: Systems Manager answers in ap-northeast-3; Quick Setup patch policies are not available there.");
    assert_snapshot!(of_region("xx-test-1", Fetched::Yes(false)), @"
    region fail critical: Systems Manager does not answer in xx-test-1.
      fix: Leave xx-test-1 out of the plan.
      cause: xx-test-1 has no Systems Manager
    ");
}

#[test]
fn running_and_stopped_instances_of_the_selection_and_no_others() {
    let mut facts = target();
    facts.instances = ["running", "stopped", "stopping", "pending", "terminated", "shutting-down"]
        .map(|state| Ec2Instance { state: state.into(), ..instance(&format!("i-{state}")) })
        .to_vec();
    let mut left_out = instance("i-left-out");
    left_out.tags.insert("PatchExempt".into(), "true".into());
    facts.instances.push(left_out);
    let mut select = Selection::default();
    select.exclude.tags.insert("PatchExempt".into(), ["true"].into());
    let findings = check(&facts, &select, now());
    let ids: Vec<&str> = findings.keys().map(String::as_str).collect();
    assert_eq!(ids, ["i-pending", "i-running", "i-stopped", "i-stopping"]);
    for findings in findings.values() {
        assert_eq!(findings.iter().map(|finding| finding.check).collect::<Vec<_>>(), Check::ALL);
    }
}
