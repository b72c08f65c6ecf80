//! The types of a plan (`plans/<name>.yaml`) after every check has passed.
//!
//! Values of these types come only from [`super::read()`], so other code need not check them again.

use std::collections::BTreeMap;
use std::fmt;

use orgpatch_model::operating_system::OperatingSystem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::baselines::{Approve, PlannedBaseline};
use super::conflicts::Conflicts;
use super::gate_validity::GateValidity;
use super::pattern::{
    ACCOUNT_PATTERN, INSTANCE_PATTERN, MAX_CONCURRENCY_PATTERN, MAX_ERRORS_PATTERN, NAME_PATTERN,
    ORGANIZATIONAL_UNIT_PATTERN, PERCENT_PATTERN, REGION_PATTERN,
};
use super::promotion::Untested;
use super::schema;
use super::share::{MaxConcurrency, MaxErrors, MaxTargets};
use super::tags;
use super::tags::TagValues;
use super::time_zone::ZoneName;
use super::working_time::{Deadline, Passes};

/// What is patched, in which order, and what must hold before the next stage may start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// Version of this format: 1.
    #[schemars(extend("const" = 1))]
    pub schema_version: u32,
    /// Name of the plan; the same as its object `plans/<name>.yaml`.
    #[schemars(regex(pattern = NAME_PATTERN))]
    pub name: String,
    /// Regions of every account, by code (`ap-northeast-1`).
    #[schemars(length(min = 1), inner(regex(pattern = REGION_PATTERN)), extend("uniqueItems" = true))]
    pub regions: Vec<String>,
    /// Those of its Regions that the list of this version lacks, because they are newer. A Region that neither the list nor this
    /// field has is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1), inner(regex(pattern = REGION_PATTERN)), extend("uniqueItems" = true))]
    pub allow_unknown_regions: Vec<String>,
    /// Which instances to patch. Absent: every instance.
    #[serde(default)]
    pub select: Selection,
    /// Whether an install may reboot.
    #[serde(default)]
    pub reboot: Reboot,
    /// Instances that an install never reboots, where `reboot` lets it reboot the others.
    #[serde(default, skip_serializing_if = "NeverReboot::is_empty")]
    pub never_reboot: NeverReboot,
    /// What to do with instances that another tool patches, too.
    #[serde(default, skip_serializing_if = "Conflicts::is_empty")]
    pub conflicts: Conflicts,
    /// How much happens at the same time.
    #[serde(default)]
    pub rate: Rate,
    /// The time zone in which people read the times of the plan's runs, by its name in the IANA database, such as `Asia/Tokyo`:
    /// summary, notification and CSV show them beside UTC. Absent: UTC only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ZoneName")]
    pub time_zone: Option<ZoneName>,
    /// How long a stage that has passed opens the stages behind it in later install runs, 1 to 365 days, such as `14d`. Absent:
    /// 30 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "GateValidity")]
    pub gate_valid_for: Option<GateValidity>,
    /// What may be installed, per operating system. Absent: the accounts' own baselines decide.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = schema::some)]
    pub baselines: BTreeMap<OperatingSystem, PlannedBaseline>,
    /// The stages, in the order of the run.
    #[schemars(length(min = 1, max = super::stages::MAX_STAGES))]
    pub stages: Vec<Stage>,
}

/// Which instances of an account belong to the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Selection {
    /// Tags that an instance must have: every key, with any of its values; `any` is every value. Absent: tags do not matter.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = tags::schema, extend("minProperties" = 1))]
    pub tags: BTreeMap<String, TagValues>,
    /// Operating systems, by their names in the Systems Manager API. Absent: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub operating_systems: Vec<OperatingSystem>,
    /// Accounts, instances and tags to leave out, although the rest of the selection matches.
    #[serde(default, skip_serializing_if = "Exclusion::is_empty")]
    pub exclude: Exclusion,
}

/// What a selection leaves out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exclusion {
    /// Account ids (12 digits, in quotes).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = ACCOUNT_PATTERN)), extend("uniqueItems" = true))]
    pub accounts: Vec<String>,
    /// Instance ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = INSTANCE_PATTERN)), extend("uniqueItems" = true))]
    pub instances: Vec<String>,
    /// Tags. An instance that has any of these keys with any of that key's values is left out; `any` is every value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = tags::schema)]
    pub tags: BTreeMap<String, TagValues>,
}

impl Exclusion {
    /// Returns true if nothing is left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.instances.is_empty() && self.tags.is_empty()
    }
}

