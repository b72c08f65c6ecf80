//! What the API refuses in a baseline. Each text names the field.
use super::{
    content::{Content, Filter, Rule},
    values::check_values,
};
use crate::{
    clock,
    facts::operating_systems::Os,
    scenario::{Answer, InDoubt},
};
use orgpatch_facts::baselines::{Field, approve_after_days};
use serde_json::Value;

/// Checks a baseline for an operating system. Fails with the first problem that AWS would report.
pub fn check(os: Os, content: &Content) -> Result<(), String> {
    if !is_name(&content.name, 128) {
        return Err(must("name", r"satisfy regular expression pattern: ^[a-zA-Z0-9_\-.]{3,128}$"));
    }
    if content.description.as_ref().is_some_and(|text| !(1..=1024).contains(&text.chars().count())) {
        return Err(must("description", "have length between 1 and 1024"));
    }
    check_filters("globalFilters", os, &content.global_filters.patch_filters)?;
    at_most("approvalRules.patchRules", 10, content.approval_rules.patch_rules.len())?;
    for rule in &content.approval_rules.patch_rules {
        check_filters("patchFilterGroup", os, &rule.patch_filter_group.patch_filters)?;
        check_date(os, rule)?;
    }
    for (field, patches) in
        [("approvedPatches", &content.approved_patches), ("rejectedPatches", &content.rejected_patches)]
    {
        at_most(field, 50, patches.len())?;
        if patches.iter().any(|id| !(1..=100).contains(&id.chars().count())) {
            return Err(must(field, "have entries of length between 1 and 100"));
        }
    }
    at_most("sources", 20, content.sources.len())?;
    for source in &content.sources {
        let products = (1..=20).contains(&source.products.len())
            && source.products.iter().all(|product| (1..=128).contains(&product.chars().count()));
        if !is_name(&source.name, 50) || !products || !(1..=1024).contains(&source.configuration.chars().count()) {
            return Err(must(
                "sources",
                "have a name, 1 to 20 products and a configuration of at most 1024 characters",
            ));
        }
    }
    let windows_only = Field::AvailableSecurityUpdatesComplianceStatus;
    if content.available_security_updates_compliance_status.is_some() && !os.baseline_facts().may_have(windows_only) {
        return Err(must("availableSecurityUpdatesComplianceStatus", "be absent for systems other than WINDOWS"));
    }
    Ok(())
}

/// Checks a tag. Fails with what AWS would report.
pub fn check_tag(key: &str, value: &str) -> Result<(), String> {
    let fits = |text: &str| {
        text.chars().all(|c| {
            c.is_alphanumeric() || c.is_whitespace() || matches!(c, '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@')
        })
    };
    if !(1..=128).contains(&key.chars().count()) || !fits(key) || key.starts_with("aws:") {
        return Err(must("tags", r"have keys of 1 to 128 of the characters \p{L}\p{Z}\p{N}_.:/=+\-@, without aws:"));
    }
    if value.chars().count() > 256 || !fits(value) {
        return Err(must("tags", r"have values of up to 256 of the characters \p{L}\p{Z}\p{N}_.:/=+\-@"));
    }
    Ok(())
}

fn check_filters(field: &str, os: Os, filters: &[Filter]) -> Result<(), String> {
    at_most(&format!("{field}.patchFilters"), 4, filters.len())?;
    let valid = &os.baseline_facts().patch_filters;
    for filter in filters {
        if !valid.iter().any(|key| key == filter.key.code()) {
            return Err(format!(
                "Invalid Filter Key: {} for {}, valid keys are: {valid:?}",
                filter.key.code(),
                os.code()
            ));
        }
        if !(1..=20).contains(&filter.values.len()) {
            return Err(must(&format!("{field}.patchFilters.values"), "have length between 1 and 20"));
        }
        if filter.values.iter().any(|value| !(1..=64).contains(&value.chars().count())) {
            return Err(must(&format!("{field}.patchFilters.values"), "have entries of length between 1 and 64"));
        }
    }
    Ok(())
}

/// Checks the values of filters in a request, what it says of fields that the system does not have, and of approval dates that it does not need. AWS's
/// documentation leaves open whether it refuses some of that.
pub fn check_request(os: Os, request: &Value, in_doubt: InDoubt) -> Result<(), String> {
    check_values(os, request, in_doubt)?;
    check_field(os, "Sources", Field::Sources, request, in_doubt)?;
    let non_security = "ApprovedPatchesEnableNonSecurity";
    check_field(os, non_security, Field::ApprovedPatchesEnableNonSecurity, request, in_doubt)?;
    let rules = request["ApprovalRules"]["PatchRules"].as_array();
    for rule in rules.into_iter().flatten() {
        check_field(os, "EnableNonSecurity", Field::EnableNonSecurity, rule, in_doubt)?;
        let dated = !rule["ApproveAfterDays"].is_null() || !rule["ApproveUntilDate"].is_null();
        if !dated && in_doubt.missing_approval_delay == Answer::Refused {
            return Err(NO_DATE.to_owned());
        }
    }
    Ok(())
}

fn check_field(os: Os, name: &str, field: Field, request: &Value, in_doubt: InDoubt) -> Result<(), String> {
    let empty = match &request[name] {
        Value::Null => return Ok(()),
        Value::Array(list) => list.is_empty(),
        other => *other == Value::Bool(false),
    };
    if os.baseline_facts().may_have(field) || (empty && in_doubt.linux_only_fields == Answer::Taken) {
        return Ok(());
    }
    Err(format!("{name} is not supported for {}.", os.code()))
}

const NO_DATE: &str = "Exactly one of ApproveAfterDays and ApproveUntilDate must be specified for a rule.";

fn check_date(os: Os, rule: &Rule) -> Result<(), String> {
    let (has_dates, days) = (os.baseline_facts().release_dates, approve_after_days());
    match (rule.approve_after_days, &rule.approve_until_date) {
        // Baselines may be older than the present checks. `check_request` is about new ones.
        (None, None) if !has_dates => Ok(()),
        (_, Some(_)) if !has_dates => Err(format!("ApproveUntilDate is not supported for {}.", os.code())),
        (Some(given), None) if (i64::from(days.least)..=i64::from(days.most)).contains(&given) => Ok(()),
        (Some(_), None) => {
            Err(must("approveAfterDays", &format!("have value between {} and {}", days.least, days.most)))
        }
        (None, Some(date)) if date.len() == 10 && clock::parse(date).is_ok() => Ok(()),
        (None, Some(_)) => Err(must("approveUntilDate", "be a date of the form YYYY-MM-DD")),
        _ => Err(NO_DATE.to_owned()),
    }
}

fn at_most(field: &str, most: usize, count: usize) -> Result<(), String> {
    if count <= most { Ok(()) } else { Err(must(field, &format!("have length less than or equal to {most}"))) }
}

fn must(field: &str, constraint: &str) -> String {
    format!("1 validation error detected: Value at '{field}' failed to satisfy constraint: Member must {constraint}")
}

fn is_name(text: &str, longest: usize) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    (3..=longest).contains(&text.len()) && text.bytes().all(plain)
}
