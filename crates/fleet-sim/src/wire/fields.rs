//! Reads the fields of a JSON request, and refuses what the service refuses.
use super::call::AwsError;
use serde_json::Value;
use std::ops::RangeInclusive;

/// A request, and the error code with which its service refuses a value.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    value: &'a Value,
    code: &'static str,
}

impl<'a> Fields<'a> {
    /// Wraps a request whose wrong values are answered with `code`.
    pub fn new(value: &'a Value, code: &'static str) -> Self {
        Self { value, code }
    }

    /// Returns the error for a field, as AWS words it.
    pub fn refuse(&self, name: &str, constraint: &str) -> AwsError {
        let member: String = name.chars().take(1).flat_map(char::to_lowercase).chain(name.chars().skip(1)).collect();
        let value = self.get(name).map_or_else(|| "null".to_owned(), Value::to_string);
        AwsError::new(
            self.code,
            format!(
                "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
            ),
        )
    }

    /// Returns a field.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.value.get(name).filter(|value| !value.is_null())
    }

    /// Returns an optional text.
    pub fn text(&self, name: &str) -> Result<Option<&'a str>, AwsError> {
        self.get(name).map(|value| value.as_str().ok_or_else(|| wrong_type(name, "a string"))).transpose()
    }

    /// Returns a required text.
    pub fn required(&self, name: &str) -> Result<&'a str, AwsError> {
        self.text(name)?.ok_or_else(|| self.refuse(name, "Member must not be null"))
    }

    /// Returns an optional number within bounds.
    pub fn number(&self, name: &str, bounds: RangeInclusive<i64>) -> Result<Option<i64>, AwsError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let number = value.as_i64().ok_or_else(|| wrong_type(name, "an integer"))?;
        if number < *bounds.start() {
            Err(self.refuse(name, &format!("Member must have value greater than or equal to {}", bounds.start())))
        } else if number > *bounds.end() {
            Err(self.refuse(name, &format!("Member must have value less than or equal to {}", bounds.end())))
        } else {
            Ok(Some(number))
        }
    }

    /// Returns the page size: `MaxResults` within bounds, or `default`.
    pub fn page_size(&self, bounds: RangeInclusive<i64>, default: usize) -> Result<usize, AwsError> {
        Ok(self.number("MaxResults", bounds)?.map_or(default, |n| usize::try_from(n).unwrap_or(default)))
    }

    /// Returns an optional switch.
    pub fn flag(&self, name: &str) -> Result<bool, AwsError> {
        self.get(name).map_or(Ok(false), |value| value.as_bool().ok_or_else(|| wrong_type(name, "a boolean")))
    }

    /// Returns a list of texts. Empty if there is none.
    pub fn texts(&self, name: &str, most: usize) -> Result<Vec<String>, AwsError> {
        let texts = self.get(name).map_or(Ok(Vec::new()), |value| strings(name, value))?;
        if texts.len() > most {
            return Err(self.refuse(name, &format!("Member must have length less than or equal to {most}")));
        }
        Ok(texts)
    }

    /// Returns a list of structures. Empty if there is none.
    pub fn structures(&self, name: &str) -> Result<Vec<Fields<'a>>, AwsError> {
        let Some(value) = self.get(name) else {
            return Ok(Vec::new());
        };
        let list = value.as_array().ok_or_else(|| wrong_type(name, "a list"))?;
        Ok(list.iter().map(|value| Fields { value, code: self.code }).collect())
    }
}

/// Reads a list of strings.
pub fn strings(name: &str, value: &Value) -> Result<Vec<String>, AwsError> {
    let list = value.as_array().ok_or_else(|| wrong_type(name, "a list of strings"))?;
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| wrong_type(name, "a list of strings"));
    list.iter().map(text).collect()
}

/// Returns the error for a value of the wrong JSON type.
pub fn wrong_type(name: &str, expected: &str) -> AwsError {
    AwsError::new("SerializationException", format!("{name}: expected {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bounds_and_types_are_checked() {
        let request = json!({"MaxResults": 51, "Name": 3, "Ids": ["a", "b"], "Nothing": null});
        let fields = Fields::new(&request, "ValidationException");
        let error = fields.page_size(5..=50, 10).expect_err("too large");
        assert_eq!(error.code, "ValidationException");
        assert!(error.message.contains("'maxResults'") && error.message.contains("less than or equal to 50"));
        assert_eq!(fields.text("Name").expect_err("no string").code, "SerializationException");
        assert!(fields.texts("Ids", 1).is_err() && fields.texts("Ids", 2).is_ok());
        assert!(fields.required("Nothing").is_err());
    }
}
