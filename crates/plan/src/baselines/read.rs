//! Reads the baselines of a plan or stage, and `approve`.

use std::collections::BTreeMap;

use orgpatch_facts::baselines::Field;
use orgpatch_facts::patch_lists::List;
use orgpatch_model::operating_system::OperatingSystem;
use orgpatch_model::patch::ComplianceStatus;

use super::super::decode::{self, At, Decoder, Located, Names, join, quote};
use super::super::pattern::DATE;
use super::super::promotion::Untested;
use super::super::read::{explain_field, retired};
use super::super::suggest::{did_you_mean, system_meant};
use super::super::yaml::{Location, Value};
use super::advisories::{self, NonSecurity};
use super::lists;
use super::read_filters::{
    at_most_filters, filter_names, global_filters, patch_groups, read_filters, warn_if_disjoint,
};
use super::read_sources::sources;
use super::values;
use super::{
    Approve, Baselines, ComplianceLevel, Entry, FilterKey, LONGEST_DELAY, MAX_PATCH_ID, MAX_PATCHES, MAX_RULES,
    PlannedBaseline, PlannedRule, RejectedAction, has_approval_dates,
};

pub(crate) const BASELINE: Names = Names {
    known: &[
        "rules",
        "approved",
        "approvedComplianceLevel",
        "approvedNonSecurity",
        "rejected",
        "rejectedAction",
        "availableSecurityUpdates",
        "sources",
        "globalFilters",
        "patchGroup",
    ],
    explain: explain_field,
};
pub(crate) const RULE: Names = Names {
    known: &[
        "product",
        "productFamily",
        "classification",
        "severity",
        "msrcSeverity",
        "priority",
        "patchSet",
        "complianceLevel",
        "enableNonSecurity",
        "approve",
    ],
    explain: explain_field,
};
pub(crate) const GLOBAL_FILTERS: Names = Names {
    known: &["product", "productFamily", "classification", "severity", "msrcSeverity", "priority", "patchSet"],
    explain: explain_field,
};
pub(crate) const APPROVE: Names = Names { known: &["afterDays", "until", "frozen"], explain: explain_field };
pub(crate) const SOURCE: Names = Names { known: &["name", "products", "configuration"], explain: explain_field };

/// The valid values of `approve`.
pub(super) const APPROVE_VALID: &str = "{afterDays: 0} to {afterDays: 360}, {until: YYYY-MM-DD}, or {frozen: true}";
/// The valid values of `approve` in the first stage.
pub(super) const APPROVE_FIRST_VALID: &str = "{afterDays: 0} to {afterDays: 360}, or {until: YYYY-MM-DD}";

/// Reads the baselines of a plan or stage, by operating system.
pub(crate) fn baselines(decoder: &mut Decoder, at: &At<'_>) -> Baselines {
    let names = OperatingSystem::ALL.map(OperatingSystem::name);
    let valid = format!("operating systems with their baselines: {}", names.join(", "));
    let mut found = Baselines { place: Some(at.node.place), path: at.path.clone(), ..Baselines::default() };
    let Some(entries) = decoder.entries(at, &valid) else {
        return found;
    };
    if entries.is_empty() {
        decoder.refuse(
            &at.path,
            at.node.place,
            "there is no baseline in it",
            "at least one operating system with its baseline; or no such field, for the baselines that the accounts have",
        );
    }
    for (name, place, node) in entries {
        let at = At { path: join(&at.path, name), node };
        let Some(os) = OperatingSystem::from_name(name) else {
            let problem = match retired(name) {
                Some(why) => format!("{} is not valid: {why}", quote(name)),
                None => format!("{} is not an operating system{}", quote(name), did_you_mean(system_meant(name))),
            };
            decoder.refuse(&at.path, place, problem, names.join(", "));
            continue;
        };
        if let Some(baseline) = baseline(decoder, &at, os, place) {
            let frozen = frozen_rules(&at, &baseline);
            found.entries.insert(os, Entry { baseline, place, frozen });
        }
    }
    found
}

