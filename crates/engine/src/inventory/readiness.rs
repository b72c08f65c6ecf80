//! What findings mean for where an instance stands: they say why it is not ready, and keep out what cannot be patched.

use std::collections::BTreeMap;

use orgpatch_model::reason::{Reason, ReasonCode};

use crate::inventory::{Eligibility, InventoryInstance};
use crate::readiness::{Check, Finding, Matrix, Status};

/// What makes an agent fall silent, the most likely first.
const SILENCING: [Check; 3] = [Check::InstanceProfile, Check::Endpoints, Check::Agent];

/// Gives each instance its findings. A finding changes the eligibility of an instance only if Patch Manager never patches
/// its operating system. All other findings only explain; the scan shows whether they matter.
pub fn attach(instances: &mut [InventoryInstance], mut findings: BTreeMap<String, Vec<Finding>>) {
    for instance in instances {
        instance.findings = findings.remove(&instance.instance_id).unwrap_or_default();
        let never = instance.platform.as_deref().and_then(never_patched);
        match (&mut instance.eligibility, never) {
            (Eligibility::Skipped(_), _) | (Eligibility::Eligible, None) => {}
            (eligibility @ Eligibility::Eligible, Some(reason)) => *eligibility = Eligibility::NotReady(reason),
            (Eligibility::NotReady(reason), Some(never)) if reason.code == ReasonCode::OperatingSystemNotSupported => {
                *reason = never;
            }
            (Eligibility::NotReady(reason), _) => explain(reason, &instance.findings),
        }
    }
}

/// Returns why Patch Manager never patches a system, by the agent's words for it.
fn never_patched(platform: &str) -> Option<Reason> {
    let never = Matrix::get().never_patched(platform)?;
    let text = format!("Patch Manager never patches {} ({platform}): {}", never.name, never.why);
    Some(Reason::new(ReasonCode::OperatingSystemNotSupported, text))
}

/// Puts the most likely cause into the reason.
fn explain(reason: &mut Reason, findings: &[Finding]) {
    let failed = |check: Check| findings.iter().find(|one| one.check == check && one.status == Status::Fail);
    match reason.code {
        ReasonCode::Unmanaged => {
            if let Some(finding) = failed(Check::Managed) {
                plain(&finding.evidence).clone_into(&mut reason.text);
            }
        }
        ReasonCode::AgentOffline => {
            if let Some(finding) = SILENCING.into_iter().find_map(failed) {
                reason.text = format!("{}. Most likely: {}", reason.text, plain(&finding.evidence));
            }
        }
        _ => {}
    }
}

/// Reasons end without a full stop.
fn plain(evidence: &str) -> &str {
    evidence.trim_end_matches('.')
}
