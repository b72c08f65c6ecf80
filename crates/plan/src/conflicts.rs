//! What a plan says about others who patch the same instances: the fields, their defaults, and reading them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decode::{At, Names, Reader};
use super::model::{Plan, Stage};
use super::read::explain_field;

pub(super) const CONFLICTS: Names =
    Names { known: &["patchPolicy", "runningCommand", "maintenanceWindow", "autoScaling"], explain: explain_field };

/// What happens to an instance that somebody else patches too. What a stage leaves out is as the plan says, and what
/// the plan leaves out has its default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Conflicts {
    /// A Quick Setup patch policy, or another State Manager association that installs patches. Default: `skip`,
    /// since two owners overwrite each other's results and reboots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SkipOrWarn")]
    pub patch_policy: Option<SkipOrWarn>,
    /// A patch command that runs right now. Default: `wait`, and after two hours skip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "WhileRunning")]
    pub running_command: Option<WhileRunning>,
    /// A maintenance window with a patch task that would begin before the step could end. Default: `warn`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SkipOrWarn")]
    pub maintenance_window: Option<SkipOrWarn>,
    /// The instance belongs to an Auto Scaling group, which replaces instances that reboot or scale in. Default:
    /// `skip`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SkipOrWarn")]
    pub auto_scaling: Option<SkipOrWarn>,
}

/// To leave the instance alone, or to go on and say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SkipOrWarn {
    /// The instance is `skipped`.
    Skip,
    /// It is patched, and the report says what stands against it.
    Warn,
}

/// What to do while somebody's patch command runs on the instance. Never to start another beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WhileRunning {
    /// Wait for its end, within a bound, then skip.
    Wait,
    /// The instance is `skipped`.
    Skip,
    /// The instance is `failed`, which counts at the gate.
    Fail,
}

/// What holds in one stage, with nothing left open.
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
}

impl Default for ConflictSettings {
    fn default() -> Self {
        Self {
            patch_policy: SkipOrWarn::Skip,
            running_command: WhileRunning::Wait,
            // Only a warning: the window may be of the same people, and a command that it has started is waited for.
            maintenance_window: SkipOrWarn::Warn,
            auto_scaling: SkipOrWarn::Skip,
        }
    }
}

impl Conflicts {
    /// True if nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These, where they say something, over `settings`.
    fn over(self, settings: ConflictSettings) -> ConflictSettings {
        ConflictSettings {
            patch_policy: self.patch_policy.unwrap_or(settings.patch_policy),
            running_command: self.running_command.unwrap_or(settings.running_command),
            maintenance_window: self.maintenance_window.unwrap_or(settings.maintenance_window),
            auto_scaling: self.auto_scaling.unwrap_or(settings.auto_scaling),
        }
    }
}

impl Plan {
    /// What holds in that stage.
    #[must_use]
    pub fn conflict_settings(&self, stage: &Stage) -> ConflictSettings {
        stage.conflicts.over(self.conflicts.over(ConflictSettings::default()))
    }
}

pub(super) fn conflicts(reader: &mut Reader, at: &At<'_>) -> Conflicts {
    let Some(fields) = reader.fields(at, &CONFLICTS) else {
        return Conflicts::default();
    };
    let mut skip_or_warn = |name: &str| {
        let found = reader.one_of(&fields.get(name)?, &["skip", "warn"])?;
        Some(if found.value == "warn" { SkipOrWarn::Warn } else { SkipOrWarn::Skip })
    };
    let patch_policy = skip_or_warn("patchPolicy");
    let maintenance_window = skip_or_warn("maintenanceWindow");
    let auto_scaling = skip_or_warn("autoScaling");
    let running_command = fields
        .get("runningCommand")
        .and_then(|at| reader.one_of(&at, &["wait", "skip", "fail"]))
        .map(|found| match found.value {
            "skip" => WhileRunning::Skip,
            "fail" => WhileRunning::Fail,
            _ => WhileRunning::Wait,
        });
    Conflicts { patch_policy, running_command, maintenance_window, auto_scaling }
}