/// Returns the locations of the frozen rules of a baseline.
fn frozen_rules(at: &At<'_>, baseline: &PlannedBaseline) -> Vec<(String, Location)> {
    if baseline.rules.iter().all(|rule| rule.approve != Some(Approve::Frozen)) {
        return Vec::new();
    }
    let rules = at.child("rules").map(|rules| rules.items()).unwrap_or_default();
    let frozen = rules.iter().filter_map(|rule| rule.child("approve")?.child("frozen"));
    frozen.map(|at| (at.path, at.node.place)).collect()
}

fn baseline(decoder: &mut Decoder, at: &At<'_>, os: OperatingSystem, place: Location) -> Option<PlannedBaseline> {
    let fields = decoder.fields(at, &BASELINE)?;
    let empty = |at: At<'_>| matches!(&at.node.value, Value::List(items) if items.is_empty());
    if fields.get("rules").is_none() && fields.get("approved").is_none_or(empty) {
        decoder.refuse(
            &at.path,
            place,
            format!("the baseline of {os} has neither rules nor approved patches, so it would approve nothing"),
            "rules: a list of rules, or approved: a list of patches, or both",
        );
    }
    let has_sources = fields.get("sources").is_some_and(|at| !at.items().is_empty());
    let global_filters = fields.get("globalFilters").map(|at| global_filters(decoder, &at, os)).unwrap_or_default();
    let rules = fields.get("rules").map(|at| rules(decoder, &at, os, (has_sources, &global_filters)));
    let approved_at = fields.get("approved").filter(|at| !at.items().is_empty());
    let approved_non_security = fields
        .get("approvedNonSecurity")
        .and_then(|at| linux_only(decoder, &at, (os, Field::ApprovedPatchesEnableNonSecurity), Decoder::boolean))
        .unwrap_or_default();
    if let Some(at) = approved_at {
        let (what, field) = ("the list of approved patches", "approvedNonSecurity");
        advisories::check(decoder, &at, os, has_sources, NonSecurity { what, field, enabled: approved_non_security });
    }
    let approved = fields.get("approved").map(|at| patches(decoder, &at)).unwrap_or_default();
    let rejected = fields.get("rejected").map(|at| patches(decoder, &at)).unwrap_or_default();
    lists::check(decoder, os, List::Approved, &approved);
    lists::check(decoder, os, List::Rejected, &rejected);
    for patch in &rejected {
        if let Some(same) = approved.iter().find(|same| same.value == patch.value) {
            decoder.refuse_with(
                (&patch.path, patch.place),
                format!("{} is approved in line {} and rejected here", quote(&patch.value), same.place.line),
                "each patch in one of the two lists",
                (same.place, "approved here"),
            );
        }
    }
    Some(PlannedBaseline {
        rules: rules.unwrap_or_default(),
        approved: decode::values(approved),
        approved_compliance_level: fields
            .get("approvedComplianceLevel")
            .and_then(|at| compliance_level(decoder, &at))
            .unwrap_or_default(),
        approved_non_security,
        rejected: decode::values(rejected),
        rejected_action: fields
            .get("rejectedAction")
            .and_then(|at| decoder.one_of(&at, &RejectedAction::ALL.map(RejectedAction::name)))
            .and_then(|found| RejectedAction::from_name(found.value))
            .unwrap_or_default(),
        available_security_updates: fields
            .get("availableSecurityUpdates")
            .and_then(|at| available_security_updates(decoder, &at, os)),
        sources: fields
            .get("sources")
            .and_then(|at| linux_only(decoder, &at, (os, Field::Sources), |decoder, at| sources(decoder, at, os)))
            .unwrap_or_default(),
        global_filters,
        patch_groups: fields.get("patchGroup").map(|at| patch_groups(decoder, &at)).unwrap_or_default(),
    })
}

