//! The strict reader of a plan document.

use orgpatch_model::operating_system::OperatingSystem;

use super::baselines::{self, APPROVE, BASELINE, GLOBAL_FILTERS, Inherited, Own, RULE, SOURCE};
use super::conflicts::{self, CONFLICTS};
use super::decode::{At, Decoder, Fields, Names, quote, values};
use super::error::{PlanError, PlanErrors};
use super::gate_validity::gate_validity;
use super::model::{Exclusion, Gate, NeverReboot, Plan, Rate, Reboot, Selection};
use super::pattern::{ACCOUNT, INSTANCE, NAME, REGION};
use super::share::Share;
use super::stages::{Stages, check_sharing, stages};
use super::tags;
use super::time_zone::time_zone;
use super::yaml::{self, Location};

/// The largest document that is read, in bytes. Plans need about a thousandth of it.
pub const MAX_BYTES: usize = 256 * 1024;
pub(super) const MAX_TARGETS: u32 = 1000;
/// More instances than one step can have.
pub(super) const MAX_SUCCEEDED: u32 = 1_000_000;

const PLAN: Names = names(&[
    "schemaVersion",
    "name",
    "timeZone",
    "regions",
    "allowUnknownRegions",
    "select",
    "reboot",
    "neverReboot",
    "conflicts",
    "rate",
    "gateValidFor",
    "baselines",
    "stages",
]);
const SELECT: Names = names(&["tags", "operatingSystems", "exclude"]);
const SELECT_EXCLUDE: Names = names(&["accounts", "instances", "tags"]);
const NEVER_REBOOT: Names = names(&["tags"]);
const RATE: Names = names(&["targets", "maxConcurrency", "maxErrors"]);
const GATE: Names =
    names(&["maxFailedPercent", "maxUnreachablePercent", "minSucceeded", "maxTargetsNotReached", "maxSkippedPercent"]);
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
    "passes",
    "deadline",
    "gate",
]);
pub(super) const STAGE_EXCLUDE: Names = names(&["accounts", "ous"]);

/// Every mapping of a plan, with the path that leads to it.
pub(super) const MAPPINGS: [(&str, &Names); 14] = [
    ("the plan itself", &PLAN),
    ("conflicts", &CONFLICTS),
    ("select", &SELECT),
    ("select.exclude", &SELECT_EXCLUDE),
    ("neverReboot", &NEVER_REBOOT),
    ("rate", &RATE),
    ("stages[]", &STAGE),
    ("stages[].exclude", &STAGE_EXCLUDE),
    ("stages[].gate", &GATE),
    ("baselines.<operating system>", &BASELINE),
    ("baselines.<operating system>.rules[]", &RULE),
    ("baselines.<operating system>.globalFilters", &GLOBAL_FILTERS),
    ("approve", &APPROVE),
    ("baselines.<operating system>.sources[]", &SOURCE),
];

/// Fields that later versions will have. The reader names them, so that they do not look like spelling mistakes or like
/// fields that already work.
const LATER: [&str; 4] = ["soak", "approval", "window", "calendars"];

/// Operating systems that Patch Manager no longer supports, although the API's enum still has them.
const RETIRED: [(&str, &str); 3] = [
    ("AMAZON_LINUX", "Patch Manager no longer supports Amazon Linux 1, which has ended"),
    ("AMAZON_LINUX_2022", "Patch Manager no longer supports it; its release is AMAZON_LINUX_2023"),
    ("RASPBIAN", "Patch Manager no longer supports it, and it does not run on EC2"),
];

const fn names(known: &'static [&'static str]) -> Names {
    Names { known, explain: explain_field }
}

/// Reads a plan document. Returns the plan, or every mistake at once, each with its line.
///
/// It does not check what only the organization can tell: whether an organizational unit exists, and whether an account
/// belongs to two stages.
pub fn read(text: &str) -> Result<Plan, PlanErrors> {
    read_with_warnings(text).map(|(plan, _)| plan)
}

