//! Files of the repository that must agree with the types and with each other: the JSON Schema of a case, and the cases.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Map, Value, json};

use crate::case::{Case, File, name_of, read, root};

/// The longest name of a plan. A case with one run names its plan, unless the plan has a name.
const LONGEST_NAME: usize = 63;

/// Returns the schema of a case file. Draft 7, because every YAML editor understands it.
fn schema() -> Value {
    // `uint32` and the like are formats of Rust that validators warn about. Lines are broken for source code only.
    let for_editors = RecursiveTransform(|schema: &mut Schema| {
        schema.remove("format");
        if let Some(Value::String(text)) = schema.get_mut("description") {
            *text = text.split("\n\n").map(|part| part.replace('\n', " ")).collect::<Vec<_>>().join("\n\n");
        }
    });
    let settings = SchemaSettings::draft07().with_transform(for_editors);
    let mut schema = settings.into_generator().into_root_schema_for::<File>().to_value();
    schema["title"] = json!("orgpatch end-to-end case");
    schema["definitions"]["Scenario"] = part_of("scenario.schema.json");
    schema["definitions"]["Plan"] = part_of("plan.schema.json");
    let description = schema["properties"]["scenario"]["description"].take();
    schema["properties"]["scenario"] =
        json!({"allOf": [{"$ref": "#/definitions/Scenario"}], "description": description});
    plan_unless_invalid(&mut schema);
    plan_unless_invalid(&mut schema["definitions"]["FileRun"]);
    schema
}

/// Returns the schema of a document of which every field may be left out.
fn part_of(file: &str) -> Value {
    let path = root().join("schemas").join(file);
    let whole: Value = serde_json::from_str(&read(&path).expect("a schema")).expect("JSON");
    let properties = whole["properties"].as_object().expect("properties");
    let reference = |name: &String| (name.clone(), json!({"$ref": format!("{file}#/properties/{name}")}));
    let properties: Map<String, Value> = properties.keys().map(reference).collect();
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

/// Lets `plan` be a part of a plan, unless the run is expected to refuse it.
fn plan_unless_invalid(schema: &mut Value) {
    let refused = json!({"properties": {"error": {"const": "InvalidPlan"}}, "required": ["error"]});
    schema["if"] = json!({"properties": {"expect": refused}, "required": ["expect"]});
    schema["else"] = json!({"properties": {"plan": {"$ref": "#/definitions/Plan"}}});
}

/// Returns every case file.
fn cases() -> Vec<PathBuf> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                below(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    below(&root().join("tests").join("scenarios"), &mut found);
    found.sort();
    found
}

#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    let file = root().join("schemas").join("end-to-end-case.schema.json");
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&file, format!("{:#}\n", schema())).expect("the schema written");
    }
    // Compared as JSON: the order of keys depends on which features of serde_json a build has.
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        serde_json::from_str::<Value>(&committed).ok() == Some(schema()),
        "schemas/end-to-end-case.schema.json is not what the types say. To write it again: \
         UPDATE_SCHEMAS=1 cargo test --workspace --lib the_committed_schema"
    );
}

#[test]
fn every_case_can_be_read_and_has_a_name_of_its_own() {
    let mut names: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in cases() {
        for case in Case::read(&path).unwrap_or_else(|error| panic!("{error}")) {
            assert!(case.name.starts_with(&name_of(&path)), "{}", case.name);
            assert!(case.name.len() <= LONGEST_NAME, "{}: the name has more than {LONGEST_NAME} characters", case.name);
            if let Some(other) = names.insert(case.name, path.clone()) {
                panic!(
                    "{} and {} have the same name: their results would overwrite each other",
                    path.display(),
                    other.display()
                );
            }
        }
    }
    assert!(names.len() > 50, "{} cases", names.len());
}

#[test]
fn every_case_is_in_the_folder_of_its_topic_and_names_its_schema() {
    let scenarios = root().join("tests").join("scenarios");
    for path in cases() {
        let inside = path.strip_prefix(&scenarios).expect("below tests/scenarios");
        let folders = inside.components().count() - 1;
        let is_template = inside == Path::new("template.yaml");
        assert!(is_template || folders == 1, "{}: a case is in the folder of its topic", inside.display());
        let line = format!(
            "# yaml-language-server: $schema={}schemas/end-to-end-case.schema.json\n",
            "../".repeat(folders + 2)
        );
        let text = read(&path).unwrap_or_else(|error| panic!("{error}"));
        assert!(text.starts_with(&line), "{}: editors need this first line: {line}", inside.display());
    }
}

#[test]
fn the_name_of_a_case_is_its_topic_and_its_file() {
    assert_eq!(name_of(Path::new("/x/tests/scenarios/stages/waves.yaml")), "stages-waves");
    assert_eq!(name_of(Path::new("scenarios/template.yaml")), "template");
    assert_eq!(name_of(Path::new("elsewhere/one.yaml")), "one");
}
