//! The changes to the baselines of a target, each with one line for people.

use std::collections::BTreeMap;
use std::fmt;

use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_plan::{Approve, has_approval_dates};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Baseline, ShownSource};

/// A difference between the baselines that a target should have and those that it has. Most differences are calls to
/// make, in this order; the others say why orgpatch makes no call.
///
/// Changes are recorded and reported, so no source of a baseline is whole in them: what is sent is the wanted baseline of that
/// name and operating system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "change", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Change {
    /// `CreatePatchBaseline`, with its tags.
    Create {
        /// The baseline.
        baseline: Box<Baseline<ShownSource>>,
    },
    /// `UpdatePatchBaseline` with the whole definition.
    Update {
        /// Id of the baseline.
        id: String,
        /// The fields that differ.
        fields: Vec<Field>,
        /// The baseline as it should be.
        baseline: Box<Baseline<ShownSource>>,
    },
    /// `AddTagsToResource`. After the update, so that the tag never has the hash of a definition that is not there yet.
    Tag {
        /// Its operating system. Absent in records of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operating_system: Option<OperatingSystem>,
        /// The baseline.
        baseline: KnownBaseline,
        /// Tags to add or to overwrite.
        tags: BTreeMap<String, String>,
    },
    /// `RegisterDefaultPatchBaseline`.
    RegisterDefault {
        /// The operating system whose default it becomes.
        operating_system: OperatingSystem,
        /// The new default.
        baseline: Chosen,
        /// The default until now. Absent: it is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<KnownBaseline>,
    },
    /// `RegisterPatchBaselineForPatchGroup`. The API refuses it while the group has another baseline, so `previous`, if
    /// there is one, is deregistered first.
    RegisterForPatchGroup {
        /// Operating system.
        operating_system: OperatingSystem,
        /// The group.
        group: String,
        /// Its new baseline.
        baseline: Chosen,
        /// Its baseline until now. Absent: it had none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<KnownBaseline>,
    },
    /// `DeregisterPatchBaselineForPatchGroup`: the group had no baseline before orgpatch. Only in `restore-baselines`.
    DeregisterPatchGroup {
        /// Operating system.
        operating_system: OperatingSystem,
        /// The group.
        group: String,
        /// Its baseline until now.
        previous: KnownBaseline,
    },
    /// No call: a baseline has the name of orgpatch's baseline, but orgpatch did not make it.
    Foreign {
        /// Operating system.
        operating_system: OperatingSystem,
        /// The baseline that orgpatch leaves alone.
        baseline: KnownBaseline,
        /// Why it is not orgpatch's own.
        why: String,
        /// True if it has the tags of orgpatch, but orgpatch has no record of having created it. Absent: false.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        tags_only: bool,
    },
    /// No call: the account has as many baselines in this Region as it may have.
    QuotaReached {
        /// Operating system.
        operating_system: OperatingSystem,
        /// The name of the baseline that cannot be created.
        name: String,
        /// How many baselines there are.
        baselines: usize,
    },
    /// AWS refused a change of this operating system. The changes before it were made; those behind it were not tried. Or AWS
    /// refused to show what the account has, and nothing was tried.
    Refused {
        /// Operating system.
        operating_system: OperatingSystem,
        /// How many changes are missing. 0: it is not known, because AWS refused to show what the account has.
        not_made: usize,
        /// What was refused, with AWS's words.
        reason: Reason,
    },
    /// No call: the run leaves this as it is. Only in `restore-baselines`, and in `apply-baselines` for a frozen baseline.
    Left {
        /// The baseline.
        baseline: KnownBaseline,
        /// Why.
        reason: Reason,
    },
}

/// A baseline that exists in the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KnownBaseline {
    /// Id.
    pub id: String,
    /// Name; the id if the name is not known.
    pub name: String,
    /// Of a baseline that a change replaces: the other plan of orgpatch to which it belongs. Absent: it belongs to the same plan, or
    /// orgpatch did not make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
}

impl KnownBaseline {
    /// The baseline of that id and name.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), plan: None }
    }
}

/// A baseline that is registered for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Chosen {
    /// A baseline that exists.
    Existing(KnownBaseline),
    /// The baseline of that name, which an earlier change creates.
    Created(String),
}