/// Reads a plan document as [`read`] does. Beside a plan it returns what probably does not mean what it says, for example a
/// value of a filter that only AWS can know. A warning has the form of a mistake.
///
/// # Errors
/// The mistakes of the document.
pub fn read_with_warnings(text: &str) -> Result<(Plan, Vec<PlanError>), PlanErrors> {
    let mut decoder = Decoder::default();
    let plan = document(&mut decoder, text);
    let warnings = decoder.take_warnings(text);
    match (plan, decoder.into_errors(text)) {
        (Some(plan), errors) if errors.is_empty() => Ok((plan, warnings)),
        (_, errors) => Err(PlanErrors::new(errors)),
    }
}

fn document(decoder: &mut Decoder, text: &str) -> Option<Plan> {
    if text.len() > MAX_BYTES {
        // A document is read up to the limit and no further, so that its length is not known.
        let problem = format!("the document has more than {MAX_BYTES} bytes");
        decoder.refuse("", Location::START, problem, format!("at most {MAX_BYTES} bytes"));
        return None;
    }
    match yaml::load(text) {
        Ok(root) => plan(decoder, &At { path: String::new(), node: &root }),
        Err(error) => {
            decoder.refuse("", error.place, error.problem, error.valid);
            None
        }
    }
}

/// Reads the plan. It is None only together with a mistake. A wrong part gets its default, because the plan is not used
/// then.
fn plan(decoder: &mut Decoder, at: &At<'_>) -> Option<Plan> {
    let fields = decoder.fields(at, &PLAN)?;
    let schema_version = fields.require(decoder, "schemaVersion", "1").and_then(|at| schema_version(decoder, &at));
    let name = fields.require(decoder, "name", NAME.valid).and_then(|at| decoder.form(&at, &NAME));
    let time_zone = fields.get("timeZone").and_then(|at| time_zone(decoder, &at));
    // Before the first Region is read.
    let allow_unknown_regions = fields.get("allowUnknownRegions").map(|at| unknown_regions(decoder, &at));
    let regions = fields
        .require(decoder, "regions", "a list of Regions, such as [ap-northeast-1]")
        .map(|at| regions(decoder, &at));
    let before = decoder.mistakes();
    let select = fields.get("select").map(|at| selection(decoder, &at));
    let own = own(decoder, &fields, select.as_ref());
    let inherited = Inherited { own, sound: decoder.mistakes() == before };
    let reboot = fields.get("reboot").and_then(|at| reboot(decoder, &at));
    let never_reboot = fields.get("neverReboot").map(|at| never_reboot(decoder, &at, reboot));
    let conflicts = fields.get("conflicts").map(|at| conflicts::conflicts(decoder, &at));
    let rate = fields.get("rate").map(|at| rate(decoder, &at));
    let gate_valid_for = fields.get("gateValidFor").and_then(|at| gate_validity(decoder, &at));
    let stages = fields
        .require(
            decoder,
            "stages",
            "a list of stages in the order of the run, each with a name and its ous or accounts",
        )
        .map(|at| stages(decoder, &at, &inherited));
    let is_whole = schema_version.is_some() && name.is_some() && regions.is_some() && stages.is_some();
    let Stages { stages, named_by_two } = stages.unwrap_or_default();
    let plan = Plan {
        schema_version: schema_version.unwrap_or_default(),
        name: name.map(|name| name.value).unwrap_or_default(),
        time_zone,
        regions: regions.unwrap_or_default(),
        allow_unknown_regions: allow_unknown_regions.unwrap_or_default(),
        select: select.unwrap_or_default(),
        reboot: reboot.unwrap_or_default(),
        never_reboot: never_reboot.unwrap_or_default(),
        conflicts: conflicts.unwrap_or_default(),
        rate: rate.unwrap_or_default(),
        gate_valid_for,
        baselines: inherited.own.baselines.values(),
        stages,
    };
    check_sharing(decoder, &plan, &named_by_two);
    is_whole.then_some(plan)
}

