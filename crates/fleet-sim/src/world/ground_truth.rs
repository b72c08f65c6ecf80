//! The ground truth: what really happened to every instance, whatever the APIs say.
use super::World;
use crate::{
    clock::{SECOND, rfc3339},
    patching::{
        baseline::{Baseline, RegionBaselines},
        catalogue::PatchId,
        snapshot::Snapshot,
    },
    scenario::InstanceState,
};
use serde_json::{Map, Value, json};

/// Returns the answer to `GET /_sim/truth`.
pub fn describe(world: &World) -> Value {
    let mut instances = Map::new();
    for node in world.fleet.nodes.iter().filter(|node| node.state != InstanceState::Absent) {
        let snapshot = Snapshot::take(&world.catalogue, world.baselines.in_scope(node.patch_scope()), world.now);
        let fate = json!({
            "account": node.account,
            "region": node.region,
            "installsStarted": node.installs_started,
            "installsByOthers": node.installs_by_competitors,
            "overlaps": node.overlaps,
            "installsBeside": node.installs_beside,
            "installed": texts(node.installed_here.iter()),
            "installedVersions": node.installed_here.iter().filter_map(|id| {
                let have = node.installed.get(id)?;
                let patch = world.catalogue.versions(node.os, id).get(have.version)?;
                Some((id.to_string(), json!(patch.version)))
            }).collect::<Map<_, _>>(),
            "missing": texts(snapshot.missing(&world.catalogue, node.machine()).iter()),
            "rebooted": node.reboots > 0,
            "reboots": node.reboots,
            "clockSkewSeconds": node.clock_skew / SECOND,
            // Null: before the scenario started, and not at all.
            "launched": node.launched_here.map(rfc3339),
            "terminated": node.terminated.map(rfc3339),
            // Those of `manyTags` are left out, as below.
            "tags": node.tags,
        });
        instances.insert(node.id.clone(), fate);
    }
    json!({"instances": instances, "commands": commands(world), "baselines": baselines(world)})
}

/// Returns every command that came by the API, with when it was sent, and when each of its invocations began and ended. The
/// end is the one that the service reports; an agent may go on after it.
fn commands(world: &World) -> Vec<Value> {
    let by_api = world.commands.iter().filter(|command| command.by_api);
    by_api
        .map(|command| {
            let invocations = command.invocations.iter().map(|invocation| {
                json!({
                    "instanceId": invocation.instance_id,
                    "began": invocation.started.map(rfc3339),
                    "ended": invocation.ended.as_ref().map(|(at, _)| rfc3339(*at)),
                })
            });
            json!({
                "id": command.id,
                "account": command.account,
                "region": command.region,
                "operation": command.operation.kind.code(),
                "sent": rfc3339(command.requested),
                "invocations": invocations.collect::<Vec<_>>(),
            })
        })
        .collect()
}

/// Returns, by account and Region, the account's own baselines, the defaults that are not the predefined ones, and the
/// registrations for patch groups. Empty Regions are left out.
fn baselines(world: &World) -> Value {
    let mut accounts = json!({});
    for (account, region, registered) in world.baselines.regions() {
        let truth = json!({
            "baselines": registered.own().iter().map(|baseline| own(registered, baseline)).collect::<Vec<_>>(),
            "defaults": registered.changed_defaults().iter().map(|b| (b.os.code().to_owned(), named(b))).collect::<Map<_, _>>(),
            "patchGroups": registered.groups().iter().map(|(group, b)| {
                json!({"patchGroup": group, "os": b.os.code(), "id": b.reference(), "name": b.content.name})
            }).collect::<Vec<_>>(),
        });
        if truth.as_object().is_some_and(|parts| parts.values().any(|part| !is_empty(part))) {
            accounts[account][region] = truth;
        }
    }
    accounts
}

fn is_empty(part: &Value) -> bool {
    part.as_array().is_some_and(Vec::is_empty) || part.as_object().is_some_and(Map::is_empty)
}

fn named(baseline: &Baseline) -> Value {
    json!({"id": baseline.reference(), "name": baseline.content.name})
}

/// Returns an own baseline. `content` has the API's fields in the API's spelling.
fn own(registered: &RegionBaselines, baseline: &Baseline) -> Value {
    json!({
        "id": baseline.id,
        "name": baseline.content.name,
        "os": baseline.os.code(),
        "default": registered.is_default(baseline),
        "tags": baseline.tags,
        "created": rfc3339(baseline.created),
        "modified": rfc3339(baseline.modified),
        "content": baseline.content,
    })
}

fn texts<'a>(ids: impl Iterator<Item = &'a PatchId>) -> Vec<&'a str> {
    ids.map(|id| &**id).collect()
}

/// Returns the answer to `GET /_sim/instances`.
pub fn instances(world: &World) -> Value {
    // Tags of `manyTags` are left out: no policy names one, and they would be most of the answer.
    let instance = |node: &crate::fleet::Node| json!({"account": node.account, "region": node.region, "instanceId": node.id, "tags": node.tags});
    Value::Array(world.fleet.nodes.iter().map(instance).collect())
}
