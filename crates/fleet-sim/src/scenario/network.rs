//! What a scenario says about the network of instances, short for the common cases.
use super::short_forms::{NameOrMap, Named, named};
use serde::Deserialize;

/// The network of the instances of an entry. Those whose networks are alike share a VPC and a subnet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[allow(clippy::struct_excessive_bools, reason = "each is a field that people write as yes or no")]
pub struct NetworkEntry {
    /// The VPC's name. Entries with the same one share it whatever their networks are: each has a subnet of its own.
    pub vpc: Option<String>,
    /// Short for `route: none`.
    #[serde(default)]
    pub private: bool,
    /// Where the subnet's default route leads.
    pub route: Option<WayOut>,
    /// Have the instances public addresses? An internet gateway is of no use without.
    #[serde(default = "super::defaults::yes")]
    pub public_address: bool,
    /// Does the subnet use the main route table of its VPC instead of one of its own?
    #[serde(default)]
    pub main_route_table: bool,
    /// Endpoints of the VPC.
    #[serde(default)]
    pub endpoints: Vec<NameOrMap<EndpointEntry>>,
    /// Where the security group lets connections to port 443 out to.
    #[serde(default, deserialize_with = "named")]
    pub egress443: Egress,
    /// What the network ACL of the subnet closes.
    #[serde(default)]
    pub network_acl: NetworkAcl,
    /// Is the S3 gateway endpoint of the VPC, if there is one, in the subnet's route table?
    #[serde(default = "super::defaults::yes")]
    pub s3_route: bool,
    /// Is there a mirror of the package repositories, or a WSUS server, inside the network?
    #[serde(default)]
    pub mirror: bool,
}

impl Default for NetworkEntry {
    /// Nothing is in the way of anything.
    fn default() -> Self {
        Self {
            vpc: None,
            private: false,
            route: None,
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
    /// Where the default route leads.
    pub fn way_out(&self) -> WayOut {
        self.route.unwrap_or(if self.private { WayOut::None } else { WayOut::InternetGateway })
    }

    /// Do the instances have public addresses?
    pub fn is_public(&self) -> bool {
        self.way_out() == WayOut::InternetGateway && self.public_address
    }

    /// What contradicts itself: the field, and the text about it.
    pub fn contradictions(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if self.private && self.way_out() == WayOut::InternetGateway {
            found.push(("private".to_owned(), "a private network has no route to an internet gateway".to_owned()));
        }
        if self.vpc.as_deref().is_some_and(str::is_empty) {
            found.push(("vpc".to_owned(), "a name must not be empty".to_owned()));
        }
        for (index, NameOrMap(endpoint)) in self.endpoints.iter().enumerate() {
            let mut find = |field: &str, text: &str| {
                found.push((format!("endpoints[{index}].{field}"), format!("{} {text}", endpoint.service)));
            };
            if self.endpoints[..index].iter().any(|NameOrMap(other)| other.service == endpoint.service) {
                find("service", "is listed twice");
            }
            if endpoint.service == "s3" {
                if endpoint.group != EndpointGroup::default() {
                    find("group", "is a gateway endpoint here, which has no security group");
                }
                if !endpoint.private_dns {
                    find("privateDns", "is a gateway endpoint here, which has no private DNS");
                }
            } else if matches!(endpoint.policy, Policy::WithoutPatchBuckets | Policy::PatchBucketsOnly) {
                find("policy", "is not s3: the policy without-patch-buckets and patch-buckets-only are about buckets");
            }
        }
        found
    }
}

/// Where a default route leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WayOut {
    /// To an internet gateway.
    InternetGateway,
    /// To a NAT gateway.
    NatGateway,
    /// To a transit gateway, behind which the internet is reached.
    TransitGateway,
    /// To a NAT gateway that was deleted.
    Blackhole,
    /// There is none.
    None,
}

/// An endpoint of a VPC.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EndpointEntry {
    /// The last part of its service's name.
    pub service: String,
    /// Whom its security group lets in.
    #[serde(default)]
    pub group: EndpointGroup,
    /// Do the service's usual names lead to it?
    #[serde(default = "super::defaults::yes")]
    pub private_dns: bool,
    /// What its policy allows.
    #[serde(default)]
    pub policy: Policy,
    /// Where it is.
    #[serde(default)]
    pub place: EndpointPlace,
    /// Is it ready for use?
    #[serde(default = "super::defaults::yes")]
    pub available: bool,
}

impl Named for EndpointEntry {
    const NAMES: &'static str = "ssm, ssmmessages, ec2messages, s3, kms, logs, ec2 or another service";

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

/// Whom the security group of an endpoint lets in.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointGroup {
    /// Every address of the VPC.
    #[default]
    Vpc,
    /// The security group of the instances.
    Instances,
    /// Some other security group.
    Closed,
}

/// What the policy of an endpoint allows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Everything.
    #[default]
    Full,
    /// Buckets of the organization and the repositories of Amazon Linux.
    WithoutPatchBuckets,
    /// The buckets of Patch Manager and nothing else.
    PatchBucketsOnly,
    /// Nothing.
    Nothing,
}

/// Where an endpoint is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointPlace {
    /// In the subnet of the instances (a gateway: in its route table).
    #[default]
    Here,
    /// In another subnet of the VPC, from where it serves the whole VPC (a gateway: it does not).
    OtherSubnet,
    /// In another VPC, from where it serves nobody here.
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

/// What a network ACL closes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkAcl {
    /// Nothing: it is the default one of the VPC.
    #[default]
    Open,
    /// Connections out to port 443.
    #[serde(rename = "no-443")]
    No443,
    /// The ports that answers come back to.
    NoReturnPorts,
}
