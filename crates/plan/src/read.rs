//! The strict reader of a plan document.

use std::collections::BTreeMap;

use orgpatch_model::operating_system::OperatingSystem;

use super::baselines::{self, APPROVE, BASELINE, Inherited, Own, RULE, SOURCE};
use super::conflicts::{self, CONFLICTS};
use super::decode::{At, Fields, Names, Reader, join, quote, values};
use super::error::PlanErrors;
use super::model::{Exclusion, Gate, Plan, Rate, Reboot, Selection};
use super::pattern::{ACCOUNT, INSTANCE, MAX_CONCURRENCY, MAX_ERRORS, NAME, REGION};
use super::stages::stages;
use super::yaml::{self, Place};

/// The largest document that is read, in bytes: a thousand times what plans need.
const MAX_BYTES: usize = 256 * 1024;
/// Tags of an EC2 instance, at most.
pub(super) const MAX_TAGS: usize = 50;
pub(super) const MAX_TAG_KEY: usize = 128;
pub(super) const MAX_TAG_VALUE: usize = 256;
pub(super) const MAX_TARGETS: u32 = 1000;
/// More instances than one step can have.
pub(super) const MAX_SUCCEEDED: u32 = 1_000_000;

const PLAN: Names =
    names(&["schemaVersion", "name", "regions", "select", "reboot", "conflicts", "rate", "baselines", "stages"]);
const SELECT: Names = names(&["tags", "operatingSystems", "exclude"]);
const SELECT_EXCLUDE: Names = names(&["accounts", "instances", "tags"]);
const RATE: Names = names(&["targets", "maxConcurrency", "maxErrors"]);
const GATE: Names = names(&["maxFailedPercent", "maxUnreachablePercent", "minSucceeded"]);
pub(super) const STAGE: Names = names(&[
    "name",
    "ous",
    "accounts",
    "exclude",
    "regions",
    "select",
    "baselines",
    "approve",
    "untested",
    "conflicts",
    "waves",
    "gate",
]);
pub(super) const STAGE_EXCLUDE: Names = names(&["accounts", "ous"]);

/// Every mapping of a plan by the path that leads to it.
pub(super) const MAPPINGS: [(&str, &Names); 12] = [
    ("the plan itself", &PLAN),
    ("conflicts", &CONFLICTS),
    ("select", &SELECT),
    ("select.exclude", &SELECT_EXCLUDE),
    ("rate", &RATE),
    ("stages[]", &STAGE),
    ("stages[].exclude", &STAGE_EXCLUDE),
    ("stages[].gate", &GATE),
    ("baselines.<operating system>", &BASELINE),
    ("baselines.<operating system>.rules[]", &RULE),
    ("approve", &APPROVE),
    ("baselines.<operating system>.sources[]", &SOURCE),
];

/// Fields that plans will have. They are named so that nobody takes them for a slip, or believes that they work.
const LATER: [&str; 4] = ["soak", "approval", "window", "calendars"];

/// What Patch Manager no longer supports, although the API's enum still has it.
const RETIRED: [(&str, &str); 3] = [
    ("AMAZON_LINUX", "Patch Manager no longer supports Amazon Linux 1, which has ended"),
    ("AMAZON_LINUX_2022", "Patch Manager no longer supports it; its release is AMAZON_LINUX_2023"),
    ("RASPBIAN", "Patch Manager no longer supports it, and it does not run on EC2"),
];

const fn names(known: &'static [&'static str]) -> Names {
    Names { known, explain: explain_field }
}

/// Reads a plan document: every mistake at once, each with its line, or the plan.
///
/// Only what needs the organization is left open: whether an organizational unit exists, and whether an account
/// belongs to two stages.
pub fn read(text: &str) -> Result<Plan, PlanErrors> {
    let mut reader = Reader::default();
    let plan = document(&mut reader, text);
    match (plan, reader.into_errors(text)) {
        (Some(plan), errors) if errors.is_empty() => Ok(plan),
        (_, errors) => Err(PlanErrors::new(errors)),
    }
}

fn document(reader: &mut Reader, text: &str) -> Option<Plan> {
    if text.len() > MAX_BYTES {
        let problem = format!("the document has {} bytes", text.len());
        reader.refuse("", Place::START, problem, format!("at most {MAX_BYTES} bytes"));
        return None;
    }
    match yaml::load(text) {
        Ok(root) => plan(reader, &At { path: String::new(), node: &root }),
        Err(error) => {
            reader.refuse("", error.place, error.problem, error.valid);
            None
        }
    }
}

