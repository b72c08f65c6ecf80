//! Decides which patch a baseline approves, and when.
use super::{
    content::{Baseline, ComplianceLevel, Filter, Key, Rule},
    patch_names::names,
};
use crate::{
    clock::{self, DAY, Millis},
    facts::operating_systems::{Kind, Os},
    patching::catalogue::Patch,
};
use orgpatch_facts::patch_lists::List;

/// What a baseline says about a version of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalState {
    /// The patch is on the list of rejected patches. That wins over every approval.
    Rejected,
    /// The patch is approved, with the strictest level of all rules that approve it.
    Approved(ComplianceLevel),
    /// The baseline says nothing about the patch, or not yet.
    Undecided,
}

impl Baseline {
    /// Returns what the baseline says about a version of a patch at `now`.
    pub fn approval_state(&self, patch: &Patch, now: Millis) -> ApprovalState {
        let content = &self.content;
        let listed = |list, entries: &[String]| entries.iter().any(|entry| names(entry, list, self.os, patch));
        if listed(List::Rejected, &content.rejected_patches) {
            return ApprovalState::Rejected;
        }
        if patch.released > now || !passes(&content.global_filters.patch_filters, patch) {
            return ApprovalState::Undecided;
        }
        let explicit = listed(List::Approved, &content.approved_patches)
            && (content.approved_patches_enable_non_security || !is_non_security(self.os, patch));
        let explicit = explicit.then_some(content.approved_patches_compliance_level);
        let by_rules = content.approval_rules.patch_rules.iter().filter(|rule| self.approves(rule, patch, now));
        let level = explicit.into_iter().chain(by_rules.map(|rule| rule.compliance_level)).max();
        level.map_or(ApprovalState::Undecided, ApprovalState::Approved)
    }

    fn approves(&self, rule: &Rule, patch: &Patch, now: Millis) -> bool {
        let filters = &rule.patch_filter_group.patch_filters;
        // A rule covers patches of the operating system, unless it asks for patches of applications.
        let wants_applications = filters.iter().any(|filter| filter.key == Key::PatchSet && has(filter, "APPLICATION"));
        let wants_system =
            !wants_applications || filters.iter().any(|filter| filter.key == Key::PatchSet && has(filter, "OS"));
        (if patch.application { wants_applications } else { wants_system })
            && (rule.enable_non_security || !is_non_security(self.os, patch))
            && passes(filters, patch)
            && is_due(self.os, rule, dated(self.os, patch, now), now)
    }
}

fn has(filter: &Filter, value: &str) -> bool {
    filter.values.iter().any(|wanted| wanted == "*" || wanted == value)
}

fn passes(filters: &[Filter], patch: &Patch) -> bool {
    filters.iter().all(|filter| {
        let value = match filter.key {
            // A patch without an advisory has no classification. Only its product can be filtered.
            Key::Classification => Some(patch.classification.as_str()).filter(|text| !text.is_empty()),
            // A package without a severity is matched by classification only.
            Key::Severity | Key::MsrcSeverity => patch.severity.as_deref(),
            Key::Priority => patch.priority.as_deref(),
            Key::Product => patch.product.as_deref(),
            Key::ProductFamily => patch.product_family.as_deref(),
            // The rule as a whole decides this.
            Key::PatchSet => None,
        };
        value.is_none_or(|value| has(filter, value))
    })
}

/// Returns whether only `EnableNonSecurity` lets a patch through: with APT every patch that is not from a security
/// repository, on CentOS every patch, elsewhere on Linux patches without an advisory.
fn is_non_security(os: Os, patch: &Patch) -> bool {
    match os.code() {
        "CENTOS" => true,
        _ if os.kind() != Kind::Linux => false,
        _ if os.is_apt() => !patch.is_security(),
        _ => patch.classification.is_empty(),
    }
}

/// Returns the date from which delays and cut-off dates count. On Amazon Linux 2 an update of the advisory restarts it.
fn dated(os: Os, patch: &Patch, now: Millis) -> Millis {
    patch.updated.filter(|updated| os.code() == "AMAZON_LINUX_2" && *updated <= now).unwrap_or(patch.released)
}

fn is_due(os: Os, rule: &Rule, dated: Millis, now: Millis) -> bool {
    // Where packages have no release date, a delay has no effect.
    if !os.baseline_facts().release_dates {
        return true;
    }
    match (rule.approve_after_days, &rule.approve_until_date) {
        (Some(days), _) => dated + days * DAY <= now,
        // The whole day counts. The check of the baseline has read the date before.
        (None, Some(date)) => clock::parse(date).is_ok_and(|midnight| dated < midnight + DAY),
        (None, None) => true,
    }
}
