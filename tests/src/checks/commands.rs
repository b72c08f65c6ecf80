//! Checks what was sent, with fleet-sim's own log.

use std::collections::{BTreeMap, BTreeSet};

use orgpatch_plan::{Reboot, TagValues};
use serde_json::Value;

use crate::evidence::{Call, Evidence};

/// Checks that a scan run sends no Install.
#[must_use]
pub fn a_scan_run_installs_nothing(evidence: &Evidence) -> Vec<String> {
    let installs =
        evidence.calls.iter().filter(|call| call.command() == Some("Install") && evidence.is_own(call)).count();
    if evidence.operation == "scan" && installs > 0 {
        return vec![format!("a scan run sent {installs} Install commands")];
    }
    Vec::new()
}

/// Checks that a run about baselines sends no command, and that a preview makes no call that could change anything.
#[must_use]
pub fn a_run_about_baselines_asks_no_instance(evidence: &Evidence) -> Vec<String> {
    if !evidence.is_about_baselines_only() {
        return Vec::new();
    }
    let reads = |call: &Call| {
        let action = call.operation.rsplit(':').next().unwrap_or_default();
        ["Describe", "Get", "List"].iter().any(|verb| action.starts_with(verb))
    };
    let previews = evidence.operation == "preview-baselines";
    let calls = evidence.calls.iter().filter(|call| call.command().is_some() || (previews && !reads(call)));
    calls
        .map(|call| format!("a run of {} called {} in {}", evidence.operation, call.operation, call.target()))
        .collect()
}

/// Checks that every call in a member account has a session of its own function and run: CloudTrail shows its name there. The
/// functions that only look have the role that looks.
#[must_use]
pub fn a_call_in_a_member_account_names_its_function_and_run(evidence: &Evidence) -> Vec<String> {
    if evidence.shares_its_time {
        return Vec::new();
    }
    let strays = evidence.calls.iter().filter(|call| call.is_in_member() && !has_its_name(call, &evidence.run_id));
    strays
        .map(|call| {
            let session = call.session.as_deref().unwrap_or("without a name");
            format!("{} in {} was called in the session {session} of {}", call.operation, call.target(), call.caller)
        })
        .collect()
}

fn has_its_name(call: &Call, run_id: &str) -> bool {
    let functions = match call.caller.rsplit('/').next() {
        Some("orgpatch-member") => ["scan", "install"],
        Some("orgpatch-member-look") => ["assume-role", "collect-results"],
        _ => return false,
    };
    let Some(session) = &call.session else { return false };
    functions.iter().any(|function| {
        let whole = format!("orgpatch-{function}-{run_id}");
        // STS takes 64 characters. A longer name ends in a hash.
        let cut = whole.get(..55).filter(|_| whole.len() > 64);
        *session == whole || cut.is_some_and(|cut| session.len() == 64 && session.starts_with(cut))
    })
}

/// Checks that a scan run changes no baseline in any account.
#[must_use]
pub fn a_scan_run_changes_no_baseline(evidence: &Evidence) -> Vec<String> {
    const WRITES: [&str; 8] = [
        "ssm:CreatePatchBaseline",
        "ssm:UpdatePatchBaseline",
        "ssm:DeletePatchBaseline",
        "ssm:AddTagsToResource",
        "ssm:RemoveTagsFromResource",
        "ssm:RegisterDefaultPatchBaseline",
        "ssm:RegisterPatchBaselineForPatchGroup",
        "ssm:DeregisterPatchBaselineForPatchGroup",
    ];
    let is_scan = evidence.operation == "scan" && !evidence.shares_its_time;
    let calls = evidence.calls.iter().filter(|call| is_scan && WRITES.contains(&call.operation.as_str()));
    calls.map(|call| format!("a scan run called {} in {}", call.operation, call.target())).collect()
}

