//! Checks whether instances are ready to be patched, before anything is sent: every instance that the plan selects,
//! managed or not.
//!
//! The input is the facts of a target and the time; the output is exactly one finding per instance and [`Check`]. No
//! check looks at another instance than its own, so the work grows linearly with the number of instances.

mod after_scan;
mod causes;
mod checks;
mod facts;
mod finding;
mod matrix;
mod network;
#[cfg(test)]
mod tests;
mod version;

use std::collections::{BTreeMap, HashMap};

pub use after_scan::{after_scan, after_silence};
pub use causes::{Cause, Causes};
pub use checks::endpoints::endpoint_matters;
pub use facts::{
    AclEntry, Direction, Endpoint, EndpointKind, GroupRule, Network, NetworkAcl, Package, Peer, Ports, PrefixList,
    Protocol, PythonInventory, RegionFacts, Route, RouteTable, SecurityGroup, Subnet, TargetFacts,
};
pub use finding::{Check, Finding, FindingCause, Severity, Status};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
pub use matrix::Matrix;
use network::{InstanceNetwork, Ipv6, Path, View};
use orgpatch_model::fetched::Fetched;
use orgpatch_model::instance::{Ec2Instance, ManagedInstance};
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_plan::Selection;
pub use version::Version;

use crate::selection::left_out;

/// The input of a check: one instance, and the facts around it.
struct Subject<'a> {
    instance: &'a Ec2Instance,
    node: Fetched<Option<&'a ManagedInstance>>,
    os: Option<OperatingSystem>,
    place: Option<InstanceNetwork<'a>>,
    /// The path to the internet, which several checks need.
    internet: Option<Path>,
    facts: &'a TargetFacts,
    view: &'a View<'a>,
    matrix: &'static Matrix,
    now: Timestamp,
    today: Date,
}

/// Checks the instances of a target, some at a time, against facts that are indexed once.
pub struct Checker<'a> {
    facts: &'a TargetFacts,
    select: &'a Selection,
    now: Timestamp,
    view: View<'a>,
    /// The managed nodes by id; None if their list could not be read.
    nodes: Option<HashMap<&'a str, &'a ManagedInstance>>,
}

impl<'a> Checker<'a> {
    /// Prepares the checks of a target.
    #[must_use]
    pub fn new(facts: &'a TargetFacts, select: &'a Selection, now: Timestamp) -> Self {
        let by_id = |nodes: &'a Vec<ManagedInstance>| nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        Self {
            facts,
            select,
            now,
            view: View::new(&facts.network, &facts.region.code),
            nodes: facts.managed.get().ok().map(by_id),
        }
    }

    /// Checks those of the instances that are selected and exist, running or not. Returns one finding per [`Check`], in the
    /// order of [`Check::ALL`], by instance id. The order of the facts does not matter.
    #[must_use]
    pub fn check<'i>(&self, instances: impl IntoIterator<Item = &'i Ec2Instance>) -> BTreeMap<String, Vec<Finding>> {
        let Self { facts, view, now, .. } = self;
        let today = now.to_zoned_datetime(TimeZone::UTC).date();
        let matrix = Matrix::get();
        let mut findings = BTreeMap::new();
        for instance in instances.into_iter().filter(|instance| instance.exists()) {
            let found = self.nodes.as_ref().and_then(|nodes| nodes.get(instance.id.as_str()).copied());
            let os = instance.operating_system(found);
            if left_out(self.select, instance, os).is_some() {
                continue;
            }
            let node = match &facts.managed {
                Fetched::Yes(_) => Fetched::Yes(found),
                Fetched::No(missing) => Fetched::No(missing.clone()),
            };
            let place = view.place(instance);
            let internet = place.as_ref().map(|place| view.internet(place));
            let subject = Subject { instance, node, os, place, internet, facts, view, matrix, now: *now, today };
            findings.insert(instance.id.clone(), Check::ALL.map(|check| checks::run(check, &subject)).to_vec());
        }
        findings
    }
}

impl<'a> Subject<'a> {
    /// Returns the managed node; None if Systems Manager does not know it, or if the list could not be read.
    fn node(&self) -> Option<&'a ManagedInstance> {
        match &self.node {
            Fetched::Yes(node) => *node,
            Fetched::No(_) => None,
        }
    }

    /// Returns the paths by IPv6 that are possible, and not checked.
    fn ipv6(&self) -> Option<Ipv6> {
        self.place.as_ref().and_then(InstanceNetwork::ipv6)
    }

    /// Returns true if its agent answers now.
    fn online(&self) -> bool {
        self.node().is_some_and(|node| node.ping == "Online")
    }

    /// Returns the version of its agent.
    fn agent(&self) -> Option<Version> {
        self.node().and_then(|node| Version::leading(&node.agent_version))
    }
}
