//! What a scenario says about the network of instances, with short forms for common cases.
use super::short_forms::{NameOrMap, Named, named};
use schemars::JsonSchema;
use serde::Deserialize;

/// The network of the instances of an entry. Entries with equal networks share a VPC and a subnet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[allow(clippy::struct_excessive_bools, reason = "each is a field that people write as yes or no")]
pub struct NetworkEntry {
    /// The VPC's name. Entries with the same name share the VPC and its endpoints. Each has a subnet of its own.
    pub vpc: Option<String>,
    /// Short for `route: none`.
    #[serde(default)]
    pub private: bool,
    /// The target of the subnet's default route. Usually an internet gateway.
    pub route: Option<WayOut>,
    /// Which addresses the subnet has besides or instead of those of IPv4.
    #[serde(default)]
    pub ipv6: Ipv6,
    /// The target of the subnet's route for IPv6.
    #[serde(default)]
    pub ipv6_route: Ipv6WayOut,
    /// Whether the instances have public addresses. Without one an internet gateway does not help.
    #[serde(default = "super::defaults::yes")]
    pub public_address: bool,
    /// Whether the subnet uses the main route table of its VPC instead of its own.
    #[serde(default)]
    pub main_route_table: bool,
    /// Endpoints of the VPC. Each is a service, or a map with `service` and more. S3 is a gateway, all others are
    /// interfaces.
    #[serde(default)]
    pub endpoints: Vec<NameOrMap<EndpointEntry>>,
    /// Where the security group lets connections to port 443 out to: `true` (everywhere), `false` (nowhere), `s3-only`,
    /// `endpoints-and-s3`, or `vpc-only`.
    #[serde(default, deserialize_with = "named")]
    pub egress443: Egress,
    /// What the network ACL of the subnet blocks.
    #[serde(default)]
    pub network_acl: NetworkAcl,
    /// Whether the S3 gateway endpoint of the VPC, if there is one, is in the subnet's route table.
    #[serde(default = "super::defaults::yes")]
    pub s3_route: bool,
    /// Whether the network has a mirror of the package repositories or a WSUS server. No API shows it.
    #[serde(default)]
    pub mirror: bool,
}

impl Default for NetworkEntry {
    /// Returns a network in which everything is reachable.
    fn default() -> Self {
        Self {
            vpc: None,
            private: false,
            route: None,
            ipv6: Ipv6::No,
            ipv6_route: Ipv6WayOut::EgressOnlyGateway,
            public_address: true,
            main_route_table: true,
            endpoints: Vec::new(),
            egress443: Egress::Open,
            network_acl: NetworkAcl::Open,
            s3_route: true,
            mirror: false,
        }
    }
}

impl NetworkEntry {
    /// Returns the target of the default route.
    pub fn way_out(&self) -> WayOut {
        let none = self.private || self.ipv6 == Ipv6::Only;
        self.route.unwrap_or(if none { WayOut::None } else { WayOut::InternetGateway })
    }

    /// Returns whether the instances have public addresses that are of use.
    pub fn is_public(&self) -> bool {
        self.way_out() == WayOut::InternetGateway && self.public_address
    }

    /// Returns what contradicts itself: the field, and what is wrong with it.
    pub fn contradictions(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if self.private && self.way_out() == WayOut::InternetGateway {
            found.push((
                "private".to_owned(),
                "a private network has no route to an internet gateway, so private or route must be left out"
                    .to_owned(),
            ));
        }
        if self.ipv6 == Ipv6::Only {
            let mut report = |field: &str, text: &str| found.push((field.to_owned(), text.to_owned()));
            if self.way_out() != WayOut::None {
                report("route", "an IPv6-only subnet leads out by IPv6, so say ipv6Route");
            }
            if !self.endpoints.is_empty() {
                report("endpoints", "have IPv4 addresses only, so an IPv6-only subnet has none");
            }
        }
        if self.ipv6 == Ipv6::No && self.ipv6_route != Ipv6WayOut::EgressOnlyGateway {
            found.push(("ipv6Route".to_owned(), "the subnet has no IPv6 addresses, so say ipv6, too".to_owned()));
        }
        if self.vpc.as_deref().is_some_and(str::is_empty) {
            found.push(("vpc".to_owned(), "the name must not be empty".to_owned()));
        }
        for (index, NameOrMap(endpoint)) in self.endpoints.iter().enumerate() {
            let mut report = |field: &str, text: &str| {
                found.push((format!("endpoints[{index}].{field}"), format!("{} {text}", endpoint.service)));
            };
            if self.endpoints[..index].iter().any(|NameOrMap(other)| other.service == endpoint.service) {
                report("service", "is listed twice");
            }
            if endpoint.service == "s3" {
                if endpoint.group != EndpointGroup::default() {
                    report("group", "is a gateway endpoint, which has no security group");
                }
                if !endpoint.private_dns {
                    report("privateDns", "is a gateway endpoint, which has no private DNS");
                }
            } else if matches!(endpoint.policy, Policy::WithoutPatchBuckets | Policy::PatchBucketsOnly) {
                report("policy", "is not s3, and without-patch-buckets and patch-buckets-only are only for s3");
            }
        }
        found
    }
}

