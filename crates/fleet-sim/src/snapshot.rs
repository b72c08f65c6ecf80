//! Patch snapshots: the same snapshot id means the same approved patches for all nodes of an account, Region, patch
//! group and system, for three days.
use crate::{
    catalogue::Versions,
    clock::{DAY, Millis},
    fleet::Node,
};
use std::{collections::HashMap, sync::Arc};

/// After this long the same id yields a new snapshot.
const LIFE: Millis = 3 * DAY;

/// All snapshots.
#[derive(Debug, Default)]
pub struct Snapshots {
    made: HashMap<String, (Millis, Arc<Versions>)>,
}

impl Snapshots {
    /// The approved set of a snapshot id for a node. `evaluate` is asked when there is no valid snapshot yet.
    pub fn get(&mut self, node: &Node, id: &str, now: Millis, evaluate: impl FnOnce() -> Versions) -> Arc<Versions> {
        let group = node.patch_group().unwrap_or_default();
        let key = [node.account.as_str(), &node.region, group, node.os.code(), id].join("\0");
        match self.made.get(&key) {
            Some((made, versions)) if now - made <= LIFE => versions.clone(),
            _ => {
                let versions = Arc::new(evaluate());
                self.made.insert(key, (now, versions.clone()));
                versions
            }
        }
    }
}
