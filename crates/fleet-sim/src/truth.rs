//! The truth: what really happened to every instance, whatever any API says.
use crate::{baseline, catalogue::PatchId, world::World};
use serde_json::{Map, Value, json};

/// What `GET /_sim/truth` answers.
pub fn truth(world: &World) -> Value {
    let mut instances = Map::new();
    for node in &world.fleet.nodes {
        let approved = world.catalogue.approved(&baseline::default_for(node.os, &node.region), world.now);
        let fate = json!({
            "account": node.account,
            "region": node.region,
            "installsStarted": node.installs_started,
            "installed": texts(node.installed_here.iter()),
            "missing": texts(node.missing(&approved).iter()),
            "rebooted": node.reboots > 0,
            "reboots": node.reboots,
        });
        instances.insert(node.id.clone(), fate);
    }
    json!({"instances": instances})
}

fn texts<'a>(ids: impl Iterator<Item = &'a PatchId>) -> Vec<&'a str> {
    ids.map(|id| &**id).collect()
}

/// What `GET /_sim/instances` answers.
pub fn instances(world: &World) -> Value {
    let instance = |node: &crate::fleet::Node| json!({"account": node.account, "region": node.region, "instanceId": node.id, "tags": node.tags});
    Value::Array(world.fleet.nodes.iter().map(instance).collect())
}
