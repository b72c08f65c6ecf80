//! Which parts of a plan match nothing. An exclusion that excludes nothing protects nothing, and a misspelt tag looks like one that
//! is right.

mod rules;

use std::collections::BTreeSet;
use std::fmt;

use orgpatch_model::instance::Ec2Instance;
use orgpatch_plan::{NeverReboot, Plan, Selection, TagValues};
pub use rules::{RuleMatches, UnmatchedRule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A field of a plan or stage that names accounts, organizational units, instances or tags, or selects patches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum PlanField {
    /// Organizational units of a stage.
    #[serde(rename = "ous")]
    Ous,
    /// Accounts that a stage leaves out.
    #[serde(rename = "exclude.accounts")]
    StageExcludeAccounts,
    /// Organizational units that a stage leaves out.
    #[serde(rename = "exclude.ous")]
    StageExcludeOus,
    /// Tags that an instance must have.
    #[serde(rename = "select.tags")]
    SelectTags,
    /// Accounts that are left out.
    #[serde(rename = "select.exclude.accounts")]
    ExcludeAccounts,
    /// Instances that are left out.
    #[serde(rename = "select.exclude.instances")]
    ExcludeInstances,
    /// Tags of instances that are left out.
    #[serde(rename = "select.exclude.tags")]
    ExcludeTags,
    /// Tags of instances that are never rebooted.
    #[serde(rename = "neverReboot.tags")]
    NeverRebootTags,
    /// Approval rules of a baseline.
    #[serde(rename = "baselines.rules")]
    BaselineRules,
}

impl fmt::Display for PlanField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ous => "OU",
            Self::StageExcludeOus => "excluded OU",
            Self::StageExcludeAccounts | Self::ExcludeAccounts => "excluded account",
            Self::ExcludeInstances => "excluded instance",
            Self::SelectTags => "tag",
            Self::ExcludeTags => "excluded tag",
            Self::NeverRebootTags => "neverReboot tag",
            Self::BaselineRules => "rule",
        })
    }
}

/// An entry of such a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct PlanEntry {
    /// The field.
    pub field: PlanField,
    /// An id, or a tag as `key=value`; of a tag with `any` only the key. Of a rule its number, operating system and filters.
    pub entry: String,
}

impl PlanEntry {
    /// Returns an entry of a field.
    pub fn new(field: PlanField, entry: impl Into<String>) -> Self {
        Self { field, entry: entry.into() }
    }
}

impl fmt::Display for PlanEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.entry)
    }
}

/// A part of a plan that matched nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct MatchedNothing {
    /// Name of the stage in which it stands. Absent: it stands in the plan itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// What matched nothing.
    #[serde(flatten)]
    pub entry: PlanEntry,
    /// The approval rule, if it is one: it approved no patch of the instances that were scanned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<UnmatchedRule>,
}

impl MatchedNothing {
    /// Returns an entry that is no rule.
    #[must_use]
    pub fn new(stage: Option<String>, entry: PlanEntry) -> Self {
        Self { stage, entry, rule: None }
    }
}

impl fmt::Display for MatchedNothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stage {
            Some(stage) => write!(f, "{} of stage {stage}", self.entry),
            None => self.entry.fmt(f),
        }
    }
}

/// Returns the entries about instances that match one of a target.
#[must_use]
pub fn matching(select: &Selection, never: &NeverReboot, instances: &[Ec2Instance]) -> Vec<PlanEntry> {
    let ids: BTreeSet<&str> = instances.iter().map(|one| one.id.as_str()).collect();
    // Of the tags that the plan names, an instance has only those whose value matches.
    let tags: BTreeSet<(&str, &str)> =
        instances.iter().flat_map(|one| &one.tags).map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let is_found = |one: &AboutInstances<'_>| match *one {
        AboutInstances::Instance(id) => ids.contains(id),
        AboutInstances::Tag(_, key, Some(value)) => tags.contains(&(key, value)),
        AboutInstances::Tag(_, key, None) => tags.range((key, "")..).next().is_some_and(|(found, _)| *found == key),
    };
    about_instances(select, never).into_iter().filter(is_found).map(AboutInstances::entry).collect()
}

/// An entry about instances.
enum AboutInstances<'p> {
    /// An instance that is left out.
    Instance(&'p str),
    /// A tag with a value; None is every value.
    Tag(PlanField, &'p str, Option<&'p str>),
}

impl AboutInstances<'_> {
    fn entry(self) -> PlanEntry {
        match self {
            Self::Instance(id) => PlanEntry::new(PlanField::ExcludeInstances, id),
            Self::Tag(field, key, Some(value)) => PlanEntry::new(field, format!("{key}={value}")),
            Self::Tag(field, key, None) => PlanEntry::new(field, key),
        }
    }
}

fn about_instances<'p>(select: &'p Selection, never: &'p NeverReboot) -> Vec<AboutInstances<'p>> {
    let maps = [
        (PlanField::SelectTags, &select.tags),
        (PlanField::ExcludeTags, &select.exclude.tags),
        (PlanField::NeverRebootTags, &never.tags),
    ];
    let mut all: Vec<_> = select.exclude.instances.iter().map(|id| AboutInstances::Instance(id)).collect();
    for (field, tags) in maps {
        for (key, values) in tags {
            match values {
                TagValues::Any(_) => all.push(AboutInstances::Tag(field, key, None)),
                TagValues::OneOf(values) => {
                    all.extend(values.iter().map(|value| AboutInstances::Tag(field, key, Some(value))));
                }
            }
        }
    }
    all
}