/// The target of a default route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WayOut {
    /// An internet gateway.
    InternetGateway,
    /// A NAT gateway.
    NatGateway,
    /// A transit gateway that leads to the internet.
    TransitGateway,
    /// A NAT gateway that was deleted.
    Blackhole,
    /// There is no default route.
    None,
}

/// Which IPv6 addresses a subnet has.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ipv6 {
    /// None.
    #[default]
    No,
    /// It has addresses of IPv4 and of IPv6.
    DualStack,
    /// It has no addresses of IPv4.
    Only,
}

/// The target of a route for IPv6.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ipv6WayOut {
    /// An egress-only internet gateway.
    #[default]
    EgressOnlyGateway,
    /// An internet gateway.
    InternetGateway,
    /// A NAT gateway that translates to IPv4. DNS64 is on in the subnet.
    Nat64,
    /// There is no route for IPv6.
    None,
}

/// An endpoint of a VPC.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EndpointEntry {
    /// The last part of its service's name, for example `ssm`.
    pub service: String,
    /// Whom its security group lets in.
    #[serde(default)]
    pub group: EndpointGroup,
    /// Whether the service's usual names lead to it.
    #[serde(default = "super::defaults::yes")]
    pub private_dns: bool,
    /// What its policy allows.
    #[serde(default)]
    pub policy: Policy,
    /// Where it is.
    #[serde(default)]
    pub place: EndpointPlace,
    /// Whether it is ready for use. Otherwise its state is pending.
    #[serde(default = "super::defaults::yes")]
    pub available: bool,
}

impl Named for EndpointEntry {
    const NAMES: &'static str = "ssm, ssmmessages, ec2messages, s3, kms, logs, ec2 or another service";
    const PATTERN: Option<&'static str> = Some("^[a-z0-9.-]+$");

    fn from_name(name: &str) -> Option<Self> {
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'.');
        (!name.is_empty() && name.bytes().all(plain)).then(|| Self {
            service: name.to_owned(),
            group: EndpointGroup::default(),
            private_dns: true,
            policy: Policy::default(),
            place: EndpointPlace::default(),
            available: true,
        })
    }
}

/// Who the security group of an endpoint lets in.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointGroup {
    /// Every address of the VPC.
    #[default]
    Vpc,
    /// The security group of the instances.
    Instances,
    /// A security group to which no instance belongs.
    Closed,
}

/// What the policy of an endpoint allows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Everything.
    #[default]
    Full,
    /// Buckets of the organization and the repositories of Amazon Linux. The buckets of Patch Manager are missing.
    WithoutPatchBuckets,
    /// Only the buckets of Patch Manager. The repositories of Amazon Linux are missing.
    PatchBucketsOnly,
    /// Nothing.
    Nothing,
}

/// Where an endpoint is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointPlace {
    /// In the subnet of the instances. A gateway is in its route table.
    #[default]
    Here,
    /// In another subnet of the VPC. An interface serves the whole VPC from there, a gateway does not serve this
    /// subnet.
    OtherSubnet,
    /// In another VPC, where it does not serve these instances.
    OtherVpc,
}

/// Where a security group lets connections to port 443 out to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Egress {
    /// Everywhere.
    #[default]
    Open,
    /// Nowhere.
    Closed,
    /// To the prefix list of S3.
    S3Only,
    /// To the prefix list of S3 and the security groups of the endpoints.
    EndpointsAndS3,
    /// To the addresses of the VPC.
    VpcOnly,
}

impl Named for Egress {
    const NAMES: &'static str = "true, false, s3-only, endpoints-and-s3, vpc-only";

    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "true" => Self::Open,
            "false" => Self::Closed,
            "s3-only" => Self::S3Only,
            "endpoints-and-s3" => Self::EndpointsAndS3,
            "vpc-only" => Self::VpcOnly,
            _ => return None,
        })
    }
}

/// What a network ACL blocks.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkAcl {
    /// Nothing. It is the default network ACL of the VPC.
    #[default]
    Open,
    /// Connections out to port 443.
    #[serde(rename = "no-443")]
    No443,
    /// The ports to which answers return.
    NoReturnPorts,
}