fn available_security_updates(decoder: &mut Decoder, at: &At<'_>, os: OperatingSystem) -> Option<ComplianceStatus> {
    if !os.baseline_facts().may_have(Field::AvailableSecurityUpdatesComplianceStatus) {
        decoder.refuse(&at.path, at.node.place, format!("this is for WINDOWS only, not for {os}"), "no such field");
        return None;
    }
    let found = decoder.one_of(at, &ComplianceStatus::ALL.map(ComplianceStatus::name))?;
    ComplianceStatus::ALL.into_iter().find(|status| status.name() == found.value)
}

/// Reads a field that Systems Manager has only for Linux.
fn linux_only<T>(
    decoder: &mut Decoder,
    at: &At<'_>,
    (os, field): (OperatingSystem, Field),
    read: impl FnOnce(&mut Decoder, &At<'_>) -> Option<T>,
) -> Option<T> {
    if os.baseline_facts().may_have(field) {
        return read(decoder, at);
    }
    decoder.refuse(&at.path, at.node.place, format!("this is for Linux only, not for {os}"), "no such field");
    None
}

/// Returns the items of a list, unless there are more than the API accepts.
pub(super) fn at_most<'n>(
    decoder: &mut Decoder,
    at: &At<'_>,
    items: Vec<At<'n>>,
    max: usize,
    what: &str,
) -> Vec<At<'n>> {
    if items.len() <= max {
        return items;
    }
    let problem = format!("there are {} {what}", items.len());
    decoder.refuse(&at.path, at.node.place, problem, format!("at most {max}, as Systems Manager takes"));
    Vec::new()
}

/// Reads a text of limited length.
pub(super) fn short(decoder: &mut Decoder, at: &At<'_>, max: usize, what: &str) -> Option<Located<String>> {
    let found = decoder.text(at, what)?;
    let length = found.value.chars().count();
    if (1..=max).contains(&length) {
        return Some(found);
    }
    let problem = format!("{} has {length} characters", quote(&found.value));
    decoder.refuse(&at.path, at.node.place, problem, format!("{what} of 1 to {max} characters"));
    None
}

pub(super) fn shorts(decoder: &mut Decoder, items: &[At<'_>], max: usize, what: &str) -> Vec<Located<String>> {
    let found = items.iter().filter_map(|item| short(decoder, item, max, what)).collect();
    decoder.unique(found)
}

fn patches(decoder: &mut Decoder, at: &At<'_>) -> Vec<Located<String>> {
    let items = decoder.list(at, "a list of patches: KB articles on Windows, package names elsewhere");
    let items = at_most(decoder, at, items, MAX_PATCHES, "patches");
    shorts(decoder, &items, MAX_PATCH_ID, "the name of a patch")
}

fn compliance_level(decoder: &mut Decoder, at: &At<'_>) -> Option<ComplianceLevel> {
    let found = decoder.one_of(at, &ComplianceLevel::ALL.map(ComplianceLevel::name))?;
    ComplianceLevel::from_name(found.value)
}

/// Reads the rules of a baseline, of which the sources and the global filters are known.
fn rules(
    decoder: &mut Decoder,
    at: &At<'_>,
    os: OperatingSystem,
    (has_sources, global): (bool, &BTreeMap<FilterKey, Vec<String>>),
) -> Vec<PlannedRule> {
    let valid = format!("a list of rules, each with some of the filters {}", filter_names(os));
    let items = decoder.list_of_some(at, &valid);
    let items = at_most(decoder, at, items, MAX_RULES, "rules");
    let read = |item: &At<'_>| {
        let rule = rule(decoder, item, os)?;
        let (what, field) = ("the rule", "enableNonSecurity");
        advisories::check(
            decoder,
            item,
            os,
            has_sources,
            NonSecurity { what, field, enabled: rule.enable_non_security },
        );
        warn_if_disjoint(decoder, item, &rule, global);
        Some(rule)
    };
    items.iter().filter_map(read).collect()
}