fn schema_version(decoder: &mut Decoder, at: &At<'_>) -> Option<u32> {
    let yaml::Value::Scalar { text, kind: yaml::Kind::Number } = &at.node.value else {
        return decoder.whole(at, 1, 1);
    };
    if text != "1" {
        let problem = format!("the version {} is not known to this version of orgpatch", quote(text));
        decoder.refuse(&at.path, at.node.place, problem, "1");
        return None;
    }
    Some(1)
}

fn unknown_regions(decoder: &mut Decoder, at: &At<'_>) -> Vec<String> {
    let items = decoder.list_of_some(at, "a list of Regions that are newer than this version of orgpatch");
    let found = values(decoder.forms(&items, &REGION));
    decoder.allow_regions(found.clone());
    found
}

pub(super) fn regions(decoder: &mut Decoder, at: &At<'_>) -> Vec<String> {
    let items = decoder.list_of_some(at, "a list of Regions, such as [ap-northeast-1, ap-northeast-3]");
    let found = decoder.forms(&items, &REGION);
    for region in &found {
        decoder.region(region);
    }
    values(found)
}

pub(super) fn selection(decoder: &mut Decoder, at: &At<'_>) -> Selection {
    let Some(fields) = decoder.fields(at, &SELECT) else {
        return Selection::default();
    };
    Selection {
        // An empty mapping would select every instance, which an author who removes the last tag does not intend.
        tags: fields.get("tags").map(|at| tags::some_tags(decoder, &at, "for every instance")).unwrap_or_default(),
        operating_systems: fields.get("operatingSystems").map(|at| operating_systems(decoder, &at)).unwrap_or_default(),
        exclude: fields.get("exclude").map(|at| exclusion(decoder, &at)).unwrap_or_default(),
    }
}

/// Reads the baselines of a plan or stage, and the fields that relate to them.
pub(super) fn own(decoder: &mut Decoder, fields: &Fields<'_>, select: Option<&Selection>) -> Own {
    let operating_systems = select.filter(|select| !select.operating_systems.is_empty()).and_then(|select| {
        let value = select.operating_systems.clone();
        fields.get("select").and_then(|at| at.child("operatingSystems")).map(|at| at.found(value))
    });
    Own {
        baselines: fields.get("baselines").map(|at| baselines::baselines(decoder, &at)).unwrap_or_default(),
        operating_systems,
        approve: fields.get("approve").and_then(|at| baselines::stage_approve(decoder, &at)),
        untested: fields.get("untested").and_then(|at| baselines::stage_untested(decoder, &at)),
    }
}

fn exclusion(decoder: &mut Decoder, at: &At<'_>) -> Exclusion {
    let Some(fields) = decoder.fields(at, &SELECT_EXCLUDE) else {
        return Exclusion::default();
    };
    let accounts = fields.get("accounts").map(|at| {
        let items = decoder.list(&at, "a list of account ids");
        values(decoder.forms(&items, &ACCOUNT))
    });
    let instances = fields.get("instances").map(|at| {
        let items = decoder.list(&at, "a list of instance ids");
        values(decoder.forms(&items, &INSTANCE))
    });
    Exclusion {
        accounts: accounts.unwrap_or_default(),
        instances: instances.unwrap_or_default(),
        tags: fields.get("tags").map(|at| tags::tags(decoder, &at)).unwrap_or_default(),
    }
}

fn operating_systems(decoder: &mut Decoder, at: &At<'_>) -> Vec<OperatingSystem> {
    let names = OperatingSystem::ALL.map(OperatingSystem::name);
    let items = decoder.list_of_some(at, &format!("a list of {}; or no such field, for all of them", names.join(", ")));
    let mut found = Vec::new();
    for item in items {
        let Some(name) = decoder.text(&item, &names.join(", ")) else {
            continue;
        };
        match retired(&name.value) {
            Some(why) => {
                decoder.refuse(
                    &item.path,
                    name.place,
                    format!("{} is not valid: {why}", quote(&name.value)),
                    names.join(", "),
                );
            }
            None => found.extend(decoder.operating_system(&item, &names).map(|name| item.found(name.value.to_owned()))),
        }
    }
    values(decoder.unique(found)).iter().filter_map(|name| OperatingSystem::from_name(name)).collect()
}

