//! JSON Schemas of the values that are not plain structs, and of the whole file. Editors complete and check with them.
use super::{
    competing::TargetEntry,
    instances::{Behaviour, Metadata},
    network::Egress,
    short_forms::{NameOrMap, Named, Switch},
};
use crate::facts::{operating_systems::Os, regions, schedule::Schedule};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use std::borrow::Cow;

/// Implements `JsonSchema` by a schema that stands where the value stands.
macro_rules! inline_schema {
    ($type:ty, $name:literal, $schema:expr) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

inline_schema!(Metadata, "Metadata", names::<Metadata>());
inline_schema!(Egress, "Egress", names::<Egress>());
inline_schema!(
    Behaviour,
    "Behaviour",
    json_schema!({"anyOf": [
        {"enum": ["ok", "fail", "agent-lost", "stopped", "terminated", "reboot-hangs", "never-starts"]},
        {"type": "string", "pattern": "^patch-fails:.+$"},
    ]})
);
inline_schema!(
    TargetEntry,
    "TargetEntry",
    json_schema!({"anyOf": [{"const": "all"}, {"type": "string", "pattern": "^tag:[^=]+=.+$"}]})
);
inline_schema!(
    Schedule,
    "Schedule",
    json_schema!({"type": "string", "pattern": r"^(rate|cron|at)\(.+\)$", "examples": ["rate(30 minutes)", "cron(0 2 ? * SUN *)", "cron(30 23 ? * TUE#2 *)", "at(2026-11-10T02:00:00)"]})
);
inline_schema!(
    Switch,
    "Switch",
    json_schema!({"anyOf": [
        {"enum": ["on", "off", true, false]},
        {"type": "array", "items": {"type": "string", "pattern": regions::PATTERN}},
    ]})
);

impl JsonSchema for Os {
    fn schema_name() -> Cow<'static, str> {
        "OperatingSystem".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let codes: Vec<_> = Self::all().map(Self::code).collect();
        json_schema!({"description": "An operating system, as Patch Manager names it.", "enum": codes})
    }
}

impl<T: Named + JsonSchema> JsonSchema for NameOrMap<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrName", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [names::<T>(), generator.subschema_for::<T>()]})
    }
}

/// Returns the schema of a type whose values have names. YAML reads some of them as booleans.
fn names<T: Named>() -> Schema {
    if let Some(pattern) = T::PATTERN {
        return json_schema!({"type": "string", "pattern": pattern});
    }
    let value = |name: &str| match name {
        "true" => vec![json!(true)],
        "false" => vec![json!(false)],
        "on" => vec![json!("on"), json!(true)],
        "off" => vec![json!("off"), json!(false)],
        other => vec![json!(other)],
    };
    let values: Vec<Value> = T::NAMES.split(", ").flat_map(value).collect();
    json_schema!({"enum": values})
}

#[cfg(test)]
mod tests {
    use super::super::Scenario;
    use super::*;
    use schemars::{generate::SchemaSettings, transform::RecursiveTransform};
    use std::path::Path;

    /// Returns the schema of a scenario file. Draft 7, because every YAML editor understands it.
    fn schema() -> Value {
        // `uint32` and the like are formats of Rust that validators warn about. Lines are broken for source code only.
        let for_editors = RecursiveTransform(|schema: &mut Schema| {
            schema.remove("format");
            if let Some(Value::String(text)) = schema.get_mut("description") {
                *text = text.split("\n\n").map(|part| part.replace('\n', " ")).collect::<Vec<_>>().join("\n\n");
            }
        });
        let settings = SchemaSettings::draft07().with_transform(for_editors);
        let mut schema = settings.into_generator().into_root_schema_for::<Scenario>().to_value();
        schema["title"] = json!("fleet-sim scenario");
        schema
    }

    #[test]
    fn the_committed_schema_is_the_one_of_the_types() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/scenario.schema.json");
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(&file, format!("{:#}\n", schema())).expect("the schema written");
        }
        // Compared as JSON: the order of keys depends on which features of serde_json a build has.
        let committed = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            serde_json::from_str::<Value>(&committed).ok() == Some(schema()),
            "schemas/scenario.schema.json is not what the types say. To write it again: \
             UPDATE_SCHEMAS=1 cargo test -p orgpatch-fleet-sim the_committed_schema"
        );
    }
}
