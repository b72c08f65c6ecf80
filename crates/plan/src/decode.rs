//! Reads values of a known kind from the YAML tree. It collects every mistake and goes on after each.

use std::collections::{BTreeMap, HashMap};

use orgpatch_facts::regions::{Partition, partition_of, partitions};

use super::error::{PlanError, Related};
use super::lines::Lines;
use super::pattern::Form;
use super::suggest::{did_you_mean, nearest, system_meant};
use super::yaml::{Kind, Location, Node, Value};

/// How much of the plan's text a message repeats, in characters.
const LONGEST_QUOTE: usize = 60;

/// How many mistakes are kept. More do not help anyone who corrects a plan, and a document full of mistakes must not take
/// long.
const MOST_MISTAKES: usize = 200;

/// A value of the tree, and the path of fields that leads to it.
pub(super) struct At<'n> {
    pub path: String,
    pub node: &'n Node,
}

/// A value that was read, and its location in the document.
pub(super) struct Located<T> {
    pub value: T,
    pub path: String,
    pub place: Location,
}

/// The fields of one mapping. All of them are known.
pub(super) struct Fields<'n> {
    path: String,
    place: Location,
    entries: BTreeMap<&'n str, &'n Node>,
}

/// The field names that a mapping may have, and explanations for names that belong elsewhere.
pub(super) struct Names {
    /// The fields of this mapping.
    pub known: &'static [&'static str],
    /// Explains a name that is not one of them but is known elsewhere.
    pub explain: fn(&str) -> Option<String>,
}

/// Collects mistakes while values are read.
#[derive(Default)]
pub(super) struct Decoder {
    errors: Vec<(Location, Option<Location>, PlanError)>,
    /// Mistakes beyond those that are kept.
    more: usize,
    warnings: Vec<(Location, PlanError)>,
    /// The first Region whose partition is known.
    first_region: Option<(String, &'static Partition, Location)>,
    /// Regions that the plan names although the list of Regions lacks them.
    allowed_regions: Vec<String>,
}

impl<'n> Fields<'n> {
    /// Returns the value of a field, if it is there.
    pub fn get(&self, name: &str) -> Option<At<'n>> {
        let node = self.entries.get(name)?;
        Some(At { path: join(&self.path, name), node })
    }

    /// Returns the value of a field that must be there; if it is not, that is a mistake.
    pub fn require(&self, decoder: &mut Decoder, name: &str, valid: &str) -> Option<At<'n>> {
        let found = self.get(name);
        if found.is_none() {
            decoder.refuse(&self.path, self.place, format!("the field {name} is missing"), format!("{name}: {valid}"));
        }
        found
    }
}

impl Decoder {
    pub fn refuse(&mut self, path: &str, place: Location, problem: impl Into<String>, valid: impl Into<String>) {
        self.keep(path, place, problem.into(), valid.into(), None);
    }

    /// Adds a mistake that two places make together.
    pub fn refuse_with(
        &mut self,
        (path, place): (&str, Location),
        problem: impl Into<String>,
        valid: impl Into<String>,
        other: (Location, &str),
    ) {
        self.keep(path, place, problem.into(), valid.into(), Some(other));
    }

    fn keep(&mut self, path: &str, place: Location, problem: String, valid: String, other: Option<(Location, &str)>) {
        if self.errors.len() == MOST_MISTAKES {
            self.more += 1;
            return;
        }
        let related = other.map(|(other, text)| Related {
            line: other.line,
            column: other.column,
            span: 0..0,
            text: text.to_owned(),
        });
        let error = PlanError { related, ..unplaced(path, place, problem, valid) };
        self.errors.push((place, other.map(|(other, _)| other), error));
    }

    /// Adds a warning: the plan is valid, and probably does not mean what it says.
    pub fn warn(&mut self, path: &str, place: Location, problem: impl Into<String>, valid: impl Into<String>) {
        if self.warnings.len() < MOST_MISTAKES {
            self.warnings.push((place, unplaced(path, place, problem.into(), valid.into())));
        }
    }

    /// Returns every warning in the order of the lines, with its location in bytes of `text`.
    pub fn take_warnings(&mut self, text: &str) -> Vec<PlanError> {
        let lines = Lines::of(text);
        let placed = |(place, warning): (Location, PlanError)| PlanError { span: lines.span(place), ..warning };
        let mut warnings: Vec<PlanError> = self.warnings.drain(..).map(placed).collect();
        warnings.sort_by_key(|warning| (warning.line, warning.column));
        warnings
    }

    /// Takes these Regions for Regions, although the list of this version lacks them.
    pub fn allow_regions(&mut self, regions: Vec<String>) {
        self.allowed_regions = regions;
    }