/// Whether an install may reboot an instance; the `RebootOption` of AWS-RunPatchBaseline.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reboot {
    /// `RebootIfNeeded`: the instance reboots if a patch was installed or one waits for a reboot.
    #[default]
    IfNeeded,
    /// `NoReboot`: the instance does not reboot. With patches that need a reboot, it ends as `pending-reboot`, which counts as
    /// success at the gates.
    Never,
}

/// The instances that an install never reboots.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NeverReboot {
    /// Tags. An instance that has any of these keys with any of that key's values is never rebooted; `any` is every value.
    #[schemars(transform = tags::schema, extend("minProperties" = 1))]
    pub tags: BTreeMap<String, TagValues>,
}

impl NeverReboot {
    /// Returns true if it names no instance.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }
}

/// How much happens at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Rate {
    /// Targets (account × Region) that one step works on at the same time: 1 to 1,000.
    #[schemars(range(min = 1, max = super::read::MAX_TARGETS))]
    pub targets: u32,
    /// How many instances of a target install at the same time: a count, or a percentage such as `25%`, which is rounded
    /// down to at least one instance. orgpatch counts them itself, per target and not per command.
    #[schemars(with = "String", regex(pattern = MAX_CONCURRENCY_PATTERN), transform = schema::or_count::<1>)]
    pub max_concurrency: MaxConcurrency,
    /// How many installs of a target may fail: a count, or a percentage of the instances that the target installs, such as
    /// `10%`, rounded down. After one failure more, nothing further is sent to the target.
    #[schemars(with = "String", regex(pattern = MAX_ERRORS_PATTERN), transform = schema::or_count::<0>)]
    pub max_errors: MaxErrors,
}

impl Default for Rate {
    fn default() -> Self {
        // 40 targets are far below every documented limit, and enough that 1,000 targets of ten minutes each end in about
        // four hours.
        Self { targets: 40, max_concurrency: MaxConcurrency::DEFAULT, max_errors: MaxErrors::DEFAULT }
    }
}

/// A stage: its accounts, their waves, and the gate after each wave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("anyOf" = [
    {"required": ["ous"], "properties": {"ous": {"minItems": 1}}},
    {"required": ["accounts"], "properties": {"accounts": {"minItems": 1}}},
]))]
pub struct Stage {
    /// Name, unique in the plan (upper and lower case are the same).
    #[schemars(regex(pattern = NAME_PATTERN))]
    pub name: String,
    /// Organizational units, with everything below them. The id of the root stands for the whole organization.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = ORGANIZATIONAL_UNIT_PATTERN)), extend("uniqueItems" = true))]
    pub ous: Vec<String>,
    /// Single accounts, in addition. They come first in the stage, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = ACCOUNT_PATTERN)), extend("uniqueItems" = true))]
    pub accounts: Vec<String>,
    /// Accounts and organizational units that the stage leaves out.
    #[serde(default, skip_serializing_if = "StageExclusion::is_empty")]
    pub exclude: StageExclusion,
    /// Regions of this stage instead of the plan's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1), inner(regex(pattern = REGION_PATTERN)), extend("uniqueItems" = true))]
    pub regions: Vec<String>,
    /// Selection of this stage: `tags` and `operatingSystems` replace the plan's, `exclude` adds to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Selection")]
    pub select: Option<Selection>,
    /// Baselines of this stage: an entry replaces the plan's for the same operating system.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = schema::some)]
    pub baselines: BTreeMap<OperatingSystem, PlannedBaseline>,
    /// When patches are approved, for rules without an `approve` of their own. On DEBIAN and UBUNTU packages have no
    /// release date, so days and dates have no effect, and a frozen stage only compares with the tested set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Approve")]
    pub approve: Option<Approve>,
    /// What to do with a missing patch that the first stage has not installed, neither in this run nor in an earlier run of
    /// the plan. Absent: `warn` if the stage is frozen; otherwise nothing is compared. Not in the first stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Untested")]
    pub untested: Option<Untested>,
    /// What to do in this stage with instances that another tool patches, too: the fields that differ from the plan's.
    #[serde(default, skip_serializing_if = "Conflicts::is_empty")]
    pub conflicts: Conflicts,
    /// Cumulative shares of the stage's accounts; the last one is `100%`. Absent: all accounts at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = super::stages::MAX_WAVES), extend("uniqueItems" = true))]
    pub waves: Vec<Wave>,
    /// How many installs an instance may get in a step: 1 or 2. The second goes only to instances that answered the first
    /// and whose scan afterwards still finds an approved patch missing. An instance that an install may not reboot gets one
    /// pass, whatever stands here. Absent: 2 on Windows if `reboot` allows one, otherwise 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Passes")]
    pub passes: Option<Passes>,
    /// The longest working time of a step, from 30 minutes to 72 hours, such as `16h` or `1h 30m`. What has not answered
    /// by then is `unreachable`, nothing further is sent, and the gate judges. Absent: long enough that every instance of a
    /// target may use its time limit in turn under `rate.maxConcurrency`, at most 24 hours; `orgpatch preview` shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Deadline")]
    pub deadline: Option<Deadline>,
    /// What must hold before the next step starts. Absent: no instance failed and none was unreachable.
    #[serde(default)]
    pub gate: Gate,
}

