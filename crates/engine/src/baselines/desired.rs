//! From the plan to the baselines of a stage.

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use orgpatch_model::digest::sha256_hex;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_plan::{Approve, FilterKey, Plan, PlannedBaseline, PlannedRule, Stage, has_approval_dates};

use super::{Baseline, Definition, PatchFilter, PatchRule};

/// What the names of all baselines of orgpatch begin with. It proves nothing: the tags do.
pub const NAME_PREFIX: &str = "orgpatch-";

/// `BaselineName` of the API.
const LONGEST_NAME: usize = 128;

/// The baselines that the targets of a stage should have: one for each operating system that the stage selects and
/// that has a baseline in the plan. None at all: the accounts' own are used.
///
/// `cutoff` is that of the run, see [`cutoff()`]: what frozen rules approve up to. None: it is not known yet, as in a
/// preview; frozen rules then have neither days nor a date, and the API would refuse them.
#[must_use]
pub fn desired(plan: &Plan, stage: &Stage, cutoff: Option<Date>) -> Vec<Baseline> {
    let names = (plan.name.as_str(), stage.name.as_str());
    plan.baselines_of(stage)
        .map(|(os, planned)| {
            let definition = definition(planned, os, (stage.approve, cutoff), names);
            Baseline::new(baseline_name(names, os), names, os, definition, planned.patch_group.clone())
        })
        .collect()
}

/// The last day whose releases were approved in the first stage when it was scanned, by the `approve` of that stage:
/// what frozen stages of the same run get as `ApproveUntilDate`.
///
/// Whole days in UTC, because the API has no finer date. It is therefore wider than what the first stage saw: a patch
/// that is released later on the day of the scan is approved too. That it was not tested is found by comparing with
/// the tested set, which is what [`Plan::untested`] is for.
#[must_use]
pub fn cutoff(plan: &Plan, scanned_at: Timestamp) -> Date {
    let day = Offset::UTC.to_datetime(scanned_at).date();
    match plan.stages.first().and_then(|first| first.approve) {
        Some(Approve::AfterDays(days)) => day.saturating_sub(i64::from(days).days()),
        Some(Approve::Until(until)) => until.min(day),
        // Every rule says itself when it approves. The reader refuses a frozen first stage.
        Some(Approve::Frozen) | None => day,
    }
}

/// The name of a baseline: `orgpatch-<plan>-<stage>-<operating system>`. Names that would be too long for the API are
/// cut, and told apart by a part of their hash.
#[must_use]
pub fn baseline_name((plan, stage): (&str, &str), os: OperatingSystem) -> String {
    let name = format!("{NAME_PREFIX}{plan}-{stage}-{os}");
    if name.len() <= LONGEST_NAME {
        return name;
    }
    let mut digest = sha256_hex(&name);
    digest.truncate(8);
    let end = format!("-{digest}-{os}");
    // Names of plans and stages are ASCII, so that bytes are characters.
    let begin: String = name.chars().take(LONGEST_NAME - end.len()).collect();
    begin + &end
}

fn definition(
    planned: &PlannedBaseline,
    os: OperatingSystem,
    approve: (Option<Approve>, Option<Date>),
    (plan, stage): (&str, &str),
) -> Definition {
    Definition {
        description: format!(
            "Made by orgpatch from the plan {plan}, stage {stage}; what is changed here by hand is undone by its next run."
        ),
        global_filters: Vec::new(),
        approval_rules: planned.rules.iter().map(|planned| rule(planned, os, approve)).collect(),
        approved_patches: planned.approved.clone(),
        approved_patches_compliance_level: planned.approved_compliance_level,
        approved_patches_enable_non_security: planned.approved_non_security,
        rejected_patches: planned.rejected.clone(),
        rejected_patches_action: planned.rejected_action,
        sources: planned.sources.clone(),
    }
}

/// A rule's own `approve` wins over the stage's: definition updates must not wait.
fn rule(planned: &PlannedRule, os: OperatingSystem, (approve, cutoff): (Option<Approve>, Option<Date>)) -> PatchRule {
    let approve = planned.approve.or(approve).filter(|_| has_approval_dates(os));
    let (approve_after_days, approve_until_date) = match approve {
        Some(Approve::AfterDays(days)) => (Some(days), None),
        Some(Approve::Until(date)) => (None, Some(date)),
        Some(Approve::Frozen) => (None, cutoff),
        None => (None, None),
    };
    let filter = |key: &FilterKey| {
        let values = planned.values(*key).to_vec();
        (!values.is_empty()).then(|| PatchFilter { key: key.api_name().to_owned(), values })
    };
    PatchRule {
        patch_filters: FilterKey::of(os).iter().filter_map(filter).collect(),
        compliance_level: planned.compliance_level,
        approve_after_days,
        approve_until_date,
        enable_non_security: planned.enable_non_security,
    }
}