    /// Checks that a Region exists, and compares its partition with that of the first Region of the plan: an organization is in
    /// one partition. A Region that the plan names as newer than the list is left to AWS.
    pub fn region(&mut self, region: &Located<String>) {
        let Some(partition) = partition_of(&region.value) else {
            if !self.allowed_regions.contains(&region.value) {
                self.refuse_region(region);
            }
            return;
        };
        let Some((first, expected, place)) = &self.first_region else {
            self.first_region = Some((region.value.clone(), partition, region.place));
            return;
        };
        if expected.id == partition.id {
            return;
        }
        let problem = format!(
            "{} is in the partition {}, but {first} in line {} is in {}; an organization is in one partition",
            region.value, partition.id, place.line, expected.id
        );
        let valid = format!(
            "Regions of one partition; for the other one, a plan of its own in an organization of {}",
            partition.id
        );
        let place = *place;
        self.refuse_with((&region.path, region.place), problem, valid, (place, "the first Region of the plan"));
    }

    fn refuse_region(&mut self, region: &Located<String>) {
        let known = partitions().iter().flat_map(|partition| &partition.regions).map(String::as_str);
        let hint = did_you_mean(nearest(&region.value, known));
        let problem = format!("{} is no Region that this version of orgpatch knows{hint}", quote(&region.value));
        let valid = format!(
            "the code of a Region; for one that is newer, name it in `allowUnknownRegions: [{}]`, too",
            region.value
        );
        self.refuse(&region.path, region.place, problem, valid);
    }

    /// Returns the number of mistakes so far.
    pub fn mistakes(&self) -> usize {
        self.errors.len() + self.more
    }

    /// Returns every mistake in the order of the lines, with its location in bytes of `text`.
    pub fn into_errors(self, text: &str) -> Vec<PlanError> {
        if self.errors.is_empty() {
            return Vec::new();
        }
        let lines = Lines::of(text);
        let mut errors: Vec<PlanError> = self
            .errors
            .into_iter()
            .map(|(place, other, mut error)| {
                error.span = lines.span(place);
                if let (Some(related), Some(other)) = (&mut error.related, other) {
                    related.span = lines.span(other);
                }
                error
            })
            .collect();
        errors.sort_by_key(|error| (error.line, error.column));
        if let (1.., Some(last)) = (self.more, errors.last().cloned()) {
            errors.push(PlanError {
                path: String::new(),
                problem: format!("there are {} more mistakes, which are not listed", self.more),
                valid: "fix the errors above, then validate again".to_owned(),
                related: None,
                ..last
            });
        }
        errors
    }

    fn refuse_value(&mut self, at: &At<'_>, problem: &str, valid: &str) {
        let problem =
            if at.node.is_null() { "there is no value".to_owned() } else { format!("{} {problem}", show(at.node)) };
        self.refuse(&at.path, at.node.place, problem, valid);
    }

