//! Writes `report.json` piece by piece: the instances as they come, then the targets, and last the head, although the head
//! is at the beginning of the file. People who open a large file see first how the run ended.

use std::io::{self, Write};

use super::Head;

/// The document while it is written.
#[derive(Debug, Default)]
pub struct Document {
    /// True if the current list has an entry.
    listed: bool,
}

impl Document {
    /// Writes one more instance as JSON, or, after [`Document::targets`], one more target.
    pub fn entry(&mut self, out: &mut impl Write, json: &str) -> io::Result<()> {
        out.write_all(if self.listed { b",\n" } else { b"\n" })?;
        self.listed = true;
        out.write_all(json.as_bytes())
    }

    /// Ends the instances, and begins the targets.
    pub fn targets(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.listed = false;
        out.write_all(b"\n],\"targets\":[")
    }

    /// Ends the document. Returns the beginning, which goes before everything that was written.
    pub fn end(&self, out: &mut impl Write, head: &Head) -> io::Result<Vec<u8>> {
        out.write_all(b"\n]}\n")?;
        let mut beginning = serde_json::to_vec(head)?;
        // The brace that ends the head is at the end of the document.
        beginning.pop();
        beginning.extend_from_slice(br#","instances":["#);
        Ok(beginning)
    }
}

#[cfg(test)]
mod tests {
    use orgpatch_model::outcome::Outcome;

    use super::*;
    use crate::comparison::Comparing;
    use crate::{Report, fixtures};

    fn written(report: &Report) -> String {
        let (mut document, mut out) = (Document::default(), Vec::new());
        for row in &report.instances {
            document.entry(&mut out, &serde_json::to_string(row).expect("JSON")).expect("written");
        }
        document.targets(&mut out).expect("written");
        for target in &report.targets {
            document.entry(&mut out, &serde_json::to_string(target).expect("JSON")).expect("written");
        }
        let mut text = document.end(&mut out, &report.head).expect("written");
        text.append(&mut out);
        String::from_utf8(text).expect("JSON is UTF-8")
    }

    #[test]
    fn the_pieces_are_the_report() {
        let report = fixtures::report();
        let text = written(&report);
        assert_eq!(serde_json::from_str::<Report>(&text).expect("a report"), report);
        let whole = serde_json::to_value(&report).expect("JSON");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).expect("JSON"), whole);
        assert!(text.starts_with(r#"{"schemaVersion":1,"run":{"id":"#), "{text}");
    }

    #[test]
    fn the_document_is_one_of_the_committed_ones() {
        let mut report = fixtures::report();
        let mut before = report.clone();
        before.head.run.id = "monthly-2026-10".into();
        before.instances[0].outcome = Outcome::Failed;
        before.instances[1].instance_id = "i-00000000000000009".into();
        let mut comparing = Comparing::with(serde_json::from_str(&written(&before)).expect("a report"));
        report.clone().into_reported().for_each(|target| comparing.add(&target));
        report.head.comparison = comparing.end(&report.head.steps);
        fixtures::assert_golden("report.json", written(&report).as_bytes());
    }

    #[test]
    fn a_report_of_nothing_is_one_too() {
        let mut report = fixtures::report();
        report.instances.clear();
        report.targets.clear();
        assert_eq!(serde_json::from_str::<Report>(&written(&report)).expect("a report"), report);
    }
}