/// What a run has found of the entries of its plan that are about instances, while its targets are added.
#[derive(Debug, Default)]
pub struct Matches {
    /// The entries, each with the stages in which it holds.
    entries: Vec<(MatchedNothing, BTreeSet<String>)>,
    /// Stages of which a target was listed.
    listed: BTreeSet<String>,
    /// What matched, by stage.
    found: BTreeSet<(String, PlanEntry)>,
}

impl Matches {
    /// Begins with the entries that hold in a run. `only` names the stages of the run; None is all of them.
    #[must_use]
    pub fn of(plan: &Plan, only: Option<&[String]>) -> Self {
        let mut entries = Vec::new();
        let in_run = || plan.stages.iter().filter(|stage| stage.is_in_run(only));
        let all: BTreeSet<String> = in_run().map(|stage| stage.name.clone()).collect();
        // A stage's own tags replace the plan's.
        let without_tags = in_run().filter(|stage| stage.select.as_ref().is_none_or(|own| own.tags.is_empty()));
        let without_tags: BTreeSet<String> = without_tags.map(|stage| stage.name.clone()).collect();
        for one in about_instances(&plan.select, &plan.never_reboot) {
            let entry = one.entry();
            let stages = if entry.field == PlanField::SelectTags { &without_tags } else { &all };
            entries.push((MatchedNothing::new(None, entry), stages.clone()));
        }
        for stage in in_run() {
            let Some(own) = &stage.select else { continue };
            for one in about_instances(own, &NeverReboot::default()) {
                let part = MatchedNothing::new(Some(stage.name.clone()), one.entry());
                entries.push((part, [stage.name.clone()].into()));
            }
        }
        Self { entries, ..Self::default() }
    }

    /// Adds what matched in a target of a stage; None: its instances could not be listed.
    pub fn add(&mut self, stage: &str, matching: Option<&[PlanEntry]>) {
        let Some(matching) = matching else { return };
        self.listed.insert(stage.to_owned());
        self.found.extend(matching.iter().map(|entry| (stage.to_owned(), entry.clone())));
    }

    /// Returns the entries that matched nothing in the targets that were listed.
    #[must_use]
    pub fn end(self) -> Vec<MatchedNothing> {
        let Self { entries, listed, found } = self;
        let is_unmatched = |(part, stages): &(MatchedNothing, BTreeSet<String>)| {
            stages.iter().any(|stage| listed.contains(stage))
                && !stages.iter().any(|stage| found.contains(&(stage.clone(), part.entry.clone())))
        };
        entries.into_iter().filter(is_unmatched).map(|(part, _)| part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        let text = "schemaVersion: 1
name: monthly
regions: [ap-northeast-1]
select:
  tags: {Patch: [enabled, 'on']}
  exclude: {instances: [i-0123456789abcdef0], tags: {PatchExempt: ['true', 'off'], Owner: any}}
neverReboot: {tags: {Role: [database]}}
stages:
  - {name: test, ous: [ou-abcd-11111111]}
  - {name: production, ous: [ou-abcd-22222222], select: {tags: {Prod: ['yes']}, exclude: {tags: {Legacy: ['1']}}}}
";
        orgpatch_plan::read(text).unwrap_or_else(|errors| panic!("{errors}"))
    }

    fn tagged(id: &str, tags: &[(&str, &str)]) -> Ec2Instance {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Ec2Instance { id: id.into(), tags, ..Ec2Instance::default() }
    }

    fn unmatched(only: Option<&[String]>, targets: &[(&str, Option<&[Ec2Instance]>)]) -> Vec<String> {
        let plan = plan();
        let mut matches = Matches::of(&plan, only);
        for (name, instances) in targets {
            let stage = plan.stages.iter().find(|stage| stage.name == *name).expect("a stage");
            let select = plan.selection_of(stage);
            let found = instances.map(|instances| matching(&select, &plan.never_reboot, instances));
            matches.add(name, found.as_deref());
        }
        matches.end().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_matches_no_instance_of_the_run_is_named() {
        let test = [tagged("i-1", &[("Patch", "enabled"), ("Owner", "")]), tagged("i-2", &[("PatchExempt", "true")])];
        let production = [tagged("i-0123456789abcdef0", &[("Role", "database"), ("Prod", "yes")])];
        let found = unmatched(None, &[("test", Some(&test)), ("production", Some(&production))]);
        let expected = ["tag Patch=on", "excluded tag PatchExempt=off", "excluded tag Legacy=1 of stage production"];
        assert_eq!(found, expected);
        // Every entry of the plan counts in each target, and those of a stage only in its own.
        let all = [
            production.as_slice(),
            &test,
            &[tagged("i-3", &[("Patch", "on"), ("PatchExempt", "off"), ("Legacy", "1")])],
        ];
        let all = all.concat();
        assert_eq!(
            unmatched(None, &[("test", Some(&all)), ("production", Some(&[]))]),
            ["tag Prod=yes of stage production", "excluded tag Legacy=1 of stage production"]
        );
        let only = ["production".to_owned()];
        let found = unmatched(Some(&only), &[("production", Some(&[]))]);
        assert!(!found.iter().any(|part| part.starts_with("tag Patch")), "Production has its own: {found:?}");
        assert_eq!(
            unmatched(None, &[("test", Some(&[])), ("production", Some(&all))])[..2],
            ["tag Patch=enabled", "tag Patch=on"]
        );
    }

    #[test]
    fn nothing_is_said_of_what_could_not_be_listed() {
        assert_eq!(unmatched(None, &[]), [""; 0]);
        assert_eq!(unmatched(None, &[("test", None), ("production", None)]), [""; 0]);
        let only = ["test".to_owned()];
        let found = unmatched(Some(&only), &[("test", Some(&[]))]);
        assert_eq!(found.len(), 7, "{found:?}");
        assert!(!found.iter().any(|part| part.contains("production")), "{found:?}");
    }
}
