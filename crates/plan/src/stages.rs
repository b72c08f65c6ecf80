//! Reads the stages, and checks them against each other: names, and organizational units or accounts named twice.

use std::collections::HashMap;

use super::baselines::{self, AlreadyReported, Inherited};
use super::conflicts::conflicts;
use super::decode::{At, Decoder, Located, quote, values};
use super::model::{Percent, Plan, Stage, StageExclusion, Wave};
use super::pattern::{ACCOUNT, Form, NAME, ORGANIZATIONAL_UNIT, WAVE};
use super::read::{STAGE, STAGE_EXCLUDE, gate, own, regions, selection};
use super::sharing::NotShared;
use super::working_time;
use super::yaml::Location;

pub(super) const MAX_STAGES: usize = 50;
pub(super) const MAX_WAVES: usize = 20;
/// The most steps of a run. A step is about twenty events in the execution of the run, which may have 25,000
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>), and more with each retry.
const MAX_STEPS: usize = 200;

/// The stages of a plan, and what is left to check when the whole plan is read.
#[derive(Default)]
pub(super) struct Stages {
    /// The stages.
    pub stages: Vec<Stage>,
    /// The organizational units and accounts that two of them name.
    pub named_by_two: Vec<NamedByTwo>,
}

/// An organizational unit or an account that two stages name.
pub(super) struct NamedByTwo {
    /// The indices of the stages.
    pub stages: (usize, usize),
    /// What people call them.
    pub labels: (String, String),
    /// Where the earlier one names it.
    pub first: Location,
    /// Where the later one does.
    pub second: Located<String>,
}

/// The names, units and accounts of the stages that were read before.
#[derive(Default)]
struct Taken {
    /// The index of the stage that is read. What is no stage has none.
    index: usize,
    /// Stage names in lower case, because two folders of the bucket must not differ only by case.
    names: HashMap<String, (String, Location)>,
    /// Organizational units and accounts, with the index and the label of the stage that names them.
    claims: HashMap<String, (usize, String, Location)>,
    named_by_two: Vec<NamedByTwo>,
}

pub(super) fn stages(decoder: &mut Decoder, at: &At<'_>, inherited: &Inherited) -> Stages {
    let valid = "a list of stages in the order of the run, each with a name and its ous or accounts";
    let items = decoder.list_of_some(at, valid);
    if items.len() > MAX_STAGES {
        let problem = format!("there are {} stages", items.len());
        decoder.refuse(&at.path, at.node.place, problem, format!("at most {MAX_STAGES}"));
        return Stages::default();
    }
    let mut taken = Taken::default();
    let mut reported = AlreadyReported::default();
    let mut stages: Vec<Stage> = Vec::with_capacity(items.len());
    for (nth, item) in items.iter().enumerate() {
        taken.index = stages.len();
        stages.extend(stage(decoder, (nth, item), &mut taken, inherited, &mut reported));
    }
    let steps: usize = stages.iter().map(|stage| stage.waves.len().max(1)).sum();
    if steps > MAX_STEPS {
        let problem = format!("the stages have {steps} steps, one for each wave");
        decoder.refuse(&at.path, at.node.place, problem, format!("at most {MAX_STEPS} steps"));
    }
    Stages { stages, named_by_two: taken.named_by_two }
}