    /// Reads the fields of a mapping. Names that it cannot have are mistakes.
    pub fn fields<'n>(&mut self, at: &At<'n>, names: &Names) -> Option<Fields<'n>> {
        let valid = names.known.join(", ");
        let mut entries = BTreeMap::new();
        for (key, place, node) in self.entries(at, &format!("the fields {valid}"))? {
            if names.known.contains(&key) {
                entries.insert(key, node);
                continue;
            }
            let hint = match (names.explain)(key) {
                Some(explained) => format!(": {explained}"),
                None => did_you_mean(nearest(key, names.known.iter().copied())),
            };
            self.refuse(&join(&at.path, key), place, format!("unknown field {}{hint}", quote(key)), valid.clone());
        }
        Some(Fields { path: at.path.clone(), place: at.node.place, entries })
    }

    /// Reads the entries of a mapping whose keys are texts, each once.
    pub fn entries<'n>(&mut self, at: &At<'n>, valid: &str) -> Option<Vec<(&'n str, Location, &'n Node)>> {
        let Value::Mapping(entries) = &at.node.value else {
            self.refuse_value(at, "is not a mapping of fields to values", valid);
            return None;
        };
        let mut places = HashMap::new();
        let mut found = Vec::new();
        for (key, value) in entries {
            let Value::Scalar { text, kind: Kind::Text } = &key.value else {
                self.refuse(
                    &at.path,
                    key.place,
                    format!("the key {} is not a text", show(key)),
                    "keys that are texts; quotes make a number or true a text",
                );
                continue;
            };
            if let Some(first) = places.insert(text.as_str(), key.place) {
                self.refuse_with(
                    (&join(&at.path, text), key.place),
                    format!("{} is written twice, first in line {}", quote(text), first.line),
                    "each key once",
                    (first, "first written here"),
                );
                continue;
            }
            found.push((text.as_str(), key.place, value));
        }
        Some(found)
    }

    /// Reads the items of a list.
    pub fn list<'n>(&mut self, at: &At<'n>, valid: &str) -> Vec<At<'n>> {
        if !matches!(&at.node.value, Value::List(_)) {
            self.refuse_value(at, "is not a list", valid);
        }
        at.items()
    }

    /// Reads the items of a list that must not be empty.
    pub fn list_of_some<'n>(&mut self, at: &At<'n>, valid: &str) -> Vec<At<'n>> {
        if matches!(&at.node.value, Value::List(items) if items.is_empty()) {
            self.refuse(&at.path, at.node.place, "the list is empty", valid);
        }
        self.list(at, valid)
    }

    /// Reads a text. A value that YAML reads as a number, boolean or null is a mistake, because other YAML readers would
    /// not see the same characters.
    pub fn text(&mut self, at: &At<'_>, valid: &str) -> Option<Located<String>> {
        match &at.node.value {
            Value::Scalar { text, kind: Kind::Text } => Some(at.found(text.clone())),
            Value::Scalar { text, kind } => {
                let (what, quoted) = match kind {
                    Kind::Number => ("is a number in YAML", format!("{valid} (as text in quotes: {})", quote(text))),
                    Kind::Boolean => ("is a boolean in YAML", format!("{valid} (as text in quotes: {})", quote(text))),
                    _ => ("", valid.to_owned()),
                };
                self.refuse_value(at, what, &quoted);
                None
            }
            value => {
                self.refuse_value(at, &not_a_text(value), valid);
                None
            }
        }
    }

    /// Reads a text of the given form.
    pub fn form(&mut self, at: &At<'_>, form: &Form) -> Option<Located<String>> {
        let found = match &at.node.value {
            // Taken as written, so `012345678901` keeps its zero.
            Value::Scalar { text, kind: Kind::Number } if form.digits_unquoted => at.found(text.clone()),
            _ => self.text(at, form.valid)?,
        };
        if form.matches(&found.value) {
            return Some(found);
        }
        self.refuse_value(at, "is not valid", form.valid);
        None
    }

    /// Reads a list of texts of the given form, each at most once.
    pub fn forms(&mut self, items: &[At<'_>], form: &Form) -> Vec<Located<String>> {
        let found = items.iter().filter_map(|item| self.form(item, form)).collect();
        self.unique(found)
    }

    /// Returns the list without duplicates. A duplicate is a mistake.
    pub fn unique(&mut self, items: Vec<Located<String>>) -> Vec<Located<String>> {
        let mut places = HashMap::new();
        let mut unique = Vec::new();
        for item in items {
            match places.get(&item.value) {
                None => {
                    places.insert(item.value.clone(), item.place);
                    unique.push(item);
                }
                Some(&first) => self.refuse_with(
                    (&item.path, item.place),
                    format!("{} stands twice in this list, first in line {}", quote(&item.value), first.line),
                    "each value once",
                    (first, "first written here"),
                ),
            }
        }
        unique
    }

    /// Reads one of a closed list of names.
    pub fn one_of<'c>(&mut self, at: &At<'_>, names: &[&'c str]) -> Option<Located<&'c str>> {
        let valid = names.join(", ");
        let found = self.text(at, &valid)?;
        if let Some(name) = names.iter().find(|name| **name == found.value) {
            return Some(at.found(name));
        }
        let hint = did_you_mean(nearest(&found.value, names.iter().copied()));
        self.refuse_value(at, &format!("is not known{hint}"), &valid);
        None
    }

    /// Reads the name of an operating system as plans have it. `names` are all of them.
    pub fn operating_system<'c>(&mut self, at: &At<'_>, names: &[&'c str]) -> Option<Located<&'c str>> {
        let valid = names.join(", ");
        let found = self.text(at, &valid)?;
        if let Some(name) = names.iter().find(|name| **name == found.value) {
            return Some(at.found(name));
        }
        self.refuse_value(at, &format!("is not known{}", did_you_mean(system_meant(&found.value))), &valid);
        None
    }

    /// Reads true or false.
    pub fn boolean(&mut self, at: &At<'_>) -> Option<bool> {
        if let Value::Scalar { text, kind: Kind::Boolean } = &at.node.value {
            return Some(text.eq_ignore_ascii_case("true"));
        }
        let problem = match &at.node.value {
            Value::Scalar { text, kind: Kind::Text } if text == "true" || text == "false" => {
                "is text because of its quotes"
            }
            _ => "is neither true nor false",
        };
        self.refuse_value(at, problem, "true, false");
        None
    }

    /// Reads a whole number from `min` to `max`.
    pub fn whole(&mut self, at: &At<'_>, min: u32, max: u32) -> Option<u32> {
        let valid = if min == max { min.to_string() } else { format!("a whole number from {min} to {max}") };
        let Value::Scalar { text, kind } = &at.node.value else {
            self.refuse_value(at, "is not a whole number", &valid);
            return None;
        };
        let digits = text.strip_prefix('-').unwrap_or(text);
        let decimal = !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            // 010 is ten in YAML 1.2 and eight in YAML 1.1, so it is not accepted.
            && (digits == "0" || !digits.starts_with('0'));
        let problem = match (kind, decimal) {
            (Kind::Text, true) => "is text because of its quotes, not a whole number".to_owned(),
            (Kind::Number, true) if text.starts_with('-') && digits != "0" => {
                format!("is under {min}")
            }
            (Kind::Number, true) => match digits.parse::<u32>() {
                Ok(number) if number < min => format!("is under {min}"),
                Ok(number) if number <= max => return Some(number),
                // A number with more digits than fit is over every maximum.
                _ => format!("is over {max}"),
            },
            _ if text.ends_with('%') => "has a percent sign and is not a whole number".to_owned(),
            _ => "is not a whole number".to_owned(),
        };
        self.refuse_value(at, &problem, &valid);
        None
    }
}

impl<'n> At<'n> {
    /// Returns the value of a key, if this is a mapping that has it.
    pub fn child(&self, key: &str) -> Option<At<'n>> {
        let Value::Mapping(entries) = &self.node.value else {
            return None;
        };
        let is_key = |node: &Node| matches!(&node.value, Value::Scalar { text, .. } if text == key);
        let (_, node) = entries.iter().find(|(name, _)| is_key(name))?;
        Some(At { path: join(&self.path, key), node })
    }

    /// Returns the items, if this is a list.
    pub fn items(&self) -> Vec<At<'n>> {
        let Value::List(items) = &self.node.value else {
            return Vec::new();
        };
        items.iter().enumerate().map(|(index, node)| At { path: format!("{}[{index}]", self.path), node }).collect()
    }

    pub fn found<T>(&self, value: T) -> Located<T> {
        Located { value, path: self.path.clone(), place: self.node.place }
    }
}