/// Checks that every command runs the patch document on one instance, that nothing else paces it, and that an install
/// reboots as the plan says.
#[must_use]
pub fn commands_are_as_the_plan_says(evidence: &Evidence) -> Vec<String> {
    let mut complaints = Vec::new();
    for call in evidence.calls.iter().filter(|call| call.operation == "ssm:SendCommand") {
        let place = call.target();
        let mut wrong = |text: String| complaints.push(format!("a command to {place} {text}"));
        let field = |name: &str| call.request.get(name).and_then(Value::as_str).unwrap_or_default();
        if field("DocumentName") != "AWS-RunPatchBaseline" {
            wrong(format!("runs the document {:?}", field("DocumentName")));
        }
        let ids = call.instance_ids();
        if ids.len() != 1 || call.request.get("Targets").is_some() {
            wrong(format!("names {} instances: {}", ids.len(), call.request));
        }
        if let Some(stray) = ids.iter().find(|id| evidence.place(id).as_ref() != Some(&place)) {
            wrong(format!("names {stray}, which is not there"));
        }
        let Some(plan) = &evidence.plan else {
            wrong("was sent although the plan is not valid".to_owned());
            continue;
        };
        if let Some(paced) = ["MaxConcurrency", "MaxErrors"].into_iter().find(|name| call.request.get(name).is_some()) {
            wrong(format!("has {paced}, which means nothing for one instance"));
        }
        let reboot = call.request.pointer("/Parameters/RebootOption/0").and_then(Value::as_str);
        let truth = ids.first().and_then(|id| evidence.truth.get(*id));
        let has = |(key, values): (&String, &TagValues)| {
            truth.and_then(|truth| truth.tags.get(key)).is_some_and(|value| values.matches(value))
        };
        let may_reboot = if plan.never_reboot.tags.iter().any(has) { Reboot::Never } else { plan.reboot };
        let option = match (call.command(), may_reboot) {
            (Some("Install"), Reboot::IfNeeded) => Some("RebootIfNeeded"),
            (Some("Install"), Reboot::Never) => Some("NoReboot"),
            (Some("Scan"), _) => None,
            (other, _) => {
                wrong(format!("does {other:?}"));
                continue;
            }
        };
        if reboot != option {
            wrong(format!("has RebootOption {reboot:?} instead of {option:?}"));
        }
    }
    complaints
}

/// Checks that a command is for one operating system, and that all commands of a run to a target and operating system
/// have one snapshot. A second snapshot is allowed where the baseline was changed to withhold patches. An Install has
/// the snapshot of the scan before it. Stages that share a target have no snapshot in common.
#[must_use]
pub fn a_target_has_one_snapshot_per_operating_system(evidence: &Evidence) -> Vec<String> {
    let systems: BTreeMap<&str, (&str, &str)> = evidence
        .rows()
        .filter_map(|row| Some((row.instance_id.as_str(), (row.stage.as_str(), row.os.as_ref()?.name()))))
        .collect();
    let mut complaints = Vec::new();
    let holding: BTreeSet<(String, &str, &str)> = evidence
        .rows()
        .filter(|row| !row.held_back.is_empty())
        .filter_map(|row| {
            Some((format!("{}/{}", row.account_id, row.region), row.stage.as_str(), row.os.as_ref()?.name()))
        })
        .collect();
    let mut snapshots: BTreeMap<(String, &str, &str), Vec<&str>> = BTreeMap::new();
    let commands = evidence.calls.iter().filter(|call| call.operation == "ssm:SendCommand");
    for call in commands.filter(|call| is_of(call, &evidence.run_id)) {
        let os: BTreeSet<(&str, &str)> = call.instance_ids().iter().filter_map(|id| systems.get(id).copied()).collect();
        let ids = call
            .request
            .pointer("/Parameters/SnapshotId")
            .and_then(Value::as_array)
            .map_or(&[] as &[Value], Vec::as_slice);
        match (os.iter().collect::<Vec<_>>().as_slice(), ids) {
            ([(stage, os)], [Value::String(id)]) => {
                let before = snapshots.entry((call.target(), stage, os)).or_default();
                if call.command() == Some("Install") && before.last() != Some(&id.as_str()) {
                    complaints.push(format!(
                        "{os} in {} is installed by a snapshot that it was not scanned by",
                        call.target()
                    ));
                }
                if !before.contains(&id.as_str()) {
                    before.push(id);
                }
            }
            // Without a report there are no rows that tell the operating system of an instance.
            ([], _) if evidence.report.is_none() => {}
            (os, ids) => {
                complaints.push(format!("a command to {} is for {os:?} and has snapshots {ids:?}", call.target()));
            }
        }
    }
    let several = snapshots.iter().filter(|(place, ids)| ids.len() > 1 + usize::from(holding.contains(*place)));
    complaints.extend(several.map(|((target, stage, os), ids)| {
        format!("{os} in {target} is judged by {} snapshots in stage {stage}", ids.len())
    }));
    let all: BTreeSet<&&str> = snapshots.values().flatten().collect();
    let used: usize = snapshots.values().map(Vec::len).sum();
    if all.len() != used {
        complaints.push(format!("{} snapshots are shared by {} targets and systems", all.len(), snapshots.len()));
    }
    complaints
}

/// Returns whether the command's comment names that run.
fn is_of(call: &Call, run_id: &str) -> bool {
    let comment = call.request.get("Comment").and_then(Value::as_str).unwrap_or_default();
    comment.split(' ').nth(2) == Some(run_id)
}
