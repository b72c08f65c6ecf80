//! The JSON Schema of the plan document, for editors. It has every rule of the reader except relations between fields.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Value, json};

use super::model::Plan;

/// Returns the JSON Schema of a plan document. It is draft 7, which every YAML editor understands.
///
/// The reader also checks relations between fields, such as an account in two stages.
#[must_use]
pub fn json_schema() -> Value {
    // Validators warn about `uint32` and the like, which are formats of Rust. The limits say the same.
    let no_formats = RecursiveTransform(|schema: &mut Schema| {
        schema.remove("format");
    });
    let settings = SchemaSettings::draft07().with_transform(no_formats);
    let mut schema = settings.into_generator().into_root_schema_for::<Plan>().to_value();
    schema["title"] = json!("orgpatch plan");
    schema
}

/// Requires a mapping that is not empty.
pub(super) fn some(schema: &mut Schema) {
    schema.insert("minProperties".to_owned(), json!(1));
}

/// Allows a number without quotes, which is a count, next to a text with a pattern.
pub(super) fn or_count<const MINIMUM: u32>(schema: &mut Schema) {
    // `pattern` applies only to texts and the limits only to numbers, so both can be in one schema.
    schema.insert("type".to_owned(), json!(["string", "integer"]));
    schema.insert("minimum".to_owned(), json!(MINIMUM));
    schema.insert("maximum".to_owned(), json!(9_999_999));
}
