//! Checks that page, tables and summary say the same as `report.json`. Other code reads them than writes them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::evidence::{Evidence, Files};

/// Checks that a run with a report has all its files, and a run without one has none.
#[must_use]
pub fn a_report_has_all_its_files(evidence: &Evidence) -> Vec<String> {
    let Files { page, instances, patches, summary } = &evidence.files;
    let files =
        [("report.html", page), ("instances.csv", instances), ("patches.csv", patches), ("summary.md", summary)];
    let wrong = files.into_iter().filter(|(_, file)| file.is_some() != evidence.report.is_some());
    wrong
        .map(|(name, file)| match file {
            Some(_) => format!("there is a {name} without report.json"),
            None => format!("there is a report.json without {name}"),
        })
        .collect()
}

/// Checks that the JSON in the page is `report.json`, and that no character in it could end its script element.
#[must_use]
pub fn the_page_holds_the_report(evidence: &Evidence) -> Vec<String> {
    let Some(page) = &evidence.files.page else { return Vec::new() };
    let Some((_, rest)) = page.split_once("<script type=\"application/json\" id=\"report\">") else {
        return vec!["report.html has no report element".to_owned()];
    };
    let Some((text, _)) = rest.split_once("</script>") else {
        return vec!["the report element of report.html does not end".to_owned()];
    };
    let mut complaints = Vec::new();
    if text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        complaints.push("the report in report.html has signs that could end its element".to_owned());
    }
    match serde_json::from_str(text).map(|compact| expanded(compact, &evidence.report_text)) {
        Ok(report) if report == evidence.report_text => {}
        Ok(_) => complaints.push("the report in report.html is not the one in report.json".to_owned()),
        Err(error) => complaints.push(format!("the report in report.html cannot be read: {error}")),
    }
    complaints
}

/// Expands the compact spelling. Fields that it leaves out are added if they are null or empty in `like`. Numbers refer
/// to values in the order of the text. Fields of an instance are in the order of their names there, as in a `Value`.
fn expanded(mut compact: Value, like: &Value) -> Value {
    if let (Some(rows), Some(likes)) = (compact.get_mut("instances"), like.get("instances")) {
        expand(rows, likes, &mut Vec::new());
    }
    compact
}

/// Expands a list of instances, or of the passes of one.
fn expand(rows: &mut Value, likes: &Value, appeared: &mut Vec<Value>) {
    let rows = rows.as_array_mut().into_iter().flatten();
    for (row, like) in rows.zip(likes.as_array().into_iter().flatten()) {
        let (Some(row), Some(like)) = (row.as_object_mut(), like.as_object()) else { continue };
        for (name, value) in row.iter_mut() {
            match (value, like.get("passes")) {
                (passes, Some(likes)) if name == "passes" => expand(passes, likes, appeared),
                (Value::Array(entries), _) => entries.iter_mut().for_each(|entry| put_back(entry, appeared)),
                (reason, _) if ["reason", "judgedBy", "neverReboot"].contains(&name.as_str()) => {
                    put_back(reason, appeared);
                }
                _ => {}
            }
        }
        for (name, value) in like {
            if value.is_null() || value.as_array().is_some_and(Vec::is_empty) {
                row.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
    }
}

/// Puts the value in the place of its number.
fn put_back(value: &mut Value, appeared: &mut Vec<Value>) {
    match value.as_u64().and_then(|place| usize::try_from(place).ok()) {
        Some(place) => *value = appeared.get(place).cloned().unwrap_or_default(),
        None => appeared.push(value.clone()),
    }
}

/// Checks that `instances.csv` has a line per instance of the report and says the same.
#[must_use]
pub fn the_table_of_instances_is_the_report(evidence: &Evidence) -> Vec<String> {
    let (Some(report), Some(text)) = (&evidence.report, &evidence.files.instances) else { return Vec::new() };
    let lines = match table("instances.csv", text) {
        Ok(lines) => lines,
        Err(complaint) => return vec![complaint],
    };
    let cell =
        |line: &BTreeMap<String, String>, name: &str| plain(line.get(name).map_or("(no column)", String::as_str));
    let said: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let columns = ["accountId", "region", "instanceId", "name", "stage", "wave", "outcome", "reasonCode"];
            let columns = columns.into_iter().chain(["reason", "missingBefore", "installed", "failed", "missingAfter"]);
            let columns = columns.chain(["availabilityZone", "passes"]);
            columns.map(|name| cell(line, name)).collect()
        })
        .collect();
    let real: Vec<Vec<String>> = report
        .instances
        .iter()
        .map(|row| {
            let (before, after) = (row.count_missing_before(), row.count_missing_after());
            let patches = [before, row.installed.len(), row.failed.len(), after];
            let passes: Vec<&str> = row.passes.iter().map(|pass| pass.outcome.name()).collect();
            let texts = [&row.account_id, &row.region, &row.instance_id].into_iter().map(|text| plain(text));
            texts
                .chain([plain(row.name.as_deref().unwrap_or_default()), row.stage.clone(), row.wave.to_string()])
                .chain([row.outcome.to_string(), row.reason.code.to_string(), plain(&row.reason.text)])
                .chain(patches.map(|n| n.to_string()))
                .chain([row.availability_zone.clone().unwrap_or_default(), passes.join(" ")])
                .collect()
        })
        .collect();
    if said == real {
        return Vec::new();
    }
    let first = said.iter().zip(&real).find(|(said, real)| said != real);
    vec![format!(
        "instances.csv has {} lines for {} instances; the first difference: {first:?}",
        said.len(),
        real.len()
    )]
}

