//! An instance as EC2 and Systems Manager describe it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;

use crate::operating_system::OperatingSystem;
use crate::tag::TagDigest;

/// An instance as `DescribeInstances` describes it. Every field comes from that one listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ec2Instance {
    /// Instance id.
    pub id: String,
    /// State name: `pending`, `running`, `stopping`, `stopped`, `shutting-down`, `terminated`.
    pub state: String,
    /// True if EC2 lists it as Windows. For Linux, EC2 does not say which distribution it is.
    pub windows: bool,
    /// The tags that orgpatch reads as text.
    pub tags: BTreeMap<String, String>,
    /// All other tags.
    pub other_tags: Vec<TagDigest>,
    /// `PlatformDetails`, such as `Linux/UNIX` or `Red Hat Enterprise Linux`: the billed platform, without a version.
    pub platform_details: Option<String>,
    /// Image from which it was launched.
    pub image_id: Option<String>,
    /// When it was last started.
    pub launched_at: Option<Timestamp>,
    /// Availability Zone.
    pub availability_zone: Option<String>,
    /// VPC of its primary network interface.
    pub vpc_id: Option<String>,
    /// Subnet of its primary network interface.
    pub subnet_id: Option<String>,
    /// Security groups of its primary network interface.
    pub security_group_ids: Vec<String>,
    /// Private IPv4 address.
    pub private_ip: Option<IpAddr>,
    /// True if it has a public IPv4 address. Without one, the instance cannot use an internet gateway.
    pub public_ip: bool,
    /// Instance profile; None if it has none.
    pub instance_profile_arn: Option<String>,
    /// Settings of its metadata service; None if EC2 did not list them.
    pub metadata: Option<MetadataOptions>,
}

/// Settings of an instance's metadata service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetadataOptions {
    /// `HttpEndpoint` is `enabled`.
    pub enabled: bool,
    /// `HttpTokens` is `required`, which means IMDSv2 only.
    pub tokens_required: bool,
}

impl Ec2Instance {
    /// Returns false for an instance that is terminated or shutting down. EC2 lists a terminated instance for an hour.
    #[must_use]
    pub fn exists(&self) -> bool {
        !matches!(self.state.as_str(), "terminated" | "shutting-down")
    }

    /// Returns the digests of all its tags.
    pub fn tag_digests(&self) -> impl Iterator<Item = TagDigest> {
        let texts = self.tags.iter().map(|(key, value)| TagDigest::of(key, value));
        texts.chain(self.other_tags.iter().copied())
    }

    /// Returns its operating system as its agent reports it, or else as far as EC2 knows it.
    #[must_use]
    pub fn operating_system(&self, node: Option<&ManagedInstance>) -> Option<OperatingSystem> {
        match node {
            Some(node) => OperatingSystem::from_platform(&node.platform_name, &node.platform_version),
            None => self.windows.then_some(OperatingSystem::Windows),
        }
    }
}

/// A node as `DescribeInstanceInformation` describes it. Stopped instances are not in that list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManagedInstance {
    /// Instance id, or that of a hybrid node (`mi-…`).
    pub id: String,
    /// True if it is no EC2 instance but a hybrid node: a server, a virtual machine or a device elsewhere that was registered with
    /// Systems Manager.
    pub is_hybrid: bool,
    /// The name under which a hybrid node was registered, or else that of its host. EC2 instances have a tag for it.
    pub name: Option<String>,
    /// `Online`, `ConnectionLost` or `Inactive`.
    pub ping: String,
    /// When the agent last answered.
    pub last_ping: Option<Timestamp>,
    /// Name of the operating system, as the agent reports it.
    pub platform_name: String,
    /// Version of the operating system, as the agent reports it.
    pub platform_version: String,
    /// Version of the SSM Agent.
    pub agent_version: String,
}

impl ManagedInstance {
    /// Returns its operating system in the agent's own words, such as `Amazon Linux 2023`.
    #[must_use]
    pub fn platform(&self) -> String {
        format!("{} {}", self.platform_name, self.platform_version).trim().to_owned()
    }
}
