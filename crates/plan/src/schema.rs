//! The JSON Schema of the plan document, for editors: as strict as a schema can be without the reader's relations.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Value, json};

use super::model::Plan;
use super::read::{MAX_TAG_KEY, MAX_TAG_VALUE, MAX_TAGS};

/// The JSON Schema of a plan document. Draft 7, because that is what every YAML editor understands.
///
/// The reader refuses more: what relates two fields, such as an account in two stages.
#[must_use]
pub fn json_schema() -> Value {
    // `uint32` and the like are formats of Rust that validators warn about; the limits say the same.
    let no_formats = RecursiveTransform(|schema: &mut Schema| {
        schema.remove("format");
    });
    let settings = SchemaSettings::draft07().with_transform(no_formats);
    let mut schema = settings.into_generator().into_root_schema_for::<Plan>().to_value();
    schema["title"] = json!("orgpatch plan");
    schema
}

/// Tag keys and lists of tag values.
pub(super) fn tags(schema: &mut Schema) {
    schema.insert("maxProperties".to_owned(), json!(MAX_TAGS));
    schema.insert("propertyNames".to_owned(), json!({"minLength": 1, "maxLength": MAX_TAG_KEY}));
    schema.insert(
        "additionalProperties".to_owned(),
        json!({
            "type": "array",
            "items": {"type": "string", "maxLength": MAX_TAG_VALUE},
            "minItems": 1,
            "uniqueItems": true,
        }),
    );
}

/// A mapping that has to say something.
pub(super) fn some(schema: &mut Schema) {
    schema.insert("minProperties".to_owned(), json!(1));
}

/// A text of some pattern, or a bare number, which is a count.
pub(super) fn or_count<const MINIMUM: u32>(schema: &mut Schema) {
    // `pattern` looks at texts only and the limits at numbers only, so they can stand side by side.
    schema.insert("type".to_owned(), json!(["string", "integer"]));
    schema.insert("minimum".to_owned(), json!(MINIMUM));
    schema.insert("maximum".to_owned(), json!(9_999_999));
}