/// None only together with a mistake; a part that is wrong is left at its default, because the plan is not used then.
fn plan(reader: &mut Reader, at: &At<'_>) -> Option<Plan> {
    let fields = reader.fields(at, &PLAN)?;
    let schema_version = fields.require(reader, "schemaVersion", "1").and_then(|at| schema_version(reader, &at));
    let name = fields.require(reader, "name", NAME.valid).and_then(|at| reader.form(&at, &NAME));
    let regions =
        fields.require(reader, "regions", "a list of Regions, such as [ap-northeast-1]").map(|at| regions(reader, &at));
    let before = reader.mistakes();
    let select = fields.get("select").map(|at| selection(reader, &at));
    let own = own(reader, &fields, select.as_ref());
    let inherited = Inherited { own, sound: reader.mistakes() == before };
    let reboot = fields.get("reboot").and_then(|at| reboot(reader, &at));
    let conflicts = fields.get("conflicts").map(|at| conflicts::conflicts(reader, &at));
    let rate = fields.get("rate").map(|at| rate(reader, &at));
    let stages = fields
        .require(reader, "stages", "a list of stages in the order of the run, each with a name and its ous or accounts")
        .map(|at| stages(reader, &at, &inherited));
    Some(Plan {
        schema_version: schema_version?,
        name: name?.value,
        regions: regions?,
        select: select.unwrap_or_default(),
        reboot: reboot.unwrap_or_default(),
        conflicts: conflicts.unwrap_or_default(),
        rate: rate.unwrap_or_default(),
        baselines: inherited.own.baselines.values(),
        stages: stages?,
    })
}

fn schema_version(reader: &mut Reader, at: &At<'_>) -> Option<u32> {
    let yaml::Value::Scalar { text, kind: yaml::Kind::Number } = &at.node.value else {
        return reader.whole(at, 1, 1);
    };
    if text != "1" {
        let problem = format!("the version {} is not known to this version of orgpatch", quote(text));
        reader.refuse(&at.path, at.node.place, problem, "1");
        return None;
    }
    Some(1)
}

pub(super) fn regions(reader: &mut Reader, at: &At<'_>) -> Vec<String> {
    let items = reader.list_of_some(at, "a list of Regions, such as [ap-northeast-1, ap-northeast-3]");
    values(reader.forms(&items, &REGION))
}

pub(super) fn selection(reader: &mut Reader, at: &At<'_>) -> Selection {
    let Some(fields) = reader.fields(at, &SELECT) else {
        return Selection::default();
    };
    Selection {
        // Empty would mean "every instance" here, which is not what somebody wants who took the last tag away.
        tags: fields.get("tags").map(|at| some_tags(reader, &at)).unwrap_or_default(),
        operating_systems: fields.get("operatingSystems").map(|at| operating_systems(reader, &at)).unwrap_or_default(),
        exclude: fields.get("exclude").map(|at| exclusion(reader, &at)).unwrap_or_default(),
    }
}

/// The baselines of a plan or stage, and what decides about them.
pub(super) fn own(reader: &mut Reader, fields: &Fields<'_>, select: Option<&Selection>) -> Own {
    let operating_systems = select.filter(|select| !select.operating_systems.is_empty()).and_then(|select| {
        let value = select.operating_systems.clone();
        fields.get("select").and_then(|at| at.child("operatingSystems")).map(|at| at.found(value))
    });
    Own {
        baselines: fields.get("baselines").map(|at| baselines::baselines(reader, &at)).unwrap_or_default(),
        operating_systems,
        approve: fields.get("approve").and_then(|at| baselines::stage_approve(reader, &at)),
        untested: fields.get("untested").and_then(|at| baselines::stage_untested(reader, &at)),
    }
}

fn exclusion(reader: &mut Reader, at: &At<'_>) -> Exclusion {
    let Some(fields) = reader.fields(at, &SELECT_EXCLUDE) else {
        return Exclusion::default();
    };
    let accounts = fields.get("accounts").map(|at| {
        let items = reader.list(&at, "a list of account ids");
        values(reader.forms(&items, &ACCOUNT))
    });
    let instances = fields.get("instances").map(|at| {
        let items = reader.list(&at, "a list of instance ids");
        values(reader.forms(&items, &INSTANCE))
    });
    Exclusion {
        accounts: accounts.unwrap_or_default(),
        instances: instances.unwrap_or_default(),
        tags: fields.get("tags").map(|at| tags(reader, &at)).unwrap_or_default(),
    }
}

fn operating_systems(reader: &mut Reader, at: &At<'_>) -> Vec<OperatingSystem> {
    let names = OperatingSystem::ALL.map(OperatingSystem::name);
    let items = reader.list_of_some(at, &format!("a list of {}; or no such field, for all of them", names.join(", ")));
    let mut found = Vec::new();
    for item in items {
        let Some(name) = reader.text(&item, &names.join(", ")) else {
            continue;
        };
        match retired(&name.value) {
            Some(why) => {
                reader.refuse(
                    &item.path,
                    name.place,
                    format!("{} is not valid: {why}", quote(&name.value)),
                    names.join(", "),
                );
            }
            None => found.extend(reader.one_of(&item, &names).map(|name| item.found(name.value.to_owned()))),
        }
    }
    values(reader.unique(found)).iter().filter_map(|name| OperatingSystem::from_name(name)).collect()
}