/// Returns a mistake or a warning without its location in bytes.
fn unplaced(path: &str, place: Location, problem: String, valid: String) -> PlanError {
    PlanError {
        line: place.line,
        column: place.column,
        span: 0..0,
        path: path.to_owned(),
        problem,
        valid,
        related: None,
    }
}

/// Returns the values without their locations.
pub(super) fn values(found: Vec<Located<String>>) -> Vec<String> {
    found.into_iter().map(|found| found.value).collect()
}

/// Returns a path with one more field. A key that is not a plain name is written in brackets.
pub(super) fn join(path: &str, key: &str) -> String {
    let plain = key.len() <= LONGEST_QUOTE
        && key.starts_with(|first: char| first.is_ascii_alphabetic())
        && key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-');
    match (plain, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => format!("{path}[{}]", quote(key)),
    }
}

/// Returns a text in quotes, on one line, short enough for a message.
pub(super) fn quote(text: &str) -> String {
    if text.chars().count() <= LONGEST_QUOTE {
        return format!("{text:?}");
    }
    let beginning: String = text.chars().take(LONGEST_QUOTE).collect();
    format!("{:?}", beginning + "…")
}

/// Says that a list or a mapping is not a text. A mapping of one value is mostly a text with a colon that has no quotes.
fn not_a_text(value: &Value) -> String {
    let Value::Mapping(entries) = value else {
        return "is not a text".to_owned();
    };
    match &entries[..] {
        [(Node { value: Value::Scalar { text: key, .. }, .. }, Node { value: Value::Scalar { text, .. }, .. })] => {
            format!("is not a text; a text with a colon needs quotes: {}", quote(&format!("{key}: {text}")))
        }
        _ => "is not a text; a text with braces or a colon needs quotes".to_owned(),
    }
}

/// Returns a value as a message names it.
fn show(node: &Node) -> String {
    match &node.value {
        Value::Scalar { text, kind: Kind::Number | Kind::Boolean } if text.len() <= 40 => text.clone(),
        Value::Scalar { text, .. } => quote(text),
        Value::List(_) => "a list".to_owned(),
        Value::Mapping(_) => "a mapping".to_owned(),
    }
}