fn stage(
    decoder: &mut Decoder,
    (nth, at): (usize, &At<'_>),
    taken: &mut Taken,
    inherited: &Inherited,
    reported: &mut AlreadyReported,
) -> Option<Stage> {
    let fields = decoder.fields(at, &STAGE)?;
    let name = fields.require(decoder, "name", NAME.valid).and_then(|at| decoder.form(&at, &NAME));
    if let Some(name) = &name {
        taken.name(decoder, name);
    }
    // A stage without a valid name is still compared with the others.
    let label = name.as_ref().map_or_else(|| at.path.clone(), |name| quote(&name.value));

    let ous = fields.get("ous").map(|at| claimed(decoder, &at, &ORGANIZATIONAL_UNIT));
    let accounts = fields.get("accounts").map(|at| claimed(decoder, &at, &ACCOUNT));
    let none = |list: &Option<(usize, Vec<Located<String>>)>| list.as_ref().is_none_or(|(written, _)| *written == 0);
    if none(&ous) && none(&accounts) && !fields.has_merge_key() {
        decoder.refuse(
            &at.path,
            at.node.place,
            format!("the stage {label} has neither organizational units nor accounts"),
            "ous: a list of organizational units, or accounts: a list of account ids, or both",
        );
    }
    let ous = ous.map(|(_, found)| found).unwrap_or_default();
    let accounts = accounts.map(|(_, found)| found).unwrap_or_default();
    for claim in ous.iter().chain(&accounts) {
        taken.claim(decoder, &label, claim);
    }
    let exclude = fields.get("exclude").map(|at| exclude(decoder, &at, &ous, &accounts));

    let before = decoder.mistakes();
    let select = fields.get("select").map(|at| selection(decoder, &at));
    let own = own(decoder, &fields, select.as_ref());
    let sound = inherited.sound && decoder.mistakes() == before;
    if nth == 0 {
        baselines::check_first(decoder, &label, &own);
    }
    if sound {
        let place = (at.path.as_str(), at.node.place);
        baselines::check(decoder, reported, (nth, &label), place, &own, inherited);
    }

    Some(Stage {
        name: name.map(|name| name.value).unwrap_or_default(),
        ous: values(ous),
        accounts: values(accounts),
        exclude: exclude.unwrap_or_default(),
        regions: fields.get("regions").map(|at| regions(decoder, &at)).unwrap_or_default(),
        select,
        baselines: own.baselines.values(),
        approve: own.approve.map(|approve| approve.value),
        untested: own.untested.map(|untested| untested.value),
        conflicts: fields.get("conflicts").map(|at| conflicts(decoder, &at)).unwrap_or_default(),
        waves: fields.get("waves").map(|at| waves(decoder, &at)).unwrap_or_default(),
        passes: fields.get("passes").and_then(|at| working_time::passes(decoder, &at)),
        deadline: fields.get("deadline").and_then(|at| working_time::deadline(decoder, &at)),
        gate: fields.get("gate").map(|at| gate(decoder, &at)).unwrap_or_default(),
    })
}

/// Reads a list of ids. Returns how many are written, and those that are valid.
fn claimed(decoder: &mut Decoder, at: &At<'_>, form: &Form) -> (usize, Vec<Located<String>>) {
    let items = decoder.list(at, &format!("a list; each item {}", form.valid));
    // A value that is not a list is a mistake already; the stage does not count as empty because of it.
    let written = if matches!(at.node.value, super::yaml::Value::List(_)) { items.len() } else { 1 };
    (written, items.iter().filter_map(|item| decoder.form(item, form)).collect())
}

impl Taken {
    fn name(&mut self, decoder: &mut Decoder, name: &Located<String>) {
        let folded = name.value.to_ascii_lowercase();
        match self.names.get(&folded) {
            None => {
                self.names.insert(folded, (name.value.clone(), name.place));
            }
            Some((first, place)) => decoder.refuse_with(
                (&name.path, name.place),
                format!("the stage name {} is taken by {} in line {}", quote(&name.value), quote(first), place.line),
                "a name of its own for each stage; upper and lower case do not count",
                (*place, "first used here"),
            ),
        }
    }

    fn claim(&mut self, decoder: &mut Decoder, stage: &str, claim: &Located<String>) {
        match self.claims.get(&claim.value) {
            None => {
                self.claims.insert(claim.value.clone(), (self.index, stage.to_owned(), claim.place));
            }
            Some((first, _, place)) if *first == self.index => decoder.refuse_with(
                (&claim.path, claim.place),
                format!("{} is named twice in stage {stage}, first in line {}", quote(&claim.value), place.line),
                "each organizational unit and account once",
                (*place, "first named here"),
            ),
            Some((first, label, place)) => self.named_by_two.push(NamedByTwo {
                stages: (*first, self.index),
                labels: (label.clone(), stage.to_owned()),
                first: *place,
                second: Located { value: claim.value.clone(), path: claim.path.clone(), place: claim.place },
            }),
        }
    }
}

/// Refuses what two stages name that may not share it.
pub(super) fn check_sharing(decoder: &mut Decoder, plan: &Plan, named_by_two: &[NamedByTwo]) {
    for NamedByTwo { stages: (first, second), labels, first: place, second: claim } in named_by_two {
        let (Some(one), Some(other)) = (plan.stages.get(*first), plan.stages.get(*second)) else { continue };
        let Err(why) = plan.may_share(one, other) else { continue };
        let both = format!(
            "{} is in two stages: {} in line {} and {} here",
            quote(&claim.value),
            labels.0,
            place.line,
            labels.1
        );
        let (problem, valid) = match why {
            NotShared::SameInstances => (
                both,
                "each organizational unit and account in one stage, or select: {tags: {…}} in both, with other values of one key",
            ),
            NotShared::Without(_) | NotShared::OneDefault(..) | NotShared::SameGroup(..) => (
                format!("{both}; {why}"),
                "another patchGroup in each baseline of these stages, or no baselines for them",
            ),
        };
        decoder.refuse_with((&claim.path, claim.place), problem, valid, (*place, "first named here"));
    }
}

fn exclude(
    decoder: &mut Decoder,
    at: &At<'_>,
    ous: &[Located<String>],
    accounts: &[Located<String>],
) -> StageExclusion {
    let Some(fields) = decoder.fields(at, &STAGE_EXCLUDE) else {
        return StageExclusion::default();
    };
    let mut read = |field: &str, form: &Form, named: &[Located<String>]| {
        let Some(at) = fields.get(field) else {
            return Vec::new();
        };
        let items = decoder.list(&at, &format!("a list; each item {}", form.valid));
        let excluded = decoder.forms(&items, form);
        for item in &excluded {
            if let Some(same) = named.iter().find(|same| same.value == item.value) {
                decoder.refuse_with(
                    (&item.path, item.place),
                    format!(
                        "{} is excluded from the stage that names it in line {}",
                        quote(&item.value),
                        same.place.line
                    ),
                    "an id that the stage does not name itself",
                    (same.place, "named here"),
                );
            }
        }
        values(excluded)
    };
    StageExclusion { accounts: read("accounts", &ACCOUNT, accounts), ous: read("ous", &ORGANIZATIONAL_UNIT, ous) }
}

fn waves(decoder: &mut Decoder, at: &At<'_>) -> Vec<Wave> {
    let items =
        decoder.list_of_some(at, "a list such as [1, \"50%\", \"100%\"]; or no such field, for all accounts at once");
    if items.len() > MAX_WAVES {
        let problem = format!("there are {} waves", items.len());
        decoder.refuse(&at.path, at.node.place, problem, format!("at most {MAX_WAVES}"));
        return Vec::new();
    }
    let mut waves: Vec<Located<Wave>> = Vec::new();
    for item in &items {
        let Some(wave) = decoder.form(item, &WAVE).and_then(|found| wave(&found.value)) else {
            continue;
        };
        grows(decoder, &waves, item, wave);
        waves.push(item.found(wave));
    }
    // Only if the last item is a wave; otherwise its own mistake is enough.
    if let (Some(last), Some(item)) = (waves.last(), items.last())
        && last.path == item.path
        && last.value != Wave::Percent(Percent::ALL)
    {
        let problem = format!("the last wave is {}, so accounts would be left over", last.value);
        decoder.refuse(&last.path, last.place, problem, "\"100%\" as the last wave");
    }
    waves.into_iter().map(|wave| wave.value).collect()
}

/// Checks that waves grow. It compares counts with counts and percentages with percentages; whether a count or a
/// percentage is more depends on the organization.
fn grows(decoder: &mut Decoder, before: &[Located<Wave>], item: &At<'_>, wave: Wave) {
    let smaller = before.iter().rev().find_map(|earlier| match (earlier.value, wave) {
        (Wave::Accounts(a), Wave::Accounts(b)) => Some((earlier, a < b)),
        (Wave::Percent(a), Wave::Percent(b)) => Some((earlier, a < b)),
        _ => None,
    });
    if let Some((earlier, false)) = smaller {
        decoder.refuse_with(
            (&item.path, item.node.place),
            format!("the wave {wave} is not more than {} before it", earlier.value),
            "waves that grow, because each is a share of the whole stage",
            (earlier.place, "the wave before"),
        );
    }
}

fn wave(text: &str) -> Option<Wave> {
    match text.strip_suffix('%') {
        None => text.parse().ok().map(Wave::Accounts),
        Some(percent) => percent.parse().ok().and_then(Percent::new).map(Wave::Percent),
    }
}
