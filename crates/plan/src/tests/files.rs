//! Files of the repository that must agree with the types: the JSON Schema and the example plans.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::read::MAPPINGS;
use super::super::{json_schema, read};
use super::listed;

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    let file = repository("schemas/plan.schema.json");
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&file, format!("{:#}\n", json_schema())).expect("the schema written");
    }
    // Compared as JSON: the order of keys depends on which features of serde_json a build has.
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        serde_json::from_str::<Value>(&committed).ok() == Some(json_schema()),
        "schemas/plan.schema.json is not what the types say; to write it anew: \
         UPDATE_SCHEMAS=1 cargo test -p orgpatch-plan the_committed_schema"
    );
}

#[test]
fn the_schema_knows_the_fields_that_the_reader_knows() {
    let schema = json_schema();
    let mut in_schema = BTreeSet::new();
    let definitions = schema["definitions"].as_object().expect("definitions");
    for part in definitions.values().chain([&schema]) {
        if let Some(properties) = part.get("properties").and_then(Value::as_object) {
            assert_eq!(part["additionalProperties"], false, "{part:#}");
            in_schema.insert(properties.keys().cloned().collect::<BTreeSet<String>>());
        }
    }
    let in_reader: BTreeSet<BTreeSet<String>> =
        MAPPINGS.iter().map(|(_, names)| names.known.iter().map(ToString::to_string).collect()).collect();
    assert_eq!(in_schema, in_reader);
}

#[test]
fn the_example_plans_are_valid() {
    let folder = repository("examples/plans");
    let mut plans = 0;
    for entry in std::fs::read_dir(&folder).expect("examples/plans") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a plan");
        let plan = read(&text).unwrap_or_else(|errors| panic!("{}:\n{}", path.display(), listed(&errors)));
        // The name is how a run finds the plan, so a copy under another name would not be found.
        assert_eq!(Some(plan.name.as_str()), path.file_stem().and_then(|stem| stem.to_str()));
        assert!(
            text.starts_with("# yaml-language-server: $schema=../../schemas/plan.schema.json\n"),
            "{}: editors need the line that names the schema",
            path.display()
        );
        plans += 1;
    }
    assert!(plans >= 2, "{plans} plans in {}", folder.display());
}
