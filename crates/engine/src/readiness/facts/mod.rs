//! The facts of a target: what few, paged, batched calls can say of all its instances. Never one call per instance.

mod network;

use std::collections::{BTreeMap, BTreeSet};

pub use network::{
    AclEntry, Direction, Endpoint, EndpointKind, GroupRule, Network, NetworkAcl, Peer, Ports, PrefixList, Protocol,
    Route, RouteTable, SecurityGroup, Subnet,
};
use orgpatch_model::fetched::Fetched;
use orgpatch_model::instance::{Ec2Instance, ManagedInstance};

/// What is known of a target, an account in a Region.
#[derive(Debug, Clone)]
pub struct TargetFacts {
    /// The Region.
    pub region: RegionFacts,
    /// Every instance, in whatever state (`ec2:DescribeInstances`, paged).
    pub instances: Vec<Ec2Instance>,
    /// Every managed instance (`ssm:DescribeInstanceInformation`, paged).
    pub managed: Fetched<Vec<ManagedInstance>>,
    /// Role of the default host management configuration; None if it is off (`ssm:GetServiceSetting` of
    /// `/ssm/managed-instance/default-ec2-instance-management-role`, one call).
    pub default_host_management: Fetched<Option<String>>,
    /// The network around the instances.
    pub network: Network,
    /// What inventory says of Python.
    pub inventory: Fetched<PythonInventory>,
}

/// The Region of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionFacts {
    /// Its code, such as `ap-northeast-1`.
    pub code: String,
    /// Whether Systems Manager answers there at all; false if there is no such endpoint.
    pub systems_manager: Fetched<bool>,
}

/// What inventory says of Python (`ssm:GetInventory`, paged, never by instance).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PythonInventory {
    /// Instances of which applications (`AWS:Application`) are collected.
    pub collected: BTreeSet<String>,
    /// Packages whose name begins with `python`, by instance id. CompetingPatchers may be among them; they do not matter.
    pub packages: BTreeMap<String, Vec<Package>>,
}

/// An installed package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    /// `Name`, such as `python3.11-minimal`.
    pub name: String,
    /// `Version`, such as `3.11.2-6+deb12u5`.
    pub version: String,
}
