//! The fields of a plan about other tools that patch the same instances, their defaults, and how they are read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decode::{At, Decoder, Names};
use super::model::{Plan, Stage};
use super::read::explain_field;

pub(super) const CONFLICTS: Names = Names {
    known: &["patchPolicy", "runningCommand", "maintenanceWindow", "autoScaling", "otherBaseline"],
    explain: explain_field,
};

/// What to do with an instance that another tool patches, too. A field that a stage leaves out is taken from the plan, and
/// a field that the plan leaves out has its default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Conflicts {
    /// A Quick Setup patch policy, or another State Manager association that installs patches. Default: `skip`, because
    /// two tools overwrite each other's results and reboot at times of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SkipOrWarn")]
    pub patch_policy: Option<SkipOrWarn>,
    /// A patch command that runs now. Default: `wait`; after two hours the instance is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "WhileRunning")]
    pub running_command: Option<WhileRunning>,
    /// A maintenance window with a patch task that begins before the step can end. Default: `warn`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SkipOrWarn")]
    pub maintenance_window: Option<SkipOrWarn>,
    /// The instance belongs to an Auto Scaling group, which replaces instances that reboot or scale in. Default:
    /// `skip`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SkipOrWarn")]
    pub auto_scaling: Option<SkipOrWarn>,
    /// Another baseline than the plan's decides which patches the instance gets, for example that of its patch group. Default:
    /// `skip`, because the plan's rules and delays do not apply to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SkipOrWarn")]
    pub other_baseline: Option<SkipOrWarn>,
}

/// Leave the instance alone, or patch it and report the conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SkipOrWarn {
    /// The instance is `skipped`.
    Skip,
    /// The instance is patched, and the report lists the conflict.
    Warn,
}

/// What to do while another tool's patch command runs on the instance. orgpatch never starts an install at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WhileRunning {
    /// Wait until it ends, for up to two hours, then skip the instance.
    Wait,
    /// The instance is `skipped`.
    Skip,
    /// The instance is `failed`, which counts at the gate.
    Fail,
}

/// The settings of one stage, with every field set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConflictSettings {
    /// Patch policies and other associations that install.
    pub patch_policy: SkipOrWarn,
    /// Patch commands that run.
    pub running_command: WhileRunning,
    /// Maintenance windows that begin too early.
    pub maintenance_window: SkipOrWarn,
    /// Instances of Auto Scaling groups.
    pub auto_scaling: SkipOrWarn,
    /// Instances that another baseline than the plan's judges. Absent in the settings of a run that began under an earlier
    /// version, which patched them.
    #[serde(default = "patched_by_earlier_versions")]
    pub other_baseline: SkipOrWarn,
}

fn patched_by_earlier_versions() -> SkipOrWarn {
    SkipOrWarn::Warn
}

impl Default for ConflictSettings {
    fn default() -> Self {
        Self {
            patch_policy: SkipOrWarn::Skip,
            running_command: WhileRunning::Wait,
            // Only a warning: the window may belong to the same team, and orgpatch waits for a command that it started.
            maintenance_window: SkipOrWarn::Warn,
            auto_scaling: SkipOrWarn::Skip,
            other_baseline: SkipOrWarn::Skip,
        }
    }
}

impl Conflicts {
    /// Returns true if no field is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns `settings` with the fields that are set here in place of theirs.
    fn over(self, settings: ConflictSettings) -> ConflictSettings {
        ConflictSettings {
            patch_policy: self.patch_policy.unwrap_or(settings.patch_policy),
            running_command: self.running_command.unwrap_or(settings.running_command),
            maintenance_window: self.maintenance_window.unwrap_or(settings.maintenance_window),
            auto_scaling: self.auto_scaling.unwrap_or(settings.auto_scaling),
            other_baseline: self.other_baseline.unwrap_or(settings.other_baseline),
        }
    }
}

impl Plan {
    /// Returns the settings of that stage.
    #[must_use]
    pub fn conflict_settings(&self, stage: &Stage) -> ConflictSettings {
        stage.conflicts.over(self.conflicts.over(ConflictSettings::default()))
    }
}

pub(super) fn conflicts(decoder: &mut Decoder, at: &At<'_>) -> Conflicts {
    let Some(fields) = decoder.fields(at, &CONFLICTS) else {
        return Conflicts::default();
    };
    let mut skip_or_warn = |name: &str| {
        let found = decoder.one_of(&fields.get(name)?, &["skip", "warn"])?;
        Some(if found.value == "warn" { SkipOrWarn::Warn } else { SkipOrWarn::Skip })
    };
    let patch_policy = skip_or_warn("patchPolicy");
    let maintenance_window = skip_or_warn("maintenanceWindow");
    let auto_scaling = skip_or_warn("autoScaling");
    let other_baseline = skip_or_warn("otherBaseline");
    let running_command = fields
        .get("runningCommand")
        .and_then(|at| decoder.one_of(&at, &["wait", "skip", "fail"]))
        .map(|found| match found.value {
            "skip" => WhileRunning::Skip,
            "fail" => WhileRunning::Fail,
            _ => WhileRunning::Wait,
        });
    Conflicts { patch_policy, running_command, maintenance_window, auto_scaling, other_baseline }
}
