//! What findings mean for where an instance stands: they say why it is not ready.

use std::collections::BTreeMap;

use orgpatch_model::reason::{Reason, ReasonCode};

use crate::inventory::{Eligibility, InventoryInstance};
use crate::readiness::{Check, Finding, Status};

/// What makes an agent fall silent, the most likely first.
const SILENCING: [Check; 3] = [Check::InstanceProfile, Check::Endpoints, Check::Agent];

/// Gives each instance its findings. They only explain; the scan shows whether they matter.
pub fn attach(instances: &mut [InventoryInstance], mut findings: BTreeMap<String, Vec<Finding>>) {
    for instance in instances {
        instance.findings = findings.remove(&instance.instance_id).unwrap_or_default();
        if let Eligibility::NotReady(reason) = &mut instance.eligibility {
            explain(reason, &instance.findings);
        }
    }
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
