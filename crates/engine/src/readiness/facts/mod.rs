//! The facts of a target, which a few paged calls return for all its instances. No call is made per instance.

mod network;

use std::collections::{BTreeMap, BTreeSet};

pub use network::{
    AclEntry, Direction, Endpoint, EndpointKind, GroupRule, Network, NetworkAcl, Peer, Ports, PrefixList, Protocol,
    Route, RouteTable, SecurityGroup, Subnet,
};
use orgpatch_model::fetched::Fetched;
use orgpatch_model::instance::ManagedInstance;

/// The facts around the instances of a target (one account in one Region).
#[derive(Debug, Clone)]
pub struct TargetFacts {
    /// The Region.
    pub region: RegionFacts,
    /// Every managed instance (`ssm:DescribeInstanceInformation`, paged).
    pub managed: Fetched<Vec<ManagedInstance>>,
    /// Role of the default host management configuration; None if it is off (`ssm:GetServiceSetting` of
    /// `/ssm/managed-instance/default-ec2-instance-management-role`, one call).
    pub default_host_management: Fetched<Option<String>>,
    /// The network around the instances.
    pub network: Network,
    /// The Python packages that Inventory lists.
    pub inventory: Fetched<PythonInventory>,
}

/// The Region of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionFacts {
    /// Its code, such as `ap-northeast-1`.
    pub code: String,
    /// True if Systems Manager answers there; false if it has no endpoint there.
    pub systems_manager: Fetched<bool>,
}

/// The Python packages that Inventory lists (`ssm:GetInventory`, paged, never by instance).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PythonInventory {
    /// Instances whose applications (`AWS:Application`) Inventory collects.
    pub collected: BTreeSet<String>,
    /// Packages whose name begins with `python`, by instance id. Not all of them are interpreters.
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