/// A field of a baseline's definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names of the API in another spelling")]
pub enum Field {
    Description,
    GlobalFilters,
    ApprovalRules,
    ApprovedPatches,
    ApprovedPatchesComplianceLevel,
    ApprovedPatchesEnableNonSecurity,
    RejectedPatches,
    RejectedPatchesAction,
    AvailableSecurityUpdates,
    Sources,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 10] = [
        Self::Description,
        Self::GlobalFilters,
        Self::ApprovalRules,
        Self::ApprovedPatches,
        Self::ApprovedPatchesComplianceLevel,
        Self::ApprovedPatchesEnableNonSecurity,
        Self::RejectedPatches,
        Self::RejectedPatchesAction,
        Self::AvailableSecurityUpdates,
        Self::Sources,
    ];

    /// Returns the field's name for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Description => "description",
            Self::GlobalFilters => "global filters",
            Self::ApprovalRules => "approval rules",
            Self::ApprovedPatches => "approved patches",
            Self::ApprovedPatchesComplianceLevel => "compliance level of approved patches",
            Self::ApprovedPatchesEnableNonSecurity => "non-security updates among approved patches",
            Self::RejectedPatches => "rejected patches",
            Self::RejectedPatchesAction => "action on rejected patches",
            Self::AvailableSecurityUpdates => "status of available security updates",
            Self::Sources => "sources",
        }
    }
}

impl Change {
    /// Returns true if the change is a call that changes something.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.reason().is_none()
    }

    /// Returns the change with names in place of ids, so that the same change reads the same in every account.
    #[must_use]
    pub fn without_ids(&self) -> Self {
        let mut change = self.clone();
        let forget = |known: &mut KnownBaseline| known.id.clone_from(&known.name);
        match &mut change {
            Self::Update { id, baseline, .. } => id.clone_from(&baseline.name),
            Self::Tag { baseline, .. } | Self::Foreign { baseline, .. } | Self::Left { baseline, .. } => {
                forget(baseline);
            }
            Self::RegisterDefault { baseline, previous, .. }
            | Self::RegisterForPatchGroup { baseline, previous, .. } => {
                if let Chosen::Existing(known) = baseline {
                    forget(known);
                }
                previous.as_mut().map(forget);
            }
            Self::DeregisterPatchGroup { previous, .. } => forget(previous),
            Self::Create { .. } | Self::QuotaReached { .. } | Self::Refused { .. } => {}
        }
        change
    }

    /// Returns the other plan whose baseline the change replaces.
    #[must_use]
    pub fn takes_from(&self) -> Option<&str> {
        match self {
            Self::RegisterDefault { previous, .. } | Self::RegisterForPatchGroup { previous, .. } => {
                previous.as_ref()?.plan.as_deref()
            }
            _ => None,
        }
    }

    /// Returns the reason why no call is made; None if the change is a call.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Foreign { baseline, why, tags_only, .. } => Some(Reason::new(
                if *tags_only { ReasonCode::BaselineTagsOnly } else { ReasonCode::BaselineForeign },
                format!(
                    "the baseline {baseline} has the name of a baseline of orgpatch, but {why}; orgpatch leaves it alone"
                ),
            )),
            Self::QuotaReached { name, baselines, .. } => Some(Reason::new(
                ReasonCode::BaselineQuotaReached,
                format!(
                    "orgpatch cannot create the baseline {name}: an account may have {} in a Region, and there are {baselines}, \
                     including those that this run creates before it",
                    super::MAX_BASELINES
                ),
            )),
            Self::Left { reason, .. } | Self::Refused { reason, .. } => Some(reason.clone()),
            _ => None,
        }
    }

    /// Returns the operating system that the change is about; None for what is only left as it is.
    #[must_use]
    pub fn operating_system(&self) -> Option<OperatingSystem> {
        match self {
            Self::Create { baseline } | Self::Update { baseline, .. } => Some(baseline.operating_system),
            Self::Tag { operating_system, .. } => *operating_system,
            Self::RegisterDefault { operating_system, .. }
            | Self::RegisterForPatchGroup { operating_system, .. }
            | Self::DeregisterPatchGroup { operating_system, .. }
            | Self::Foreign { operating_system, .. }
            | Self::QuotaReached { operating_system, .. }
            | Self::Refused { operating_system, .. } => Some(*operating_system),
            Self::Left { .. } => None,
        }
    }
}

