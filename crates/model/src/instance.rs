//! An instance as EC2 and Systems Manager describe it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;

use crate::operating_system::OperatingSystem;

/// An instance as `DescribeInstances` knows it. All of it is in the answer that lists the instances anyway.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ec2Instance {
    /// Instance id.
    pub id: String,
    /// State name: `pending`, `running`, `stopping`, `stopped`, `shutting-down`, `terminated`.
    pub state: String,
    /// True if EC2 knows it as Windows; of Linux EC2 knows no more than that it is not.
    pub windows: bool,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// `PlatformDetails`, such as `Linux/UNIX` or `Red Hat Enterprise Linux`: what is billed, without a version.
    pub platform_details: Option<String>,
    /// Image that it was launched from.
    pub image_id: Option<String>,
    /// When it was last started.
    pub launched_at: Option<Timestamp>,
    /// Its network.
    pub vpc_id: Option<String>,
    /// Subnet of its primary network interface.
    pub subnet_id: Option<String>,
    /// Security groups of its primary network interface.
    pub security_group_ids: Vec<String>,
    /// Private IPv4 address.
    pub private_ip: Option<IpAddr>,
    /// True if it has a public IPv4 address; without one an internet gateway leads nowhere.
    pub public_ip: bool,
    /// Instance profile; None if it has none.
    pub instance_profile_arn: Option<String>,
    /// How its metadata service answers; None if the answer did not say.
    pub metadata: Option<MetadataOptions>,
}

/// How an instance's metadata service answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetadataOptions {
    /// `HttpEndpoint` is `enabled`.
    pub enabled: bool,
    /// `HttpTokens` is `required`, which means IMDSv2 only.
    pub tokens_required: bool,
}

impl Ec2Instance {
    /// False once it is gone: a terminated instance stays in the list for an hour, and there is nothing to patch.
    #[must_use]
    pub fn exists(&self) -> bool {
        !matches!(self.state.as_str(), "terminated" | "shutting-down")
    }

    /// Its operating system: by what its agent says, else as far as EC2 knows.
    #[must_use]
    pub fn operating_system(&self, node: Option<&ManagedInstance>) -> Option<OperatingSystem> {
        match node {
            Some(node) => OperatingSystem::from_platform(&node.platform_name, &node.platform_version),
            None => self.windows.then_some(OperatingSystem::Windows),
        }
    }
}

/// An instance as `DescribeInstanceInformation` knows it; stopped ones are not in that list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManagedInstance {
    /// Instance id.
    pub id: String,
    /// `Online`, `ConnectionLost` or `Inactive`.
    pub ping: String,
    /// When the agent last answered.
    pub last_ping: Option<Timestamp>,
    /// Operating system in the agent's own words.
    pub platform_name: String,
    /// Its version.
    pub platform_version: String,
    /// Version of the SSM Agent.
    pub agent_version: String,
}
