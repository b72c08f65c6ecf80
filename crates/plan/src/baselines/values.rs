//! Checks the values of patch filters: which of them a patch of an operating system can have.
//!
//! The lists are in `orgpatch-facts`. A value that no patch can have is refused. Where the sources leave it open, it is a
//! warning: AWS decides then, and what it refuses becomes rows of the report.

use orgpatch_facts::patch_values::{self, Property};
use orgpatch_model::operating_system::OperatingSystem;

use super::super::decode::{Decoder, Located, quote};
use super::super::suggest::{did_you_mean, letters, nearest, value_meant};
use super::FilterKey;

/// The filters of one rule, as they are written.
pub(super) type Filters = Vec<(FilterKey, Vec<Located<String>>)>;

/// The patch set of a rule without `patchSet`.
const DEFAULT_SET: &str = "OS";
const APPLICATION: &str = "APPLICATION";

/// What the lists say of one filter of a rule.
struct Known {
    os: OperatingSystem,
    key: FilterKey,
    /// The patch sets of the rule.
    sets: Vec<String>,
    documented: Vec<&'static str>,
    in_doubt: Vec<&'static str>,
    open: bool,
}

/// The patch sets of a rule without `patchSet`.
pub(super) const OF_A_RULE: &[&str] = &[DEFAULT_SET];
/// Those of the global filters of a baseline, whose rules may be about either.
pub(super) const OF_A_BASELINE: &[&str] = &[DEFAULT_SET, APPLICATION];

/// Checks the filters of a rule or of a baseline. `otherwise` are its patch sets if it names none.
pub(super) fn check(decoder: &mut Decoder, os: OperatingSystem, filters: &Filters, otherwise: &[&str]) {
    let sets = filters.iter().find(|(key, _)| *key == FilterKey::PatchSet).map_or_else(
        || otherwise.iter().map(|set| (*set).to_owned()).collect::<Vec<_>>(),
        |(_, values)| values.iter().map(|found| found.value.clone()).collect(),
    );
    for (key, values) in filters {
        check_each(decoder, &Known::of(os, *key, &sets), values);
    }
}

/// Checks the products of a source.
pub(super) fn check_products(decoder: &mut Decoder, os: OperatingSystem, products: &[Located<String>]) {
    check_each(decoder, &Known::of(os, FilterKey::Product, &[DEFAULT_SET.to_owned()]), products);
}

/// Returns the values of a filter that a source names.
#[cfg(test)]
pub(crate) fn documented(os: OperatingSystem, key: FilterKey) -> Vec<&'static str> {
    Known::of(os, key, &[DEFAULT_SET.to_owned()]).documented
}

fn check_each(decoder: &mut Decoder, known: &Known, values: &[Located<String>]) {
    // The reader of `patchSet` knows its two values.
    if known.key == FilterKey::PatchSet {
        return;
    }
    for found in values {
        match known.judge(&found.value) {
            Judgement::Possible => {}
            Judgement::Impossible(problem, valid) => decoder.refuse(&found.path, found.place, problem, valid),
            Judgement::Open(problem, valid) => decoder.warn(&found.path, found.place, problem, valid),
        }
    }
}

/// Whether a patch can have a value; if not, or if no source says so, the problem and what is valid.
enum Judgement {
    Possible,
    Impossible(String, String),
    Open(String, String),
}

