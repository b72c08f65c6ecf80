//! The tags by which a plan selects instances and leaves them out.

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::decode::{At, Decoder, join, quote, values};
use super::yaml;

/// The most tags that an EC2 instance can have.
const MAX_TAGS: usize = 50;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;
/// The word for every value of a key.
const ANY: &str = "any";

/// Which values of a tag match: every one, or some that are compared as they are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum TagValues {
    /// Written `any`.
    Any(AnyValue),
    /// Written as a list.
    OneOf(Vec<String>),
}

/// The word `any`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AnyValue {
    /// Every value of the key, an empty one too.
    Any,
}

impl TagValues {
    /// Every value of the key.
    pub const ANY: Self = Self::Any(AnyValue::Any);

    /// Returns true if that value of the tag matches.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        match self {
            Self::Any(_) => true,
            Self::OneOf(values) => values.iter().any(|one| one == value),
        }
    }

    /// Returns true if no value matches both.
    #[must_use]
    pub fn is_disjoint(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::OneOf(values), Self::OneOf(others)) => values.iter().all(|value| !others.contains(value)),
            _ => false,
        }
    }

    /// Returns true if every value that matches `other` matches this, too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any(_), _) => true,
            (Self::OneOf(values), Self::OneOf(others)) => others.iter().all(|value| values.contains(value)),
            (Self::OneOf(_), Self::Any(_)) => false,
        }
    }

    /// Lets the values of `other` match, too.
    pub fn extend(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::OneOf(values), Self::OneOf(more)) => values.extend(more.iter().cloned()),
            _ => *self = Self::ANY,
        }
    }
}

impl fmt::Display for TagValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(_) => f.write_str("any value"),
            Self::OneOf(values) => f.write_str(&values.join(" or ")),
        }
    }
}

impl<const N: usize> From<[&str; N]> for TagValues {
    fn from(values: [&str; N]) -> Self {
        Self::OneOf(values.map(str::to_owned).into())
    }
}

/// Describes tag keys with values that match.
pub(super) fn schema(schema: &mut Schema) {
    schema.insert("maxProperties".to_owned(), json!(MAX_TAGS));
    schema.insert("propertyNames".to_owned(), json!({"minLength": 1, "maxLength": MAX_KEY}));
    let one = json!({"type": "string", "maxLength": MAX_VALUE, "pattern": "^[^*?]*$"});
    let one_of = json!({"type": "array", "items": one, "minItems": 1, "uniqueItems": true});
    schema.insert("additionalProperties".to_owned(), json!({"anyOf": [{"const": ANY}, one_of]}));
}

/// Reads tags of which there must be one. `without` says what no such field would mean.
pub(super) fn some_tags(decoder: &mut Decoder, at: &At<'_>, without: &str) -> BTreeMap<String, TagValues> {
    let tags = tags(decoder, at);
    if matches!(&at.node.value, yaml::Value::Mapping(entries) if entries.is_empty()) {
        let valid = format!("at least one key with its values; or no such field, {without}");
        decoder.refuse(&at.path, at.node.place, "there is no tag in it", valid);
    }
    tags
}

/// Reads tags.
pub(super) fn tags(decoder: &mut Decoder, at: &At<'_>) -> BTreeMap<String, TagValues> {
    let Some(entries) = decoder.entries(at, "tag keys with lists of values, such as {Patch: [enabled]}") else {
        return BTreeMap::new();
    };
    if entries.len() > MAX_TAGS {
        let problem = format!("there are {} tag keys", entries.len());
        decoder.refuse(&at.path, at.node.place, problem, format!("at most {MAX_TAGS}, as an instance has"));
        return BTreeMap::new();
    }
    let mut tags = BTreeMap::new();
    for (key, place, node) in entries {
        let path = join(&at.path, key);
        if !(1..=MAX_KEY).contains(&key.chars().count()) {
            let problem = format!("the tag key {} has {} characters", quote(key), key.chars().count());
            decoder.refuse(&path, place, problem, format!("1 to {MAX_KEY} characters"));
        }
        tags.insert(key.to_owned(), tag_values(decoder, &At { path, node }, key));
    }
    tags
}

fn tag_values(decoder: &mut Decoder, at: &At<'_>, key: &str) -> TagValues {
    let mut example = "enabled".to_owned();
    if let yaml::Value::Scalar { text, kind } = &at.node.value {
        if *kind == yaml::Kind::Text && text == ANY {
            return TagValues::ANY;
        }
        if is_wildcard(text) {
            refuse_wildcard(decoder, at, text, key);
            return TagValues::OneOf(Vec::new());
        }
        if !text.is_empty() && text.len() < 40 {
            example = if *kind == yaml::Kind::Text { quote(text) } else { format!("\"{text}\"") };
        }
    }
    let valid = format!("a list of the values that match, such as [{example}], or {ANY} for every value");
    let items = decoder.list_of_some(at, &valid);
    let mut found = Vec::new();
    for item in items {
        let Some(value) = decoder.text(&item, "a tag value") else {
            continue;
        };
        let length = value.value.chars().count();
        if length > MAX_VALUE {
            let problem = format!("the tag value {} has {length} characters", quote(&value.value));
            decoder.refuse(&item.path, value.place, problem, format!("at most {MAX_VALUE} characters"));
        }
        if is_wildcard(&value.value) {
            refuse_wildcard(decoder, &item, &value.value, key);
        }
        found.push(value);
    }
    TagValues::OneOf(values(decoder.unique(found)))
}

fn is_wildcard(value: &str) -> bool {
    value.contains(['*', '?'])
}

/// Tag values are compared as they are. A wildcard would match no instance, and an exclusion that excludes nothing patches what
/// its author wants to protect.
fn refuse_wildcard(decoder: &mut Decoder, at: &At<'_>, value: &str, key: &str) {
    let problem =
        format!("{} has a wildcard, and tag values are compared as they are, so it would match nothing", quote(value));
    let valid = format!("{}: {ANY} for every value of this key, or a list of the values in full", key_of(key));
    decoder.refuse(&at.path, at.node.place, problem, valid);
}

/// Returns a key as an author would write it.
fn key_of(key: &str) -> String {
    let is_plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_/.".contains(c));
    if is_plain { key.to_owned() } else { quote(key) }
}
