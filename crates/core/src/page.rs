//! `report.html`: the template of the page with the report in it, as JSON that may stand inside a script element.
//!
//! The template and the compact spelling of the report are described in `crates/report/page/README.md`;
//! `tools/compact.mjs` there is the reference.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde_json::ser::Formatter;
use serde_json::{Map, Value};

use crate::contract::InstanceRow;
use crate::report::Report;

/// Where the template takes the report. It is there exactly once.
pub const PLACEHOLDER: &str = "@@REPORT_JSON@@";

/// The lists of an instance whose entries are numbers in the page, as `src/model/load.ts` reads them. `reason` is the
/// only single value that is one.
const NUMBERED: [&str; 6] = ["findings", "missingBefore", "installed", "failed", "missingAfter", "commandIds"];

/// Writes the page. `head` is the report without its instances, which are `rows`: so they are never in memory twice.
pub fn write(mut out: impl Write, template: &str, head: &Report, rows: &[InstanceRow]) -> io::Result<()> {
    let (before, after) = template
        .split_once(PLACEHOLDER)
        .ok_or_else(|| io::Error::other(format!("no {PLACEHOLDER} in the template")))?;
    let Value::Object(mut head) = serde_json::to_value(head)? else {
        return Err(io::Error::other("a report is not an object"));
    };
    head.remove("instances");
    out.write_all(before.as_bytes())?;
    let page = Page { head: &head, rows, dictionary: RefCell::default() };
    page.serialize(&mut serde_json::Serializer::with_formatter(&mut out, ForScriptElement))?;
    out.write_all(after.as_bytes())
}

/// The report in the compact spelling.
struct Page<'r> {
    head: &'r Map<String, Value>,
    rows: &'r [InstanceRow],
    dictionary: RefCell<Dictionary>,
}

impl Serialize for Page<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.head {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("instances", &Rows(self))?;
        // Known only now, and therefore the last.
        map.serialize_entry("dictionary", &self.dictionary.borrow().values)?;
        map.end()
    }
}

/// The instances, each made short when its turn comes.
struct Rows<'r>(&'r Page<'r>);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.rows.len()))?;
        for row in self.0.rows {
            let row = serde_json::to_value(row).map_err(serde::ser::Error::custom)?;
            list.serialize_element(&self.0.dictionary.borrow_mut().shorten(row))?;
        }
        list.end()
    }
}

/// Values with their numbers, in order of appearance.
#[derive(Default)]
struct Dictionary {
    numbers: HashMap<String, usize>,
    values: Vec<Value>,
}

impl Dictionary {
    /// A row with numbers in place of what repeats, without nulls and empty lists.
    fn shorten(&mut self, row: Value) -> Value {
        let Value::Object(fields) = row else { return row };
        let mut short = Map::new();
        for (name, value) in fields {
            let value = match value {
                Value::Null => continue,
                Value::Array(entries) if entries.is_empty() => continue,
                Value::Array(entries) if NUMBERED.contains(&name.as_str()) => {
                    entries.into_iter().map(|entry| self.number(entry)).collect()
                }
                value if name == "reason" => self.number(value),
                value => value,
            };
            short.insert(name, value);
        }
        Value::Object(short)
    }

    fn number(&mut self, value: Value) -> Value {
        let next = self.values.len();
        let number = *self.numbers.entry(value.to_string()).or_insert(next);
        if number == next {
            self.values.push(value);
        }
        number.into()
    }
}

/// JSON in which nothing ends a script element or opens a comment, and which older parsers of JavaScript take too.
struct ForScriptElement;

impl Formatter for ForScriptElement {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let mut behind = rest[at..].chars();
            if let Some(c) = behind.next() {
                write!(writer, "\\u{:04x}", u32::from(c))?;
            }
            rest = behind.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests;