impl Known {
    fn of(os: OperatingSystem, key: FilterKey, sets: &[String]) -> Self {
        let of_rule = |property: &&Property| property.patch_set.as_ref().is_none_or(|set| sets.contains(set));
        let lists: Vec<&Property> = patch_values::of(os.name(), key.api_name()).filter(of_rule).collect();
        let flat = |of: fn(&'static Property) -> &'static [String]| {
            let all = patch_values::of(os.name(), key.api_name()).filter(of_rule);
            all.flat_map(of).map(String::as_str).collect()
        };
        Self {
            os,
            key,
            sets: sets.to_vec(),
            documented: flat(|property| &property.documented),
            in_doubt: flat(|property| &property.in_doubt),
            open: lists.iter().any(|property| property.open),
        }
    }

    fn judge(&self, value: &str) -> Judgement {
        let noun = self.key.noun();
        if value == "*" || self.documented.contains(&value) {
            return Judgement::Possible;
        }
        if value.eq_ignore_ascii_case("all") {
            let problem = format!("{} is the console's word for every value (did you mean *?)", quote(value));
            return Judgement::Impossible(problem, "\"*\" for every value".to_owned());
        }
        if value.contains('*') {
            let problem = format!("{} has a * beside other letters, which matches no {noun}", quote(value));
            return Judgement::Impossible(problem, "whole values, or \"*\" alone for every value".to_owned());
        }
        if let Some(judgement) = self.of_applications(value) {
            return judgement;
        }
        let near = nearest(value, self.documented.iter().copied());
        let is_misspelled = near.is_some_and(|near| letters(near) == letters(value));
        if let Some(doubted) = self.in_doubt.iter().find(|doubted| letters(doubted) == letters(value)) {
            let value = *doubted;
            let problem = format!("no source says that patches of {} have the {noun} {}", self.os, quote(value));
            return Judgement::Open(problem + &self.meant(value), self.in_account());
        }
        if let Some(home) = (!is_misspelled).then(|| self.home(value)).flatten() {
            let problem = format!("{} is {home}{}", quote(value), self.meant(value));
            return Judgement::Impossible(problem, self.valid());
        }
        if self.open {
            let hint = near.map(|near| format!(" (nearest: {near})")).unwrap_or_default();
            let problem = format!("{} is no {noun} of {} that any source names{hint}", quote(value), self.os);
            return Judgement::Open(problem, self.in_account());
        }
        Judgement::Impossible(
            format!("{} is no {noun} of {}{}", quote(value), self.os, self.meant(value)),
            self.valid(),
        )
    }

    /// Judges a value that only the other patch set of Windows has. Without `patchSet` AWS compares a rule with the values
    /// of the operating system.
    fn of_applications(&self, value: &str) -> Option<Judgement> {
        if self.sets.iter().any(|set| set == APPLICATION) {
            return None;
        }
        let mut others = patch_values::of(self.os.name(), self.key.api_name())
            .filter(|property| property.patch_set.as_deref() == Some(APPLICATION));
        let is_there = others.any(|property| property.documented.iter().any(|known| letters(known) == letters(value)));
        is_there.then(|| {
            let noun = self.key.noun();
            Judgement::Open(
                format!("{} is a {noun} of applications, and the rule is about the operating system", quote(value)),
                "patchSet: [APPLICATION] in this rule".to_owned(),
            )
        })
    }

    /// Says what a value is that belongs to another filter or to another operating system.
    fn home(&self, value: &str) -> Option<String> {
        let (own, noun) = (self.os.name(), self.key.noun());
        let has = |property: &Property| property.documented.iter().any(|known| letters(known) == letters(value));
        let homes = || patch_values::all().iter().filter(|property| has(property));
        let of_own = |property: &&Property| property.systems.iter().any(|name| name == own);
        let kind = |property: &Property| FilterKey::from_api_name(&property.key);
        if let Some(other) = homes().filter(of_own).filter_map(kind).find(|key| *key != self.key) {
            return Some(format!("{}, not {}", other.one(), self.key.one()));
        }
        let foreign = || homes().filter(|property| !of_own(property));
        if let Some(other) = foreign().find(|property| property.key == self.key.api_name()) {
            return Some(format!("{} of {}, not of {own}", self.key.one(), system(other)));
        }
        if let Some((other, key)) = foreign().find_map(|property| Some((property, kind(property)?))) {
            return Some(format!("{} of {}, not {} of {own}", key.one(), system(other), self.key.one()));
        }
        let other = (self.key == FilterKey::Product).then(|| family(value)).flatten()?;
        (!self.documented.iter().any(|known| stem(known) == stem(value)))
            .then(|| format!("a {noun} of {}, not of {own}", system(other)))
    }

    fn meant(&self, value: &str) -> String {
        did_you_mean(value_meant(value, &self.documented))
    }

    fn valid(&self) -> String {
        if self.open { self.in_account() } else { format!("{}, or * for every value", self.documented.join(", ")) }
    }

    /// Says what is valid where only AWS knows the whole list.
    fn in_account(&self) -> String {
        let mut command = format!(
            "aws ssm describe-patch-properties --operating-system {} --property {}",
            self.os,
            self.key.api_name()
        );
        if self.sets.iter().any(|set| set == APPLICATION) {
            command.push_str(" --patch-set APPLICATION");
        }
        format!("a value that `{command}` lists, or * for every value; AWS refuses a baseline with another one")
    }
}

/// Returns the operating system whose products have the beginning of a value, such as `Ubuntu` of `Ubuntu26.04`.
fn family(value: &str) -> Option<&'static Property> {
    let products = || patch_values::all().iter().filter(|property| property.key == FilterKey::Product.api_name());
    let stem_of_value = stem(value);
    (!stem_of_value.is_empty())
        .then(|| products().find(|property| property.documented.iter().any(|known| stem(known) == stem_of_value)))
        .flatten()
}

/// Returns the letters of a product before its version; nothing for a product without a version.
fn stem(product: &str) -> String {
    let letters = letters(product);
    letters.find(|letter: char| letter.is_ascii_digit()).map(|end| letters[..end].to_owned()).unwrap_or_default()
}

/// Returns the operating system of a list, for people.
fn system(property: &'static Property) -> &'static str {
    match &property.systems[..] {
        [only] => only,
        _ => "other operating systems",
    }
}
