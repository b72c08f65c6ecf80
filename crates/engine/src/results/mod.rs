//! From what Systems Manager answers to one outcome per instance and target.

pub mod command_results;
pub mod failure;
pub mod instance_results;
pub mod other_baseline;
pub mod outcome_rules;
pub mod overwritten;
pub mod reconcile;
pub mod rules_seen;

use jiff::Timestamp;
use orgpatch_model::operating_system::Platform;
use orgpatch_model::outcome::{Outcome, TargetOutcome};
use orgpatch_model::patch::{ComplianceStatus, Patch};
use orgpatch_model::reason::Reason;
use orgpatch_model::target::Target;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::competing::Conflict;
use crate::matches::PlanEntry;
use crate::readiness::Finding;
use crate::results::rules_seen::RulesSeen;

/// One instance in a target's record, and in the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstanceRow {
    /// Account id.
    pub account_id: String,
    /// Region code.
    pub region: String,
    /// Instance id.
    pub instance_id: String,
    /// Value of the `Name` tag, or null.
    pub name: Option<String>,
    /// Stage.
    pub stage: String,
    /// Wave in the stage, from 1.
    pub wave: u32,
    /// Operating system by its API name, else the agent's own words, else null.
    pub os: Option<Platform>,
    /// Version of the SSM Agent, or null.
    pub agent_version: Option<String>,
    /// What happened.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// What was found about its readiness before the scan, and what the scan has proved of it: one of each check. Empty
    /// where the plan leaves it out, or where the run never came to it.
    pub findings: Vec<Finding>,
    /// Who else patches it, the gravest first, with what the plan says about it.
    pub conflicts: Vec<Conflict>,
    /// Who probably wrote the compliance row that was found in place of this run's, or null. Such a row is not believed.
    pub overwritten_by: Option<Reason>,
    /// Patches that the scan before found missing: the first 500 by id.
    pub missing_before: Vec<Patch>,
    /// How many more the scan before found missing, which are not listed. Absent: 0.
    #[serde(default, skip_serializing_if = "orgpatch_model::patch::is_zero")]
    pub more_missing_before: u32,
    /// Listed patches that were missing before and are not any more, by the scan afterwards. Empty where no install was sent.
    pub installed: Vec<Patch>,
    /// Listed patches that were missing before and still are: the install did not bring them. If the list of the scan
    /// afterwards is not complete, patches that it does not rule out are among them. Empty where no install was sent.
    pub failed: Vec<Patch>,
    /// Everything that the scan afterwards finds missing, whether it was known before or not: the first 500 by id. Where an install
    /// was ordered and not sent, what the scan before has found.
    pub missing_after: Vec<Patch>,
    /// How many more the scan afterwards finds missing, which are not listed. Absent: 0.
    #[serde(default, skip_serializing_if = "orgpatch_model::patch::is_zero")]
    pub more_missing_after: u32,
    /// Those of `installed` that the first stage of the plan had not installed; always empty where nothing is compared
    /// with it.
    pub installed_untested: Vec<Patch>,
    /// Patches that are missing and were not to be installed, because the first stage has not installed them.
    pub held_back: Vec<Patch>,
    /// The patch baseline it was judged by, or null.
    pub baseline_id: Option<String>,
    /// Why its result says little about the plan: another baseline than the plan's judged it, or in a scan run the plan's as it
    /// no longer is in the plan, or one that AWS refused to show. Absent: the plan's baseline judged it, or the plan has none for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_by: Option<Reason>,
    /// Security updates that are out and that its baseline does not approve yet or at all, by the last scan. Systems Manager counts them
    /// for Windows only. Absent: 0, or not known.
    #[serde(default, skip_serializing_if = "orgpatch_model::patch::is_zero")]
    pub available_security_updates: u32,
    /// What Systems Manager itself counts the instance as, by its last scan. It may be `non-compliant` although no approved patch is
    /// missing. Absent: no scan has told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws_status: Option<ComplianceStatus>,
    /// Every command that this run sent to it, in order.
    pub command_ids: Vec<String>,
    /// When its agent began the first install of the run, as Run Command reports it. Absent: it began none, or that was not seen.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When its agent ended the last install of the run, with the reboot that belongs to it, as Run Command reports it. Absent: it
    /// did not end one, or that was not seen.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// The install command that had not ended when orgpatch gave it up, because the run or the time of its step was over. It
    /// may still be at work. Absent: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_command: Option<String>,
    /// Availability Zone, or null.
    pub availability_zone: Option<String>,
    /// When the last scan ended by which it was judged, by the clock of the instance, or null.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub scanned_at: Option<Timestamp>,
    /// Why the plan never reboots it. Absent: an install may reboot it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub never_reboot: Option<Reason>,
    /// Since when patches that are installed wait for a reboot that the plan leaves to people: when the install ended that was not
    /// to reboot it, by the clock of the instance. Absent: no patch waits, an install may reboot it, or that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub pending_reboot_since: Option<Timestamp>,
    /// Its installs one by one, if there were two.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passes: Vec<PassResult>,
}

impl InstanceRow {
    /// Returns true if it waits for a reboot as the plan wants: people reboot it. At a gate that counts as success.
    #[must_use]
    pub fn is_pending_as_planned(&self) -> bool {
        self.outcome == Outcome::PendingReboot && self.never_reboot.is_some()
    }

    /// Returns how many patches the scan before found missing, whether they are listed or not.
    #[must_use]
    pub fn count_missing_before(&self) -> usize {
        self.missing_before.len().saturating_add(count(self.more_missing_before))
    }

    /// Returns how many patches the scan afterwards finds missing, whether they are listed or not.
    #[must_use]
    pub fn count_missing_after(&self) -> usize {
        self.missing_after.len().saturating_add(count(self.more_missing_after))
    }
}

fn count(more: u32) -> usize {
    usize::try_from(more).unwrap_or(usize::MAX)
}

/// What came of one of the two installs of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PassResult {
    /// What the scan behind it proved.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// Listed patches that it installed.
    pub installed: Vec<Patch>,
    /// Listed patches that it should have installed and did not.
    pub failed: Vec<Patch>,
    /// Its install command.
    pub command_id: Option<String>,
}

/// The result of a target in a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetRecord {
    /// Where.
    pub target: Target,
    /// What happened to the target.
    pub outcome: TargetOutcome,
    /// Why.
    pub reason: Reason,
    /// When the record was made.
    pub at: Timestamp,
    /// Its instances; after an install only those that were in the install plan.
    pub instances: Vec<InstanceRow>,
    /// What could not be seen of others who patch there, and what of theirs may concern any instance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflict_notes: Vec<Reason>,
    /// The entries of the plan that match an instance there; the scan of the first chunk has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<Vec<PlanEntry>>,
    /// What the scan has shown of the approval rules of the plan's baselines. Empty in records of an install.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RulesSeen>,
}