fn rule(decoder: &mut Decoder, at: &At<'_>, os: OperatingSystem) -> Option<PlannedRule> {
    let fields = decoder.fields(at, &RULE)?;
    let mut rule = PlannedRule::default();
    let (filters, written) = read_filters(decoder, &fields, os, values::OF_A_RULE);
    if written == 0 {
        let problem = "the rule has no filter";
        let valid = format!("at least one of {}; for every patch: product: [\"*\"]", filter_names(os));
        decoder.refuse(&at.path, at.node.place, problem, valid);
    }
    at_most_filters(decoder, at, written, "rule");
    for (key, found) in filters {
        rule.set(key, decode::values(found));
    }
    if let Some(level) = fields.get("complianceLevel").and_then(|at| compliance_level(decoder, &at)) {
        rule.compliance_level = level;
    }
    if let Some(value) = fields
        .get("enableNonSecurity")
        .and_then(|at| linux_only(decoder, &at, (os, Field::EnableNonSecurity), Decoder::boolean))
    {
        rule.enable_non_security = value;
    }
    if let Some(at) = fields.get("approve") {
        if has_approval_dates(os) {
            rule.approve = approve(decoder, &at);
        } else {
            let problem = format!("{os} has no approval dates: its packages carry no release date");
            let (problem, valid) = if at.child("frozen").is_some() {
                (
                    format!("{problem}, so the tested set alone decides there"),
                    "no such field; approve: {frozen: true} or untested: block in the stage compares with the tested set",
                )
            } else {
                (problem, "no such field: what the filters match is approved at once")
            };
            decoder.refuse(&at.path, at.node.place, problem, valid);
        }
    }
    Some(rule)
}

/// Reads `untested` of a stage, with its location.
pub(crate) fn stage_untested(decoder: &mut Decoder, at: &At<'_>) -> Option<Located<Untested>> {
    let found = decoder.one_of(at, &Untested::ALL.map(Untested::name))?;
    Untested::from_name(found.value).map(|untested| at.found(untested))
}

/// Reads `approve` of a stage, with its location.
pub(crate) fn stage_approve(decoder: &mut Decoder, at: &At<'_>) -> Option<Located<Approve>> {
    approve(decoder, at).map(|approve| at.found(approve))
}

fn approve(decoder: &mut Decoder, at: &At<'_>) -> Option<Approve> {
    let fields = decoder.fields(at, &APPROVE)?;
    let said: Vec<(&str, At<'_>)> = APPROVE.known.iter().filter_map(|name| Some((*name, fields.get(name)?))).collect();
    match said.as_slice() {
        [("afterDays", days)] => {
            decoder.whole(days, 0, LONGEST_DELAY).and_then(|days| u16::try_from(days).ok()).map(Approve::AfterDays)
        }
        [("until", until)] => date(decoder, until),
        [(_, yes)] => frozen(decoder, yes),
        [(first, place), others @ ..] => {
            for (name, other) in others {
                decoder.refuse_with(
                    (&other.path, other.node.place),
                    format!("{first} and {name} exclude each other"),
                    APPROVE_VALID,
                    (place.node.place, &format!("{first} is here")),
                );
            }
            None
        }
        [] => {
            // An unknown field is a mistake already.
            if matches!(&at.node.value, Value::Mapping(entries) if entries.is_empty()) {
                decoder.refuse(&at.path, at.node.place, "it does not say when", APPROVE_VALID);
            }
            None
        }
    }
}

fn frozen(decoder: &mut Decoder, at: &At<'_>) -> Option<Approve> {
    if decoder.boolean(at)? {
        return Some(Approve::Frozen);
    }
    decoder.refuse(&at.path, at.node.place, "frozen: false does not say when", APPROVE_VALID);
    None
}

fn date(decoder: &mut Decoder, at: &At<'_>) -> Option<Approve> {
    let text = decoder.form(at, &DATE)?;
    let Ok(date) = text.value.parse() else {
        let problem = format!("{} is not a day of the calendar", quote(&text.value));
        decoder.refuse(&at.path, at.node.place, problem, DATE.valid);
        return None;
    };
    Some(Approve::Until(date))
}