impl Change {
    /// Returns true if AWS refused to show what the account has, so that nothing was compared.
    #[must_use]
    pub fn is_refused_look(&self) -> bool {
        matches!(self, Self::Refused { not_made: 0, .. })
    }
}

/// Returns the operating systems whose baseline cannot become what the plan says, with the reasons. Their instances are
/// not scanned, because another baseline would apply to them.
#[must_use]
pub fn blocked(changes: &[Change]) -> BTreeMap<OperatingSystem, Reason> {
    changes
        .iter()
        .filter_map(|change| match change {
            Change::Foreign { operating_system, .. }
            | Change::QuotaReached { operating_system, .. }
            | Change::Refused { operating_system, .. } => Some((*operating_system, change.reason()?)),
            _ => None,
        })
        .collect()
}

impl fmt::Display for KnownBaseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name == self.id { f.write_str(&self.id) } else { write!(f, "{} ({})", self.name, self.id) }
    }
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Existing(known) => known.fmt(f),
            Self::Created(name) => write!(f, "{name}, just created,"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { baseline } => write!(f, "create {baseline}"),
            Self::Update { id, fields, baseline } => {
                let fields: Vec<&str> = fields.iter().map(|field| field.words()).collect();
                let known = KnownBaseline::new(id, &baseline.name);
                write!(f, "change {known}: {}", fields.join(", "))
            }
            Self::Tag { baseline, tags, .. } => {
                let tags: Vec<String> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
                write!(f, "tag {baseline}: {}", tags.join(", "))
            }
            Self::RegisterDefault { operating_system, baseline, previous } => {
                write!(f, "{baseline} becomes the default for {operating_system}")?;
                instead_of(f, previous.as_ref())
            }
            Self::RegisterForPatchGroup { operating_system, group, baseline, previous } => {
                write!(f, "{baseline} becomes the baseline of patch group {group:?} for {operating_system}")?;
                instead_of(f, previous.as_ref())
            }
            Self::DeregisterPatchGroup { operating_system, group, previous } => {
                write!(
                    f,
                    "patch group {group:?} for {operating_system} no longer has the baseline {previous}, nor any other"
                )
            }
            Self::Foreign { .. } | Self::QuotaReached { .. } | Self::Refused { .. } | Self::Left { .. } => {
                match self.reason() {
                    Some(reason) => f.write_str(&reason.text),
                    None => Ok(()),
                }
            }
        }
    }
}

fn instead_of(f: &mut fmt::Formatter<'_>, previous: Option<&KnownBaseline>) -> fmt::Result {
    let Some(previous) = previous else { return Ok(()) };
    write!(f, " instead of {previous}")?;
    previous.plan.as_ref().map_or(Ok(()), |plan| write!(f, " of plan {plan}"))
}

/// Writes the name and a short summary of the content.
impl<S> fmt::Display for Baseline<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let definition = &self.definition;
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let mut dates: Vec<String> = definition
            .approval_rules
            .iter()
            // Where packages have no release date, the delay that the API demands says nothing.
            .filter(|_| has_approval_dates(self.operating_system))
            .map(|rule| match (rule.approve_after_days, rule.approve_until_date) {
                (Some(days), _) => Approve::AfterDays(days).to_string(),
                (None, Some(date)) => Approve::Until(date).to_string(),
                // A frozen rule whose date is not known yet. In the API, every rule has one of the two.
                (None, None) => Approve::Frozen.to_string(),
            })
            .collect();
        dates.dedup();
        write!(f, "{}: {}", self.name, count(definition.approval_rules.len(), "rule"))?;
        if !dates.is_empty() {
            write!(f, " ({})", dates.join(", "))?;
        }
        for (list, what) in [
            (definition.approved_patches.len(), "approved patch"),
            (definition.rejected_patches.len(), "rejected patch"),
        ] {
            match list {
                0 => {}
                1 => write!(f, ", 1 {what}")?,
                n => write!(f, ", {n} {what}es")?,
            }
        }
        if let Some(status) = definition.available_security_updates {
            write!(f, ", available security updates are {}", status.name())?;
        }
        match definition.sources.len() {
            0 => Ok(()),
            n => write!(f, ", {}", count(n, "source")),
        }
    }
}
