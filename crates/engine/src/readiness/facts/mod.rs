//! The facts of a target, which a few paged calls return for all its instances. No call is made per instance.

mod network;

use std::collections::{BTreeMap, BTreeSet};

pub use network::{
    AclEntry, Direction, Endpoint, EndpointKind, GroupRule, Network, NetworkAcl, Peer, Ports, PrefixList, Protocol,
    Route, RouteTable, SecurityGroup, Subnet,
};
use orgpatch_model::fetched::Fetched;
use orgpatch_model::instance::ManagedInstance;
use orgpatch_model::text::cut;

use super::checks::python::is_interpreter;

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
    /// Packages of interpreters, by instance id.
    pub packages: BTreeMap<String, Vec<Package>>,
}

/// The most interpreters of an instance that are kept. More than a handful are not useful to anyone.
const MOST_INTERPRETERS: usize = 20;

/// The most characters of a name or version of a package.
const PACKAGE_CHARACTERS: usize = 100;

impl PythonInventory {
    /// Adds an instance whose applications Inventory collects. Of its packages it keeps the first interpreters.
    pub fn add(&mut self, instance_id: String, packages: impl IntoIterator<Item = Package>) {
        let interpreters = packages.into_iter().filter(is_interpreter).take(MOST_INTERPRETERS);
        let kept = interpreters.map(|Package { name, version }| Package {
            name: cut(name, PACKAGE_CHARACTERS),
            version: cut(version, PACKAGE_CHARACTERS),
        });
        self.packages.insert(instance_id.clone(), kept.collect());
        self.collected.insert(instance_id);
    }
}

/// An installed package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    /// `Name`, such as `python3.11-minimal`.
    pub name: String,
    /// `Version`, such as `3.11.2-6+deb12u5`.
    pub version: String,
}
