//! What an instance can do, given its network, its agent and its software.
use super::network::Reach;
use crate::{
    facts::{
        operating_systems::{Kind, Os},
        regions,
    },
    scenario::{AgentState, FleetEntry, Metadata, Presence, agent_state},
};
use orgpatch_facts::{
    agent,
    exit_codes::{Cause, code_of},
    python,
};

/// A reason why every operation on an instance fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Patch Manager does not know the operating system.
    System,
    /// The instance has no Python that the patch module runs with.
    Python,
    /// The patch module cannot be downloaded.
    Module,
    /// The package repositories cannot be reached.
    Repositories,
}

impl Obstacle {
    /// Returns the exit code of the step and its standard error. Windows has one code for everything.
    pub fn answer(self, kind: Kind) -> (i64, &'static str) {
        let (code, text) = match self {
            Self::System => {
                (code_of(Cause::UnsupportedOperatingSystem), "The operating system is not supported by Patch Manager.")
            }
            Self::Python => (
                code_of(Cause::MissingPython),
                "An unsupported package manager and python version combination was found. Python3 is required to be installed.",
            ),
            Self::Module => {
                (code_of(Cause::ModuleNotDownloaded), "Unable to download payload: the bucket cannot be reached.")
            }
            Self::Repositories => (1, "Cannot retrieve metadata of the repositories: No more mirrors to try."),
        };
        if kind == Kind::Windows { (code_of(Cause::Windows), text) } else { (code, text) }
    }
}

/// What an instance can do.
#[derive(Debug, Clone, Copy)]
pub struct Abilities {
    /// Whether Systems Manager knows the instance.
    pub managed: bool,
    /// Whether Default Host Management Configuration gave the instance its role.
    pub host_managed: bool,
    /// Whether commands reach the agent. An agent without a message endpoint answers pings but gets no commands.
    pub receives_commands: bool,
    /// The reason why every operation fails, if there is one.
    pub obstacle: Option<Obstacle>,
}

/// Returns whether the agent of an entry uses dual-stack endpoints. Older versions do not know the setting.
pub fn uses_dual_stack_endpoints(entry: &FleetEntry) -> bool {
    let first = numbers(&agent::versions().dual_stack_endpoints.version);
    entry.dual_stack_endpoints
        && matches!(agent_state(&entry.agent), Some(AgentState::Version(text)) if numbers(text) >= first)
}

/// Returns what the instances of an entry can do. If the entry gives `managed`, that value wins.
pub fn abilities(entry: &FleetEntry, reach: Reach<'_>, host_management: bool) -> Abilities {
    let version = match agent_state(&entry.agent) {
        Some(AgentState::Version(text)) => Some(numbers(text)),
        _ => None,
    };
    let since = |first: &agent::Version| version.as_ref().is_some_and(|version| *version >= numbers(&first.version));
    let floors = agent::versions();
    let profile = has_profile(entry);
    let host_managed = !profile && host_management && since(&floors.default_host_management);
    let credentials = entry.metadata != Metadata::Off && (profile || host_managed);
    let old_messages = regions::has_ec2messages(&entry.region) && reach.service("ec2messages");
    Abilities {
        managed: entry.managed.unwrap_or(version.is_some() && credentials && reach.service("ssm")),
        host_managed,
        receives_commands: entry.managed == Some(true)
            || old_messages
            || since(&floors.without_ec2messages) && reach.service("ssmmessages"),
        obstacle: obstacle(entry, reach),
    }
}

/// Returns whether the instances of an entry have an instance profile.
pub fn has_profile(entry: &FleetEntry) -> bool {
    let usual = if entry.managed == Some(false) { Presence::Absent } else { Presence::Present };
    entry.instance_profile.unwrap_or(usual) == Presence::Present
}

