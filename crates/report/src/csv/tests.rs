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
        table.lines(&mut bytes, target).expect("written");
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
    assert!(text.starts_with("\u{feff}\"accountId\",") && text.ends_with("\"passes\"\r\n"), "{text}");
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