impl Stage {
    /// Returns true if the stage belongs to a run. `only` names the stages of the run; None is all of them.
    #[must_use]
    pub fn is_in_run(&self, only: Option<&[String]>) -> bool {
        only.is_none_or(|names| names.contains(&self.name))
    }
}

/// What a stage leaves out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StageExclusion {
    /// Account ids (12 digits, in quotes).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = ACCOUNT_PATTERN)), extend("uniqueItems" = true))]
    pub accounts: Vec<String>,
    /// Organizational units, with everything below them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = ORGANIZATIONAL_UNIT_PATTERN)), extend("uniqueItems" = true))]
    pub ous: Vec<String>,
}

impl StageExclusion {
    /// Returns true if nothing is left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.ous.is_empty()
    }
}

/// A share of a stage's accounts, counted from the first account of the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Wave {
    /// The first n accounts.
    Accounts(#[schemars(range(min = 1, max = 999_999))] u32),
    /// The first n percent of the accounts, rounded up.
    Percent(Percent),
}

impl fmt::Display for Wave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accounts(n) => write!(f, "{n}"),
            Self::Percent(p) => p.fmt(f),
        }
    }
}

/// A whole percentage from 1 to 100, written `25%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = PERCENT_PATTERN))]
pub struct Percent(u8);

impl Percent {
    /// All of it.
    pub const ALL: Self = Self(100);

    /// Returns the percentage; None if `value` is not from 1 to 100.
    #[must_use]
    pub fn new(value: u8) -> Option<Self> {
        (1..=100).contains(&value).then_some(Self(value))
    }

    /// Returns the number, 1 to 100.
    #[must_use]
    pub fn value(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

impl From<Percent> for String {
    fn from(percent: Percent) -> Self {
        percent.to_string()
    }
}

impl TryFrom<String> for Percent {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.strip_suffix('%')
            .and_then(|digits| digits.parse().ok())
            .and_then(Self::new)
            .ok_or_else(|| format!("{text:?} is not a percentage from 1% to 100%"))
    }
}

/// What must hold after a step before the next one may start. Percentages of `failed` and `unreachable` instances are of those
/// that the step attempted: `patched + pending-reboot + failed + unreachable`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Gate {
    /// The highest percentage of `failed` instances: 0 to 100.
    #[schemars(range(min = 0, max = 100))]
    pub max_failed_percent: u8,
    /// The highest percentage of `unreachable` instances: 0 to 100.
    #[schemars(range(min = 0, max = 100))]
    pub max_unreachable_percent: u8,
    /// The lowest number of `patched` and `compliant` instances in each step, with those that are `pending-reboot` because the
    /// plan never reboots them. Absent: a stage that is not the last of the run
    /// needs one such instance in all its steps together. With 0, a stage that proves nothing opens the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 0, max = super::read::MAX_SUCCEEDED))]
    pub min_succeeded: Option<u32>,
    /// How many targets (an account in a Region) of a step may end without having been reached, with the outcome
    /// `access-denied` or `error`: a number, or a percentage of the step's targets such as `5%`, rounded up. Absent:
    /// `access-denied` is not limited; `error` may be 10 % of the targets, rounded up, but never all of them; no result may be
    /// lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = MAX_ERRORS_PATTERN), transform = schema::or_count::<0>)]
    pub max_targets_not_reached: Option<MaxTargets>,
    /// The highest percentage of `skipped` instances: 0 to 100, of those that the plan selects. What the plan leaves out by id,
    /// by operating system or by the tags that it selects is no part of either number; an instance with a tag that the plan
    /// excludes is, because its owner sets that tag. Absent: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u8", range(min = 0, max = 100))]
    pub max_skipped_percent: Option<u8>,
}
