//! The stored documents of the planner: `run.json` and the settings of each step.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orgpatch_model::input::{Operation, RunInput};
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::organization::AccountState;
use orgpatch_model::reason::Reason;
use orgpatch_plan::{ConflictSettings, Gate, NeverReboot, Passes, Plan, Rate, Reboot, Selection, TagValues, Untested};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::baselines::Baseline;
use crate::matches::MatchedNothing;
use crate::planner::{SharingStage, StageClaim};
use crate::stage_memory::{EarlierStage, StageStep};

/// `run.json`: everything that was decided before orgpatch touched any account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunDocument {
    /// Version of this format: 1.
    pub schema_version: u32,
    /// Name of the execution.
    pub run_id: String,
    /// When the run was planned.
    pub started_at: Timestamp,
    /// What was asked for.
    pub input: RunInput,
    /// SHA-256 of the plan document as it was read, in hex.
    pub plan_sha256: String,
    /// The plan.
    pub plan: Plan,
    /// Id of the organization.
    pub organization_id: String,
    /// The steps, in the order in which they run.
    pub steps: Vec<StepSummary>,
    /// Accounts that no step of this run works on, each with its reason.
    pub accounts_outside_plan: Vec<AccountOutsidePlan>,
    /// The stages before those of an install run that are not part of the run. Absent: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_stages: Vec<EarlierStage>,
    /// Accounts and organizational units of the plan that match nothing. Absent: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matched_nothing: Vec<MatchedNothing>,
    /// How many functions orgpatch's account may run at the same time in its Region. Absent: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lambda_concurrency: Option<u32>,
}

/// A step in `run.json`; its targets are in `targets.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepSummary {
    /// `<nn>-<stage>-<wave>`.
    pub id: String,
    /// Name of the stage.
    pub stage: String,
    /// Wave in the stage, from 1.
    pub wave: u32,
    /// How many accounts.
    pub accounts: usize,
    /// How many targets.
    pub targets: usize,
}

/// An account that no step works on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountOutsidePlan {
    /// Account id.
    pub account_id: String,
    /// Account name.
    pub account_name: String,
    /// Names of the organizational units from the root down, joined by `/`; a `/` or `\` in a name has a `\` in front.
    pub ou_path: String,
    /// What Organizations said of the account when the run was planned. Absent in runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_state: Option<AccountState>,
    /// Why.
    pub reason: Reason,
}

/// `settings.json`: what the functions of a step need of the plan, resolved for its stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepSettings {
    /// The step's id.
    pub step: String,
    /// Name of the plan.
    pub plan: String,
    /// What the run does.
    pub operation: Operation,
    /// True if no command is to be sent: only whether instances are ready.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub readiness_only: bool,
    /// The plan to whose baselines those of this one give way, in a run that restores baselines. Absent: what was there before
    /// orgpatch is restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore_to: Option<String>,
    /// Which instances.
    pub select: Selection,
    /// Whether an install may reboot.
    pub reboot: Reboot,
    /// The instances that an install never reboots.
    #[serde(default, skip_serializing_if = "NeverReboot::is_empty")]
    pub never_reboot: NeverReboot,
    /// How much happens at the same time.
    pub rate: Rate,
    /// How many installs an instance may get, as the stage says it; None: [`StepSettings::passes_of`] decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passes: Option<Passes>,
    /// The longest working time of the step in seconds, counted from when it begins, from 30 minutes to 72 hours.
    pub deadline_seconds: u32,
    /// What must hold before the next step starts.
    pub gate: Gate,
    /// The place of the step in its stage, as a whole. None: the run installs nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_step: Option<StageStep>,
    /// What happens to instances that another tool patches too.
    #[serde(default)]
    pub conflicts: ConflictSettings,
    /// The baselines that a target must have before it is scanned. Empty: the target keeps those that it has, or the step
    /// is frozen ([`StepSettings::is_frozen`]) and its baselines are written when it begins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baselines: Vec<Baseline>,
    /// How the step is compared with the first stage; None: it is not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<Promotion>,
    /// True for a step of the plan's first stage: the patches that it installs are the tested set.
    #[serde(default)]
    pub is_first_stage: bool,
    /// Ids of the steps before this one, all of which must have advanced.
    pub earlier_steps: Vec<String>,
    /// The accounts of the step, by their ids. No function works anywhere else.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// What the stage claims: asked of each account again when the step begins. None: the run began under a version that did not ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<StageClaim>,
    /// The other stages that claim accounts of the step, step by step. Absent: the accounts are the stage's alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sharing: Vec<SharingStage>,
    /// The Regions of the step. Its targets are each of its accounts in each of them.
    #[serde(default)]
    pub regions: Vec<String>,
    /// SHA-256 of `targets.json`, in hex.
    #[serde(default)]
    pub targets_sha256: String,
    /// SHA-256 of `run.json`, in hex.
    #[serde(default)]
    pub run_sha256: String,
}

/// How a step of a later stage is compared with the first stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Promotion {
    /// Ids of the steps whose tested sets count: those of the first stage, or the step itself if the first stage is not part of
    /// the run.
    pub tested_in: Vec<String>,
    /// When the first stage was scanned in the last run in which it passed, if it is not part of this run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tested_before: Option<Timestamp>,
    /// True if patches are approved until the day on which the first stage was scanned; the baselines are then written
    /// when the step begins.
    pub frozen: bool,
    /// What a step does with patches that the first stage has not installed.
    pub untested: Untested,
}

impl Promotion {
    /// Returns true if the step withholds what the first stage has not installed.
    #[must_use]
    pub fn withholds_untested(&self) -> bool {
        self.untested == Untested::Block
    }
}

impl StepSettings {
    /// Returns true if the step works on that target.
    #[must_use]
    pub fn has_target(&self, account_id: &str, region: &str) -> bool {
        self.accounts.iter().any(|id| id == account_id) && self.regions.iter().any(|known| known == region)
    }

    /// Returns the tags that the plan names, of which the values are read: those of the stage, and of stages with the same accounts.
    #[must_use]
    pub fn named_tags(&self) -> Vec<&BTreeMap<String, TagValues>> {
        let selections = std::iter::once(&self.select).chain(self.sharing.iter().map(|other| &other.select));
        let tags = selections.flat_map(|select| [&select.tags, &select.exclude.tags]);
        tags.chain([&self.never_reboot.tags]).collect()
    }

    /// Returns true if the baselines of the step are written when it begins, because only then is known when the first
    /// stage was scanned.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.promotion.as_ref().is_some_and(|promotion| promotion.frozen)
    }

    /// Returns how many installs an instance of that operating system may get in the step, 1 or 2. The second goes only to
    /// an instance that answered the first and whose scan afterwards still finds an approved patch missing, and to none that the
    /// plan never reboots.
    #[must_use]
    pub fn passes_of(&self, os: OperatingSystem) -> u8 {
        Passes::of(self.passes, os, self.reboot).number()
    }
}