/// Checks that `patches.csv` says about every patch what the report says, and that every patch it calls installed
/// really is.
#[must_use]
pub fn the_table_of_patches_is_the_report_and_the_truth(evidence: &Evidence) -> Vec<String> {
    let (Some(report), Some(text)) = (&evidence.report, &evidence.files.patches) else { return Vec::new() };
    let lines = match table("patches.csv", text) {
        Ok(lines) => lines,
        Err(complaint) => return vec![complaint],
    };
    let mut complaints = Vec::new();
    let with = |column: &str, value: &str| -> BTreeSet<(String, String)> {
        let lines = lines.iter().filter(|line| line.get(column).is_some_and(|cell| cell == value));
        lines.map(|line| (plain(&line["instanceId"]), plain(&line["patchId"]))).collect()
    };
    let listed = |list: fn(&orgpatch_engine::results::InstanceRow) -> &Vec<orgpatch_model::patch::Patch>| {
        let rows = report.instances.iter();
        rows.flat_map(|row| list(row).iter().map(|patch| (row.instance_id.clone(), plain(&patch.id))))
            .collect::<BTreeSet<(String, String)>>()
    };
    for (said, real, what) in [
        (with("missingBefore", "true"), listed(|row| &row.missing_before), "missing before"),
        (with("missingAfter", "true"), listed(|row| &row.missing_after), "missing after"),
        (with("result", "installed"), listed(|row| &row.installed), "installed"),
    ] {
        if said != real {
            complaints.push(format!("patches.csv calls {said:?} {what}, report.json {real:?}"));
        }
    }
    for (instance, patch) in with("result", "installed") {
        // The ground truth may have more patches than the table: a run may have installed them before a fault of
        // another function.
        if evidence.truth.get(&instance).is_some_and(|truth| !truth.installed.contains(&patch)) {
            complaints.push(format!("patches.csv says that {patch} was installed on {instance}, and it was not"));
        }
    }
    complaints
}

/// Checks that no cell can become a formula, whatever delimiter a spreadsheet uses.
#[must_use]
pub fn no_cell_is_a_formula(evidence: &Evidence) -> Vec<String> {
    let files = [("instances.csv", &evidence.files.instances), ("patches.csv", &evidence.files.patches)];
    let mut complaints = Vec::new();
    for (name, text) in files.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?))) {
        for delimiter in [b',', b';', b'\t'] {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .delimiter(delimiter)
                .from_reader(text.as_bytes());
            for record in reader.records().filter_map(Result::ok) {
                let begins = |cell: &&str| cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
                complaints.extend(record.iter().filter(begins).map(|cell| {
                    format!("{name}, cut at {:?}, has a cell that is a formula: {cell:?}", char::from(delimiter))
                }));
            }
        }
    }
    complaints
}

/// Checks that the summary has every number of the run, and no markup.
#[must_use]
pub fn the_summary_says_what_the_report_says(evidence: &Evidence) -> Vec<String> {
    let (Some(report), Some(summary)) = (&evidence.report, &evidence.files.summary) else { return Vec::new() };
    let mut complaints = Vec::new();
    let counts: Vec<String> = report.head.run.counts.iter().map(|(outcome, n)| format!("{n} {outcome}")).collect();
    let line = format!("- Instances: {}", if counts.is_empty() { "none".to_owned() } else { counts.join(", ") });
    if !summary.lines().any(|known| known == line) {
        complaints.push(format!("summary.md does not say {line:?}"));
    }
    if summary.contains(['<', '>']) {
        complaints.push("summary.md has signs of HTML".to_owned());
    }
    complaints
}

/// Reads the lines of a table by column name.
fn table(name: &str, text: &str) -> Result<Vec<BTreeMap<String, String>>, String> {
    let Some(text) = text.strip_prefix('\u{feff}') else {
        return Err(format!("{name} has no byte order mark: Excel takes it for another encoding"));
    };
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, csv::Error>>()
        .map_err(|error| format!("{name} cannot be read: {error}"))
}

/// Removes the apostrophes that keep a cell from becoming a formula.
fn plain(text: &str) -> String {
    text.replace('\'', "")
}
