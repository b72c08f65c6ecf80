//! Compares the CSV files of a small report with the committed ones, byte for byte.

use orgpatch_engine::results::InstanceRow;
use orgpatch_model::outcome::Outcome;
use orgpatch_model::reason::ReasonCode;

use super::*;
use crate::fixtures;

/// Returns the whole file.
fn written(table: CsvFile, targets: &[ReportedChunk]) -> Vec<u8> {
    let mut bytes = Vec::new();
    table.head(&mut bytes).expect("written");
    for target in targets {
        table.lines(&mut bytes, target, Some(&jiff::tz::TimeZone::UTC)).expect("written");
    }
    bytes
}

#[test]
fn the_tables_are_the_committed_ones() {
    let targets: Vec<ReportedChunk> = fixtures::report().into_reported().collect();
    fixtures::assert_golden("instances.csv", &written(CsvFile::Instances, &targets));
    fixtures::assert_golden("patches.csv", &written(CsvFile::Patches, &targets));
}

#[test]
fn a_table_without_lines_still_says_what_its_columns_are() {
    let text = String::from_utf8(written(CsvFile::Instances, &[])).expect("UTF-8");
    assert!(text.starts_with("\u{feff}\"accountId\",") && text.ends_with("\"awsStatus\"\r\n"), "{text}");
}

#[test]
fn what_is_not_listed_is_counted() {
    let target = fixtures::target();
    let row = fixtures::instance(&target, "i-1", None, Outcome::Failed, ReasonCode::StillMissing);
    let listed = fixtures::report().instances.into_iter().flat_map(|row| row.missing_before).next();
    let mut patch = listed.expect("a patch");
    patch.more_cve_ids = 30;
    let row = InstanceRow { missing_before: vec![patch], more_missing_before: 7, more_missing_after: 5, ..row };
    let target = ReportedChunk { target: fixtures::report().targets.swap_remove(0), instances: vec![row], whole: None };
    let cells = |file| {
        let bytes = written(file, std::slice::from_ref(&target));
        let mut reader = csv::Reader::from_reader(&bytes[BYTE_ORDER_MARK.len()..]);
        let names = reader.headers().expect("names").clone();
        let record = reader.records().next().expect("a line").expect("a line");
        let cell = |(name, cell): (&str, &str)| (name.to_owned(), cell.to_owned());
        names.iter().zip(&record).map(cell).collect::<std::collections::BTreeMap<String, String>>()
    };
    let instance = cells(CsvFile::Instances);
    let numbers =
        ["missingBefore", "missingAfter", "moreMissingBefore", "moreMissingAfter"].map(|name| &instance[name]);
    assert_eq!(numbers, ["8", "5", "7", "5"]);
    let patch = cells(CsvFile::Patches);
    assert_eq!((patch["cveIds"].as_str(), patch["moreCveIds"].as_str()), ("CVE-2026-0001 CVE-2026-0002", "30"));
}

#[test]
fn every_instance_is_one_line_whatever_its_name_holds() {
    let target = fixtures::target();
    let long = "x".repeat(10_000);
    let names =
        ["a\r\nb", "\"", "=HYPERLINK(\"http://e.example\")", "\u{202e}abc", "</script>", &long, "\u{0}", "a,b;c\td"];
    let instances: Vec<InstanceRow> = names
        .iter()
        .enumerate()
        .map(|(n, name)| {
            fixtures::instance(&target, &format!("i-{n:017x}"), Some(name), Outcome::Patched, ReasonCode::ProvedByScan)
        })
        .collect();
    let rows = instances.clone();
    let target = ReportedChunk { target: fixtures::report().targets.swap_remove(0), instances, whole: None };
    let bytes = written(CsvFile::Instances, &[target]);
    let mut reader = csv::Reader::from_reader(&bytes[BYTE_ORDER_MARK.len()..]);
    let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("a table");
    assert_eq!(records.len(), rows.len());
    for (record, row) in records.iter().zip(&rows) {
        assert_eq!(record[6], row.instance_id);
        assert_eq!(record[7].replace('\'', ""), row.name.clone().unwrap_or_default());
    }
}