/// Why the name of an operating system of the API's enum is not valid any more.
pub(super) fn retired(name: &str) -> Option<&'static str> {
    RETIRED.iter().find(|(retired, _)| *retired == name).map(|(_, why)| *why)
}

fn some_tags(reader: &mut Reader, at: &At<'_>) -> BTreeMap<String, Vec<String>> {
    let tags = tags(reader, at);
    if matches!(&at.node.value, yaml::Value::Mapping(entries) if entries.is_empty()) {
        let valid = "at least one key with its values; or no such field, for every instance";
        reader.refuse(&at.path, at.node.place, "there is no tag in it", valid);
    }
    tags
}

fn tags(reader: &mut Reader, at: &At<'_>) -> BTreeMap<String, Vec<String>> {
    let Some(entries) = reader.entries(at, "tag keys with lists of values, such as {Patch: [enabled]}") else {
        return BTreeMap::new();
    };
    if entries.len() > MAX_TAGS {
        let problem = format!("there are {} tag keys", entries.len());
        reader.refuse(&at.path, at.node.place, problem, format!("at most {MAX_TAGS}, as an instance has"));
        return BTreeMap::new();
    }
    let mut tags = BTreeMap::new();
    for (key, place, node) in entries {
        let path = join(&at.path, key);
        if !(1..=MAX_TAG_KEY).contains(&key.chars().count()) {
            let problem = format!("the tag key {} has {} characters", quote(key), key.chars().count());
            reader.refuse(&path, place, problem, format!("1 to {MAX_TAG_KEY} characters"));
        }
        tags.insert(key.to_owned(), tag_values(reader, &At { path, node }));
    }
    tags
}

fn tag_values(reader: &mut Reader, at: &At<'_>) -> Vec<String> {
    let example = match &at.node.value {
        yaml::Value::Scalar { text, kind: yaml::Kind::Text } if !text.is_empty() && text.len() < 40 => quote(text),
        yaml::Value::Scalar { text, .. } if !text.is_empty() && text.len() < 40 => {
            format!("\"{text}\"")
        }
        _ => "enabled".to_owned(),
    };
    let items = reader.list_of_some(at, &format!("a list of the values that match, such as [{example}]"));
    let mut found = Vec::new();
    for item in items {
        let Some(value) = reader.text(&item, "a tag value") else {
            continue;
        };
        let length = value.value.chars().count();
        if length > MAX_TAG_VALUE {
            let problem = format!("the tag value {} has {length} characters", quote(&value.value));
            reader.refuse(&item.path, value.place, problem, format!("at most {MAX_TAG_VALUE} characters"));
        }
        found.push(value);
    }
    values(reader.unique(found))
}

fn reboot(reader: &mut Reader, at: &At<'_>) -> Option<Reboot> {
    let name = reader.one_of(at, &["if-needed", "never"])?;
    Some(if name.value == "never" { Reboot::Never } else { Reboot::IfNeeded })
}

fn rate(reader: &mut Reader, at: &At<'_>) -> Rate {
    let mut rate = Rate::default();
    let Some(fields) = reader.fields(at, &RATE) else {
        return rate;
    };
    if let Some(targets) = fields.get("targets").and_then(|at| reader.whole(&at, 1, MAX_TARGETS)) {
        rate.targets = targets;
    }
    if let Some(found) = fields.get("maxConcurrency").and_then(|at| reader.form(&at, &MAX_CONCURRENCY)) {
        rate.max_concurrency = found.value;
    }
    if let Some(found) = fields.get("maxErrors").and_then(|at| reader.form(&at, &MAX_ERRORS)) {
        rate.max_errors = found.value;
    }
    rate
}

pub(super) fn gate(reader: &mut Reader, at: &At<'_>) -> Gate {
    let Some(fields) = reader.fields(at, &GATE) else {
        return Gate::default();
    };
    Gate {
        max_failed_percent: percent(reader, fields.get("maxFailedPercent")),
        max_unreachable_percent: percent(reader, fields.get("maxUnreachablePercent")),
        min_succeeded: fields
            .get("minSucceeded")
            .and_then(|at| reader.whole(&at, 0, MAX_SUCCEEDED))
            .unwrap_or_default(),
    }
}

fn percent(reader: &mut Reader, at: Option<At<'_>>) -> u8 {
    at.and_then(|at| reader.whole(&at, 0, 100)).and_then(|number| u8::try_from(number).ok()).unwrap_or_default()
}

/// What a name is that is no field of the mapping where it stands.
pub(super) fn explain_field(name: &str) -> Option<String> {
    if LATER.contains(&name) {
        return Some("this version of orgpatch does not know it yet, so it would do nothing".to_owned());
    }
    let homes: Vec<&str> =
        MAPPINGS.iter().filter(|(_, names)| names.known.contains(&name)).map(|(home, _)| *home).collect();
    (!homes.is_empty()).then(|| format!("it belongs in {}", homes.join(" or ")))
}