fn obstacle(entry: &FleetEntry, reach: Reach<'_>) -> Option<Obstacle> {
    if entry.platform_name.is_some() {
        return Some(Obstacle::System);
    }
    if !entry.python.as_deref().is_none_or(|python| python_fits(entry.os, python)) {
        return Some(Obstacle::Python);
    }
    if !reach.patch_buckets() {
        return Some(Obstacle::Module);
    }
    let amazon = entry.os.code().starts_with("AMAZON_LINUX");
    let repositories = if amazon { reach.amazon_repositories() } else { reach.internet_repositories() };
    (!repositories).then_some(Obstacle::Repositories)
}

/// Returns whether a Python version fits. Where no source names a range, every version fits.
fn python_fits(os: Os, python: &str) -> bool {
    let Some(range) = python::range_of(os.code()) else {
        return true;
    };
    let version = numbers(python);
    let newest = numbers(&range.to);
    version >= numbers(&range.from) && version[..version.len().min(newest.len())] <= *newest
}

/// Returns the numbers of a version. The check of the scenario accepts only numbers.
pub fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|number| number.parse().unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Lab;

    /// Returns whether an instance with these further fields is managed and receives commands, and its obstacle.
    fn of(os: &str, fields: &str) -> (bool, bool, Option<Obstacle>) {
        of_at("ap-northeast-1", os, fields, "")
    }

    fn of_at(region: &str, os: &str, fields: &str, more: &str) -> (bool, bool, Option<Obstacle>) {
        let lab = Lab::with(
            &format!("  - {{account: \"222200000001\", region: {region}, id: i-00000000, os: {os}, {fields}}}"),
            more,
        );
        let abilities = lab.world.fleet.nodes[0].abilities;
        (abilities.managed, abilities.receives_commands, abilities.obstacle)
    }

    const FINE: (bool, bool, Option<Obstacle>) = (true, true, None);
    const UNMANAGED: (bool, bool) = (false, false);

    #[test]
    fn networks_decide_what_works() {
        let private = |more: &str| format!("network: {{private: true, endpoints: [ssm, ssmmessages, s3]{more}}}");
        let nat = |more: &str| format!("network: {{route: nat-gateway{more}}}");
        let no_module = (true, true, Some(Obstacle::Module));
        let unmanaged = (UNMANAGED.0, UNMANAGED.1, Some(Obstacle::Module));
        for (fields, expected) in [
            (private(""), FINE),
            (nat(""), FINE),
            ("network: {route: transit-gateway, mainRouteTable: true}".to_owned(), FINE),
            ("network: {}".to_owned(), FINE),
            ("network: {publicAddress: false}".to_owned(), unmanaged),
            ("network: {private: true}".to_owned(), unmanaged),
            ("network: {route: blackhole}".to_owned(), unmanaged),
            (nat(", egress443: false"), unmanaged),
            (nat(", egress443: vpc-only"), unmanaged),
            (nat(", egress443: s3-only"), (false, false, None)),
            (nat(", networkAcl: no-443"), unmanaged),
            (nat(", networkAcl: no-return-ports"), unmanaged),
            // Network ACLs do not apply within a subnet, where the endpoints are. They apply on the way to S3.
            (private(", networkAcl: no-443"), no_module),
            (private(", egress443: endpoints-and-s3"), FINE),
            (private(", egress443: vpc-only"), no_module),
            (private(", egress443: s3-only"), (false, false, None)),
            (private(", s3Route: false"), no_module),
            ("network: {private: true, endpoints: [ssm, ssmmessages]}".to_owned(), no_module),
            ("network: {private: true, endpoints: [ssm, s3]}".to_owned(), (true, false, None)),
            ("network: {private: true, endpoints: [ssm, ec2messages, s3]}".to_owned(), FINE),
            ("network: {private: true, endpoints: [ssmmessages, s3]}".to_owned(), (false, true, None)),
        ] {
            assert_eq!(of("AMAZON_LINUX_2023", &fields), expected, "{fields}");
        }
    }

    #[test]
    fn by_ipv6_an_agent_needs_dual_stack_endpoints_or_nat64() {
        let new = "agent: 3.3.3270.0, dualStackEndpoints: true, ";
        let none = (UNMANAGED.0, UNMANAGED.1, Some(Obstacle::Module));
        for (fields, expected) in [
            ("network: {ipv6: only}".to_owned(), none),
            (format!("{new}network: {{ipv6: only}}"), FINE),
            ("agent: 3.3.3050.0, dualStackEndpoints: true, network: {ipv6: only}".to_owned(), none),
            ("network: {ipv6: only, ipv6Route: nat64}".to_owned(), FINE),
            (format!("{new}network: {{ipv6: only, ipv6Route: internet-gateway}}"), FINE),
            (format!("{new}network: {{ipv6: only, ipv6Route: none}}"), none),
            (format!("{new}network: {{ipv6: only, egress443: false}}"), none),
            (format!("{new}network: {{ipv6: only, networkAcl: no-443}}"), none),
            ("network: {ipv6: dual-stack}".to_owned(), FINE),
            ("network: {ipv6: dual-stack, private: true}".to_owned(), none),
            (format!("{new}network: {{ipv6: dual-stack, private: true}}"), FINE),
            (format!("{new}network: {{private: true}}"), none),
        ] {
            assert_eq!(of("AMAZON_LINUX_2023", &fields), expected, "{fields}");
        }
    }

    #[test]
    fn through_nat64_an_interface_endpoint_stays_in_the_way() {
        let dual_stack = |ssm: &str, more: &str| {
            format!(
                "network: {{ipv6: dual-stack, private: true, ipv6Route: nat64, \
                 endpoints: [{{service: ssm{ssm}}}]{more}}}"
            )
        };
        let no_ssm = (false, true, None);
        for (fields, expected) in [
            ("network: {ipv6: dual-stack, private: true, ipv6Route: nat64}".to_owned(), FINE),
            (dual_stack("", ""), FINE),
            (dual_stack(", group: closed", ""), no_ssm),
            (dual_stack(", policy: nothing", ""), no_ssm),
            (dual_stack(", place: other-subnet", ""), FINE),
            // The usual name does not lead to it.
            (dual_stack(", group: closed, privateDns: false", ""), FINE),
            (dual_stack(", group: closed, available: false", ""), FINE),
            (dual_stack(", group: closed, place: other-vpc", ""), FINE),
            // It lets in the instance, which reaches it by IPv4.
            (dual_stack(", group: instances", ""), FINE),
            // Nothing lets the instance out to NAT64, so it reaches by IPv4 what has an endpoint.
            (dual_stack("", ", egress443: vpc-only"), (true, false, Some(Obstacle::Module))),
            // Dual-stack names do not lead to the endpoint, either.
            (
                "agent: 3.3.3270.0, dualStackEndpoints: true, network: {ipv6: dual-stack, private: true, \
                 endpoints: [{service: ssm, group: closed}]}"
                    .to_owned(),
                FINE,
            ),
        ] {
            assert_eq!(of("AMAZON_LINUX_2023", &fields), expected, "{fields}");
        }
        // In an IPv6-only subnet the endpoint sees the NAT gateway: an address of the VPC, and no security group.
        let only = |group: &str| {
            let other = format!(
                "  - {{account: \"222200000001\", region: ap-northeast-1, id: i-00000001, os: AMAZON_LINUX_2023, \
                 network: {{vpc: shop, private: true, endpoints: [{{service: ssm, group: {group}}}]}}}}"
            );
            let fields = "network: {vpc: shop, ipv6: only, ipv6Route: nat64}";
            of_at("ap-northeast-1", "AMAZON_LINUX_2023", fields, &other)
        };
        assert_eq!(["vpc", "instances", "closed"].map(only), [FINE, no_ssm, no_ssm]);
    }

    #[test]
    fn an_endpoint_can_be_there_and_useless() {
        let fields = |ssm: &str, s3: &str| {
            format!("network: {{route: nat-gateway, endpoints: [{{service: ssm, {ssm}}}, {{service: s3, {s3}}}]}}")
        };
        for (ssm, s3, expected) in [
            ("group: vpc", "policy: full", FINE),
            ("group: instances", "policy: full", FINE),
            // An endpoint with private DNS takes over the service's name, so the NAT gateway is not used.
            ("group: closed", "policy: full", (false, true, None)),
            ("policy: nothing", "policy: full", (false, true, None)),
            ("group: closed, privateDns: false", "policy: full", FINE),
            ("group: closed, available: false", "policy: full", FINE),
            ("group: closed, place: other-vpc", "policy: full", FINE),
            ("place: other-subnet", "policy: full", FINE),
            ("group: vpc", "policy: without-patch-buckets", (true, true, Some(Obstacle::Module))),
            ("group: vpc", "policy: patch-buckets-only", (true, true, Some(Obstacle::Repositories))),
            ("group: vpc", "policy: without-patch-buckets, place: other-subnet", FINE),
        ] {
            assert_eq!(of("AMAZON_LINUX_2023", &fields(ssm, s3)), expected, "{ssm} {s3}");
        }
    }

    #[test]
    fn only_amazon_linux_has_its_repositories_in_s3() {
        let private = "network: {private: true, endpoints: [ssm, ssmmessages, s3]}";
        let mirror = "network: {private: true, endpoints: [ssm, ssmmessages, s3], mirror: true}";
        for os in ["UBUNTU", "REDHAT_ENTERPRISE_LINUX", "WINDOWS"] {
            assert_eq!(of(os, private), (true, true, Some(Obstacle::Repositories)), "{os}");
            assert_eq!(of(os, mirror), FINE, "{os}");
        }
        assert_eq!(of("AMAZON_LINUX_2", private), FINE);
    }

    #[test]
    fn credentials_and_agent_decide_unless_the_scenario_does() {
        let on = "accounts: {\"222200000001\": {defaultHostManagement: [ap-northeast-1]}}";
        for (fields, alone, host_managed) in [
            ("instanceProfile: present", true, true),
            ("instanceProfile: absent", false, true),
            ("instanceProfile: absent, agent: 3.2.419.0", false, false),
            ("instanceProfile: absent, metadata: off", false, false),
            ("metadata: off", false, false),
            ("metadata: optional-v1", true, true),
            ("agent: absent", false, false),
            ("agent: stopped", false, false),
            ("agent: absent, managed: false", false, false),
            ("instanceProfile: absent, metadata: off, managed: true", true, true),
        ] {
            assert_eq!(of("UBUNTU", fields).0, alone, "{fields}");
            assert_eq!(of_at("ap-northeast-1", "UBUNTU", fields, on).0, host_managed, "{fields}, host management");
            assert_eq!(of_at("us-east-1", "UBUNTU", fields, on).0, alone, "{fields}, elsewhere");
        }
    }

    #[test]
    fn an_old_agent_is_deaf_where_the_old_messages_are_missing() {
        let old = "agent: 3.2.419.0";
        assert_eq!(of("UBUNTU", old), FINE);
        assert_eq!(of_at("mx-central-1", "UBUNTU", old, ""), (true, false, None));
        assert_eq!(of_at("mx-central-1", "UBUNTU", "agent: 3.3.987.0", ""), FINE);
        let private = "agent: 3.2.419.0, network: {private: true, mirror: true, endpoints: [ssm, ssmmessages, s3]}";
        assert_eq!(of("UBUNTU", private), (true, false, None));
    }

    #[test]
    fn python_must_fit_the_system() {
        for (os, python, fits) in [
            ("AMAZON_LINUX_2", "2.7", true),
            ("UBUNTU", "2.7", false),
            ("ALMA_LINUX", "2.7", false),
            ("UBUNTU", "3.12.4", true),
            ("AMAZON_LINUX_2023", "3.13", false),
            ("REDHAT_ENTERPRISE_LINUX", "absent", false),
        ] {
            let expected = (!fits).then_some(Obstacle::Python);
            assert_eq!(of(os, &format!("python: \"{python}\"")).2, expected, "{os} {python}");
        }
        assert_eq!(of("UBUNTU", "platformName: Bottlerocket").2, Some(Obstacle::System));
    }
}
