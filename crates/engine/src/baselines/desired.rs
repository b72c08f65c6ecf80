//! Makes the baselines of a stage from the plan.

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use orgpatch_facts::baselines::approve_after_days;
use orgpatch_model::digest::sha256_hex;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_plan::{Approve, FilterKey, Plan, PlannedBaseline, PlannedRule, Stage, has_approval_dates};

use super::{Baseline, Definition, PatchFilter, PatchRule};

/// Prefix of the names of all baselines of orgpatch. The tags, not the name, prove that a baseline is orgpatch's.
pub const NAME_PREFIX: &str = "orgpatch-";

/// The longest `BaselineName` of the API, in characters.
const LONGEST_NAME: usize = 128;

/// Returns the baselines that the targets of a stage should have: one for each operating system that the stage selects
/// and that has a baseline in the plan. If the list is empty, the accounts' own baselines apply.
///
/// `cutoff` is the last day that frozen rules of the run approve, see [`cutoff()`]. None: it is not known yet, as in a
/// preview. Frozen rules then have neither days nor a date, and the API would refuse them.
#[must_use]
pub fn desired(plan: &Plan, stage: &Stage, cutoff: Option<Date>) -> Vec<Baseline> {
    let names = (plan.name.as_str(), stage.name.as_str());
    plan.baselines_of(stage)
        .map(|(os, planned)| {
            let definition = definition(planned, os, (stage.approve, cutoff), names);
            Baseline::new(baseline_name(names, os), names, os, definition, &planned.patch_groups)
        })
        .collect()
}

/// Returns the last day whose releases the first stage approved when it was scanned, by the `approve` of that stage.
/// Frozen stages of the same run get it as `ApproveUntilDate`.
///
/// It is a whole day in UTC, because the API has no finer unit. So it also approves a patch that is released later on the
/// day of the scan, which the first stage did not see. The comparison with the tested set ([`Plan::untested`]) finds
/// such patches.
#[must_use]
pub fn cutoff(plan: &Plan, scanned_at: Timestamp) -> Date {
    let day = Offset::UTC.to_datetime(scanned_at).date();
    match plan.stages.first().and_then(|first| first.approve) {
        Some(Approve::AfterDays(days)) => day.saturating_sub(i64::from(days).days()),
        Some(Approve::Until(until)) => until.min(day),
        // Every rule has its own `approve`. The reader of the plan refuses a frozen first stage.
        Some(Approve::Frozen) | None => day,
    }
}

/// Returns the name of a baseline: `orgpatch-<plan>-<stage>-<operating system>`. A name that is too long for the API is cut
/// and gets a part of its hash, so that names stay different.
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
        global_filters: FilterKey::of(os)
            .into_iter()
            .filter_map(|key| Some(filter(key, planned.global_filters.get(&key)?)))
            .collect(),
        approval_rules: planned.rules.iter().map(|planned| rule(planned, os, approve)).collect(),
        approved_patches: planned.approved.clone(),
        approved_patches_compliance_level: planned.approved_compliance_level,
        approved_patches_enable_non_security: planned.approved_non_security,
        rejected_patches: planned.rejected.clone(),
        rejected_patches_action: planned.rejected_action,
        available_security_updates: planned.available_security_updates,
        sources: planned.sources.clone(),
    }
}

/// Makes a rule. Its own `approve` wins over the stage's, because for example virus definitions must not wait. Where
/// packages have no release date, no plan says when a rule approves; the API still demands a delay, which has no effect.
fn rule(planned: &PlannedRule, os: OperatingSystem, (approve, cutoff): (Option<Approve>, Option<Date>)) -> PatchRule {
    let at_once = Some(Approve::AfterDays(approve_after_days().least));
    let approve = if has_approval_dates(os) { planned.approve.or(approve) } else { at_once };
    let (after_days, until_date) = match approve {
        Some(Approve::AfterDays(days)) => (Some(days), None),
        Some(Approve::Until(date)) => (None, Some(date)),
        Some(Approve::Frozen) => (None, cutoff),
        None => (None, None),
    };
    let filter = |key: FilterKey| {
        let values = planned.values(key);
        (!values.is_empty()).then(|| filter(key, values))
    };
    PatchRule {
        patch_filters: FilterKey::of(os).into_iter().filter_map(filter).collect(),
        compliance_level: planned.compliance_level,
        approve_after_days: after_days,
        approve_until_date: until_date,
        enable_non_security: planned.enable_non_security,
    }
}

fn filter(key: FilterKey, values: &[String]) -> PatchFilter {
    PatchFilter { key: key.api_name().to_owned(), values: values.to_vec() }
}