/// Returns why an operating system of the API's enum is no longer valid.
pub(super) fn retired(name: &str) -> Option<&'static str> {
    RETIRED.iter().find(|(retired, _)| *retired == name).map(|(_, why)| *why)
}

fn reboot(decoder: &mut Decoder, at: &At<'_>) -> Option<Reboot> {
    let name = decoder.one_of(at, &["if-needed", "never"])?;
    Some(if name.value == "never" { Reboot::Never } else { Reboot::IfNeeded })
}

fn never_reboot(decoder: &mut Decoder, at: &At<'_>, reboot: Option<Reboot>) -> NeverReboot {
    let Some(fields) = decoder.fields(at, &NEVER_REBOOT) else {
        return NeverReboot::default();
    };
    if reboot == Some(Reboot::Never) {
        // An author who writes both expects that the others reboot.
        let problem = "it changes nothing, because `reboot: never` holds for every instance";
        decoder.refuse(&at.path, at.node.place, problem, "reboot: if-needed, or no neverReboot");
    }
    let tags = fields.require(decoder, "tags", "tag keys with lists of values, such as {Role: [database]}");
    NeverReboot {
        tags: tags.map(|at| tags::some_tags(decoder, &at, "to let every instance reboot")).unwrap_or_default(),
    }
}

fn rate(decoder: &mut Decoder, at: &At<'_>) -> Rate {
    let mut rate = Rate::default();
    let Some(fields) = decoder.fields(at, &RATE) else {
        return rate;
    };
    if let Some(targets) = fields.get("targets").and_then(|at| decoder.whole(&at, 1, MAX_TARGETS)) {
        rate.targets = targets;
    }
    rate.max_concurrency = share(decoder, fields.get("maxConcurrency")).unwrap_or(rate.max_concurrency);
    rate.max_errors = share(decoder, fields.get("maxErrors")).unwrap_or(rate.max_errors);
    rate
}

fn share<const MINIMUM: u32>(decoder: &mut Decoder, at: Option<At<'_>>) -> Option<Share<MINIMUM>> {
    // A text of the form is a share.
    decoder.form(&at?, Share::<MINIMUM>::form())?.value.parse().ok()
}

pub(super) fn gate(decoder: &mut Decoder, at: &At<'_>) -> Gate {
    let Some(fields) = decoder.fields(at, &GATE) else {
        return Gate::default();
    };
    Gate {
        max_failed_percent: percent(decoder, fields.get("maxFailedPercent")).unwrap_or_default(),
        max_unreachable_percent: percent(decoder, fields.get("maxUnreachablePercent")).unwrap_or_default(),
        min_succeeded: fields.get("minSucceeded").and_then(|at| decoder.whole(&at, 0, MAX_SUCCEEDED)),
        max_targets_not_reached: share(decoder, fields.get("maxTargetsNotReached")),
        max_skipped_percent: percent(decoder, fields.get("maxSkippedPercent")),
    }
}

fn percent(decoder: &mut Decoder, at: Option<At<'_>>) -> Option<u8> {
    at.and_then(|at| decoder.whole(&at, 0, 100)).and_then(|number| u8::try_from(number).ok())
}

/// Explains a name that is not a field of its mapping: where it belongs, or that a later version will have it.
pub(super) fn explain_field(name: &str) -> Option<String> {
    if LATER.contains(&name) {
        return Some("this version of orgpatch does not know it yet, so it would do nothing".to_owned());
    }
    let homes: Vec<&str> =
        MAPPINGS.iter().filter(|(_, names)| names.known.contains(&name)).map(|(home, _)| *home).collect();
    (!homes.is_empty()).then(|| format!("it belongs in {}", homes.join(" or ")))
}
