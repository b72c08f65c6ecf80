//! Writes `report.html`: the template of the page with the report in it, as JSON that is safe inside a script element.
//!
//! The template and the compact spelling of the report are described in `crates/report/page/README.md`;
//! `tools/compact.mjs` there is the reference.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use serde_json::value::RawValue;

use crate::Head;

/// The place of the report in the template, which has it exactly once.
pub const PLACEHOLDER: &str = "@@REPORT_JSON@@";

/// How many bytes of texts are remembered, so that repeated texts are written once: 16 MiB. Beyond that, new texts are
/// written each time, so the page grows and the function's memory does not.
const REMEMBERED: usize = 16 * 1024 * 1024;
/// The memory that a remembered text needs in addition to its own bytes.
const ENTRY: usize = 48;

/// A page while it is written: the instances first, then the targets, then the head.
pub struct HtmlPage<'t> {
    /// The template after the report.
    after: &'t str,
    texts: Texts,
    /// True if the current list has an entry.
    listed: bool,
}

impl<'t> HtmlPage<'t> {
    /// Writes the template up to the report, and the beginning of the report up to its first instance.
    pub fn begin(template: &'t str, out: &mut impl Write) -> io::Result<Self> {
        let (before, after) = template
            .split_once(PLACEHOLDER)
            .ok_or_else(|| io::Error::other(format!("no {PLACEHOLDER} in the template")))?;
        out.write_all(before.as_bytes())?;
        out.write_all(br#"{"instances":["#)?;
        Ok(Self { after, texts: Texts::remembering(REMEMBERED), listed: false })
    }

    /// Writes one more instance, given as JSON.
    pub fn instance(&mut self, out: &mut impl Write, json: &str) -> io::Result<()> {
        let short = shortened(json, &mut self.texts)?;
        self.entry(out, &short)
    }

    /// Ends the instances, and begins the targets.
    pub fn targets(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.listed = false;
        out.write_all(br#"],"targets":["#)
    }

    /// Writes one more target, given as JSON.
    pub fn target(&mut self, out: &mut impl Write, json: &str) -> io::Result<()> {
        self.entry(out, json)
    }

    /// Writes the head, and the rest of the template.
    pub fn end(&self, out: &mut impl Write, head: &Head) -> io::Result<()> {
        out.write_all(b"],")?;
        let head = serde_json::to_string(head)?;
        // The brace that begins the head was written before the instances.
        write_for_script(out, head.strip_prefix('{').unwrap_or(&head))?;
        out.write_all(self.after.as_bytes())
    }

    fn entry(&mut self, out: &mut impl Write, json: &str) -> io::Result<()> {
        if self.listed {
            out.write_all(b",")?;
        }
        self.listed = true;
        write_for_script(out, json)
    }
}

/// Returns an instance without nulls and empty lists. Its reason and the entries of its lists become numbers if the same
/// text was written before. Each of its passes is shortened in the same way, because their command ids make all of them
/// different.
fn shortened<'j>(json: &'j str, texts: &mut Texts) -> io::Result<String> {
    let fields: BTreeMap<&str, &'j RawValue> = serde_json::from_str(json)?;
    let mut short = String::with_capacity(json.len());
    for (name, value) in fields {
        let value = match value.get() {
            "null" | "[]" => continue,
            list if list.starts_with('[') => {
                let entries: Vec<&'j RawValue> = serde_json::from_str(list)?;
                let short = |entry: &'j RawValue| match name {
                    "passes" => shortened(entry.get(), texts).map(Cow::Owned),
                    _ => Ok(texts.placed(entry.get())),
                };
                let entries = entries.into_iter().map(short).collect::<io::Result<Vec<Cow<'_, str>>>>()?;
                Cow::Owned(format!("[{}]", entries.join(",")))
            }
            value if ["reason", "judgedBy", "neverReboot"].contains(&name) => texts.placed(value),
            value => Cow::Borrowed(value),
        };
        short.push_str(if short.is_empty() { "{\"" } else { ",\"" });
        short.push_str(name);
        short.push_str("\":");
        short.push_str(&value);
    }
    short.push('}');
    Ok(short)
}

/// Texts, numbered in the order of their appearance.
struct Texts {
    places: HashMap<Box<str>, usize>,
    /// How many texts have appeared, remembered or not.
    appeared: usize,
    /// How many bytes may still be remembered.
    room: usize,
}

impl Texts {
    fn remembering(bytes: usize) -> Self {
        Self { places: HashMap::new(), appeared: 0, room: bytes }
    }

    /// Returns the number of a text that has appeared before, or the text.
    fn placed<'j>(&mut self, json: &'j str) -> Cow<'j, str> {
        if let Some(place) = self.places.get(json) {
            return Cow::Owned(place.to_string());
        }
        if let Some(room) = self.room.checked_sub(json.len() + ENTRY) {
            self.room = room;
            self.places.insert(json.into(), self.appeared);
        }
        self.appeared += 1;
        Cow::Borrowed(json)
    }
}

/// Writes JSON so that nothing in it ends a script element or opens a comment, and so that older JavaScript parsers accept
/// it. The escaped characters occur only inside texts.
fn write_for_script(out: &mut impl Write, json: &str) -> io::Result<()> {
    let mut rest = json;
    while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        out.write_all(&rest.as_bytes()[..at])?;
        let mut behind = rest[at..].chars();
        if let Some(c) = behind.next() {
            write!(out, "\\u{:04x}", u32::from(c))?;
        }
        rest = behind.as_str();
    }
    out.write_all(rest.as_bytes())
}

#[cfg(test)]
mod tests;
