//! EC2's protocol: query parameters in, XML out.
use super::call::AwsError;
use crate::facts::wildcard;
use quick_xml::escape::escape;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fmt::Write as _};

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// Reads a form. Every parameter becomes a string field.
pub fn parse_query(body: &str) -> Value {
    let pairs = body.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (unescape(name), Value::String(unescape(value)))
    });
    Value::Object(pairs.collect::<Map<_, _>>())
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (first, code) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
                continue;
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
        rest = tail;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns the members of a list parameter (`InstanceId.1`, `InstanceId.2` and so on) in order.
pub fn list(request: &Value, name: &str) -> Vec<String> {
    let prefix = format!("{name}.");
    let mut members = BTreeMap::new();
    for (key, value) in request.as_object().into_iter().flatten() {
        if let Some(Ok(number)) = key.strip_prefix(&prefix).map(str::parse::<u32>) {
            members.insert(number, value.as_str().unwrap_or_default().to_owned());
        }
    }
    members.into_values().collect()
}

/// A filter: a name, and values of which one must match.
#[derive(Debug, PartialEq, Eq)]
pub struct Filter {
    /// The name, for example `tag:Patch`.
    pub name: String,
    /// The values, with `*` and `?` as wildcards.
    pub values: Vec<String>,
}

impl Filter {
    /// Returns whether one of the values matches.
    pub fn matches(&self, text: &str) -> bool {
        self.values.iter().any(|pattern| wildcard::matches(pattern, text))
    }
}

/// Returns the filters of a request: `Filter.1.Name`, `Filter.1.Value.1` and so on, in order.
pub fn filters(request: &Value) -> Vec<Filter> {
    (1..)
        .map_while(|n| {
            let name = request.get(format!("Filter.{n}.Name"))?.as_str()?.to_owned();
            Some(Filter { name, values: list(request, &format!("Filter.{n}.Value")) })
        })
        .collect()
}

/// Writes XML elements and escapes every text.
#[derive(Debug, Default)]
pub struct Xml(String);

impl Xml {
    /// Writes `<name>text</name>`.
    pub fn text(&mut self, name: &str, text: &str) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "<{name}>{}</{name}>", escape(text));
    }

    /// Writes text without an element around it: a member of a list of texts.
    pub fn value(&mut self, text: &str) {
        self.0.push_str(&escape(text));
    }

    /// Writes `<name>…</name>`.
    pub fn element(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        let _ = write!(self.0, "<{name}>");
        content(self);
        let _ = write!(self.0, "</{name}>");
    }

    /// Writes `<name><item>…</item>…</name>`.
    pub fn items<T>(&mut self, name: &str, items: impl IntoIterator<Item = T>, mut content: impl FnMut(&mut Self, T)) {
        self.element(name, |xml| {
            for item in items {
                xml.element("item", |xml| content(xml, item));
            }
        });
    }
}

/// Returns a whole answer.
pub fn response(operation: &str, content: impl FnOnce(&mut Xml)) -> String {
    let mut xml = Xml::default();
    content(&mut xml);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{operation}Response xmlns=\"{NAMESPACE}\"><requestId>00000000-0000-4000-8000-000000000000</requestId>{}</{operation}Response>",
        xml.0
    )
}

/// Returns the body of an error.
pub fn error(error: &AwsError) -> String {
    let mut xml = Xml::default();
    xml.element("Response", |xml| {
        xml.element("Errors", |xml| {
            xml.element("Error", |xml| {
                xml.text("Code", &error.code);
                xml.text("Message", &error.message);
            });
        });
        xml.text("RequestID", "00000000-0000-4000-8000-000000000000");
    });
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", xml.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_becomes_data() {
        let request = parse_query(
            "Action=X&InstanceId.2=b&InstanceId.1=a&Filter.1.Name=tag%3AP+1&Filter.1.Value.1=%E2%82%AC*&E=%zz",
        );
        assert_eq!(list(&request, "InstanceId"), ["a", "b"]);
        let filters = filters(&request);
        assert_eq!(filters, [Filter { name: "tag:P 1".into(), values: vec!["€*".into()] }]);
        assert!(filters[0].matches("€uro") && !filters[0].matches("uro"));
        assert_eq!(request["E"], "%zz");
    }

    #[test]
    fn text_is_escaped() {
        let body = error(&AwsError::new("A<B", "x & y"));
        assert!(body.contains("<Code>A&lt;B</Code><Message>x &amp; y</Message>"), "{body}");
    }
}
