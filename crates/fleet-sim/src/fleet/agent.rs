//! What the agent does with a patch operation: how long it takes, what it changes, what it answers. Everything follows
//! from the scenario's `behaviour`.
use super::node::{Node, Running};
use crate::{
    clock::{Millis, SECOND},
    patching::{
        catalogue::{Catalogue, Installed, PatchId},
        command::{End, InvocationResult},
        compliance::{self, ComplianceReport, PatchState},
        dependencies::{Resolved, Resolver},
        document::{Operation, OperationKind},
    },
    scenario::{Behaviour, InstanceState},
};
use orgpatch_facts::exit_codes::{Cause, code_of};
use std::{collections::BTreeSet, fmt::Write as _};

/// The longest time that a Scan takes. It downloads nothing.
const LONGEST_SCAN_SECONDS: u32 = 30;

/// Returns how the agent behaves in this kind of operation.
pub fn behaviour(node: &Node, kind: OperationKind) -> &Behaviour {
    match kind {
        OperationKind::Scan => &node.behaviour.scan,
        OperationKind::Install => &node.behaviour.install,
    }
}

/// Returns how long the operation takes, and whether the step's time limit ends it.
pub fn duration(node: &Node, operation: &Operation) -> (Millis, bool) {
    let seconds = operation.seconds.unwrap_or(match operation.kind {
        OperationKind::Scan => node.behaviour.seconds.min(LONGEST_SCAN_SECONDS),
        OperationKind::Install => node.behaviour.seconds,
    });
    let whole = Millis::from(seconds) * SECOND;
    let limit = operation.step_timeout_seconds * SECOND;
    match behaviour(node, operation.kind) {
        // The agent vanishes half-way.
        Behaviour::AgentLost | Behaviour::Stopped | Behaviour::Terminated => (whole / 2, false),
        _ if whole > limit => (limit, true),
        _ => (whole, false),
    }
}

/// Ends an operation: changes the instance and returns the agent's answer. None if the agent has vanished.
pub fn finish(node: &mut Node, run: &Running, catalogue: &Catalogue, now: Millis) -> Option<InvocationResult> {
    let install = run.operation.kind == OperationKind::Install;
    let todo = if install { run.snapshot.missing(catalogue, node.machine()) } else { Vec::new() };
    let behaviour = behaviour(node, run.operation.kind).clone();
    if behaviour == Behaviour::AgentLost {
        put(node, run, catalogue, &todo[..todo.len() / 2], now);
        node.lost_since = Some(now);
        return None;
    }
    let ends_as = match behaviour {
        Behaviour::Stopped => Some(InstanceState::Stopped),
        Behaviour::Terminated => Some(InstanceState::Terminated),
        _ => None,
    };
    if let Some(state) = ends_as {
        put(node, run, catalogue, &todo[..todo.len() / 2], now);
        node.change(state, now);
        return None;
    }
    if run.times_out {
        put(node, run, catalogue, &todo[..todo.len() / 2], now);
        return Some(answer(End::ExecutionTimedOut, -1, "", "step execution timed out"));
    }
    if let Some(obstacle) = node.abilities.obstacle {
        let (code, why) = obstacle.answer(node.os.kind());
        return Some(answer(End::Failed, code, "", &format!("{why}\nfailed to run commands: exit status {code}")));
    }
    if let Some((code, why)) = override_error(&run.operation) {
        return Some(answer(End::Failed, code, "", why));
    }
    let asked_code = node.behaviour.exit_code;
    if behaviour == Behaviour::Fail {
        let code = if asked_code == 0 { 1 } else { asked_code };
        return Some(answer(End::Failed, code, "", &format!("failed to run commands: exit status {code}")));
    }
    if !install {
        report(node, run, catalogue, &BTreeSet::new(), now);
        return Some(answer(End::Success, 0, &summary(node, run), ""));
    }

    let failing = |id: &&PatchId| matches!(&behaviour, Behaviour::PatchFails(name) if **name == ***id);
    let mut failed: BTreeSet<PatchId> = todo.iter().filter(failing).cloned().collect();
    let todo: Vec<PatchId> = todo.into_iter().filter(|id| !failed.contains(id)).collect();
    let Resolved { install: done, blocked } = put(node, run, catalogue, &todo, now);
    failed.extend(blocked);
    let pending = node.installed.values().any(|patch| patch.pending_reboot);
    if run.operation.no_reboot {
        node.last_no_reboot_install = Some(now);
    } else if behaviour == Behaviour::RebootHangs && (pending || !done.is_empty()) {
        // The report is sent before the reboot. Every patch waits for a reboot that does not end.
        for (id, patch) in &mut node.installed {
            patch.pending_reboot |= done.contains_key(id);
        }
        report(node, run, catalogue, &failed, now);
        node.lost_since = Some(now);
        return None;
    } else if pending || !done.is_empty() {
        // RebootIfNeeded reboots after any installation, even of a patch that needs no reboot.
        node.reboots += 1;
        node.installed.values_mut().for_each(|patch| patch.pending_reboot = false);
    }
    if asked_code != 0 {
        // All work is done here. The upload of the report is what fails.
        let why = format!("failed to upload the compliance report: exit status {asked_code}");
        return Some(answer(End::Failed, asked_code, &summary(node, run), &why));
    }
    report(node, run, catalogue, &failed, now);
    Some(if failed.is_empty() {
        answer(End::Success, 0, &summary(node, run), "")
    } else {
        let names: Vec<_> = failed.iter().map(|id| &**id).collect();
        answer(
            End::Failed,
            1,
            &summary(node, run),
            &format!("could not install {}\nfailed to run commands: exit status 1", names.join(", ")),
        )
    })
}

