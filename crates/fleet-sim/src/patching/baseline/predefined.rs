//! The baselines that AWS provides: one for each operating system, and two more for Windows.
use super::content::{Baseline, ComplianceStatus, Content, Filter, FilterGroup, Key, Rule, RuleGroup};
use crate::{
    clock::{DAY, Millis},
    facts::{
        ids,
        operating_systems::{Kind, Os},
    },
};
use std::collections::BTreeMap;

/// The account of AWS in their ARNs.
const OWNER: &str = "075727635805";
/// When AWS made them. Any date long ago does.
const MADE: Millis = 18_000 * DAY;

/// Returns the predefined baseline of an operating system. It is the default until the account chooses another one.
pub fn default_for(os: Os, region: &str) -> Baseline {
    build(os, &os.baseline_name(), region)
}

/// Returns all predefined baselines of a Region.
pub fn all(region: &str) -> Vec<Baseline> {
    let mut all: Vec<_> = Os::all().map(|os| default_for(os, region)).collect();
    if let Some(windows) = Os::from_code("WINDOWS") {
        for name in ["AWS-WindowsPredefinedPatchBaseline-OS", "AWS-WindowsPredefinedPatchBaseline-OS-Applications"] {
            all.push(build(windows, name, region));
        }
    }
    all
}

fn build(os: Os, name: &str, region: &str) -> Baseline {
    let id = format!("pb-0{}", ids::hex(&["baseline", region, name], 16));
    let content = Content {
        name: name.to_owned(),
        description: Some(format!("Predefined patch baseline for {} provided by AWS.", os.code())),
        approval_rules: RuleGroup { patch_rules: rules(os, name.ends_with("-Applications")) },
        available_security_updates_compliance_status: (os.kind() == Kind::Windows)
            .then_some(ComplianceStatus::Compliant),
        ..Content::default()
    };
    let arn = Some(format!("arn:aws:ssm:{region}:{OWNER}:patchbaseline/{id}"));
    Baseline { id, arn, os, content, tags: BTreeMap::new(), created: MADE, modified: MADE }
}

const WEEK: Option<i64> = Some(7);
const ANY: &[&str] = &["*"];
const GRAVE: &[&str] = &["Critical", "Important"];

/// Returns the rules of a predefined baseline. None of them gives a compliance level.
fn rules(os: Os, applications: bool) -> Vec<Rule> {
    let yum = |classifications, severities| {
        let filters = [(Key::Product, ANY), (Key::Classification, classifications), (Key::Severity, severities)];
        rule(&filters, WEEK)
    };
    match os.code() {
        "CENTOS" => vec![Rule { enable_non_security: true, ..yum(ANY, ANY) }],
        "MACOS" => vec![rule(&[(Key::Product, ANY), (Key::Classification, &["Security"])], Some(0))],
        "ORACLE_LINUX" => vec![yum(&["Security"], &["Important", "Moderate"]), yum(&["Bugfix"], ANY)],
        "SUSE" => vec![yum(&["Security"], GRAVE)],
        "WINDOWS" => {
            let filters =
                [(Key::Classification, ["CriticalUpdates", "SecurityUpdates"].as_slice()), (Key::MsrcSeverity, GRAVE)];
            let system = rule(&[&[(Key::Product, ANY)], filters.as_slice()].concat(), WEEK);
            let more = rule(&[&[(Key::PatchSet, ["APPLICATION"].as_slice())], filters.as_slice()].concat(), WEEK);
            if applications { vec![system, more] } else { vec![system] }
        }
        _ if os.is_apt() => {
            let priorities = ["Required", "Important", "Standard", "Optional", "Extra"].as_slice();
            // AWS's own Ubuntu baseline has a delay, which has no effect.
            vec![rule(&[(Key::Product, ANY), (Key::Priority, priorities)], WEEK)]
        }
        _ => vec![yum(&["Security"], GRAVE), yum(&["Bugfix"], ANY)],
    }
}

fn rule(filters: &[(Key, &[&str])], approve_after_days: Option<i64>) -> Rule {
    let filter = |(key, values): &(Key, &[&str])| Filter {
        key: *key,
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    Rule {
        patch_filter_group: FilterGroup { patch_filters: filters.iter().map(filter).collect() },
        approve_after_days,
        ..Rule::default()
    }
}