/// Returns the error of overrides. They are in S3, which this simulator does not have, so an instance cannot download
/// them.
fn override_error(operation: &Operation) -> Option<(i64, &'static str)> {
    match (operation.baseline_override, operation.install_override && operation.kind == OperationKind::Install) {
        (true, true) => Some((
            code_of(Cause::OverrideAndInstallList),
            "BaselineOverride and InstallOverrideList cannot be used together",
        )),
        (true, false) => Some((code_of(Cause::OverrideNotDownloaded), "could not download the baseline override")),
        (false, true) => Some((1, "could not download the install override list")),
        (false, false) => None,
    }
}

/// Installs patches at the version that the snapshot approves, and what they require.
fn put(node: &mut Node, run: &Running, catalogue: &Catalogue, patches: &[PatchId], now: Millis) -> Resolved {
    let installation = Resolver { catalogue, os: node.os, installed: &node.installed, snapshot: &run.snapshot, now };
    let resolved = installation.resolve(patches);
    for (id, version) in &resolved.install {
        let pending_reboot = catalogue.versions(node.os, id).get(*version).is_some_and(|patch| patch.reboot);
        node.installed.insert(id.clone(), Installed { version: *version, at: now, pending_reboot });
        node.installed_here.insert(id.clone());
    }
    resolved
}

fn report(node: &mut Node, run: &Running, catalogue: &Catalogue, failed: &BTreeSet<PatchId>, now: Millis) {
    let reboot_option = (run.operation.kind == OperationKind::Install).then_some(if run.operation.no_reboot {
        "NoReboot"
    } else {
        "RebootIfNeeded"
    });
    node.report = Some(ComplianceReport {
        baseline_id: run.snapshot.baseline.id.clone(),
        available_is_non_compliant: compliance::available_is_non_compliant(&run.snapshot),
        snapshot_id: run.snapshot_id.clone(),
        operation: run.operation.kind,
        started: run.started,
        ended: now,
        reboot_option,
        rows: compliance::rows(catalogue, node.machine(), &run.snapshot, failed, run.operation.kind, now),
    });
}

fn summary(node: &Node, run: &Running) -> String {
    let mut text = format!(
        "Patch Summary for {}\nBaselineId : {}\nSnapshotId : {}\nOperationType : {}\n",
        node.id,
        run.snapshot.baseline.id,
        run.snapshot_id,
        run.operation.kind.code()
    );
    if let Some(report) = &node.report {
        for (name, state) in [
            ("InstalledCount", PatchState::Installed),
            ("MissingCount", PatchState::Missing),
            ("FailedCount", PatchState::Failed),
        ] {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name} : {}", report.count(state));
        }
    }
    text
}

fn answer(end: End, code: i64, stdout: &str, stderr: &str) -> InvocationResult {
    InvocationResult { end, code, stdout: stdout.to_owned(), stderr: stderr.to_owned() }
}
