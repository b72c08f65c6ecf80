//! What the content of a document runs: other documents, with which parameters.

use std::collections::BTreeMap;

use serde_json::Value;

/// The most steps of a document that run other documents and are looked at, and the most characters of a parameter's value.
const MOST_STEPS: usize = 30;
const VALUE_CHARACTERS: usize = 200;

/// A document and its version.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocumentId {
    /// Its name or ARN.
    pub name: String,
    /// A number or `$LATEST`; None: the default version.
    pub version: Option<String>,
}

/// The part of a document's content that matters: the documents that it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    pub(super) steps: Vec<Step>,
    /// The defaults of its parameters.
    pub(super) defaults: BTreeMap<String, String>,
}

/// A step that runs a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The document, or why it is not known.
    pub document: Result<DocumentId, String>,
    /// The parameter of the outer document that names it, with it as the default. A run may name another one.
    pub named_by: Option<String>,
    /// None: which parameters it passes cannot be read.
    pub parameters: Option<BTreeMap<String, Passed>>,
}

/// The value of a parameter that a step passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Passed {
    Literal(String),
    /// The value of a parameter of the outer document.
    Parameter(String),
    /// Something else, such as several values.
    Unreadable,
}

impl DocumentId {
    /// Returns the document of a name or ARN, which may end in a version (`patch:3`), as documents may name others
    /// (amazon-ssm-agent, `docparser.ParseDocumentNameAndVersion`).
    #[must_use]
    pub fn new(document: &str, version: Option<&str>) -> Self {
        let start = document.rfind('/').map_or(0, |at| at + 1);
        let (name, given) = match document[start..].split_once(':') {
            Some((name, version)) => (&document[..start + name.len()], Some(version)),
            None => (document, None),
        };
        let version = given.or(version).filter(|version| !version.is_empty() && *version != "$DEFAULT");
        Self { name: name.to_owned(), version: version.map(str::to_owned) }
    }
}

impl Content {
    /// Reads the content of a document, as JSON.
    pub fn read(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|_| "its content is not JSON".to_owned())?;
        let mut content = Self::default();
        for (name, parameter) in value["parameters"].as_object().into_iter().flatten() {
            if let Some(default) = parameter.get("default").and_then(plain) {
                content.defaults.insert(name.clone(), default);
            }
        }
        content.walk(&value["mainSteps"]);
        Ok(content)
    }

    /// Steps may have steps of their own (`aws:loop`).
    fn walk(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Object(fields) => {
                if let (Some(action), Some(inputs)) = (value["action"].as_str(), fields.get("inputs"))
                    && let Some(step) = self.step(action, inputs)
                    && !self.steps.contains(&step)
                {
                    self.add(step);
                }
                fields.values().for_each(|field| self.walk(field));
            }
            _ => {}
        }
    }

    fn add(&mut self, step: Step) {
        match self.steps.len() {
            0..MOST_STEPS => self.steps.push(step),
            MOST_STEPS => {
                self.steps.push(Step::unknown(format!("it has more than {MOST_STEPS} steps that run documents")));
            }
            _ => {}
        }
    }

    /// Returns the document that a step runs (Systems Manager user guide: Command document plugin reference, `aws:runDocument`;
    /// Systems Manager Automation actions reference).
    fn step(&self, action: &str, inputs: &Value) -> Option<Step> {
        let (document, parameters) = match action {
            "aws:runDocument" if inputs["documentType"] != "SSMDocument" => {
                return Some(Step::unknown("it runs a document that it downloads".to_owned()));
            }
            "aws:runDocument" => ("documentPath", "documentParameters"),
            "aws:runCommand" => ("DocumentName", "Parameters"),
            "aws:executeAutomation" => ("DocumentName", "RuntimeParameters"),
            "aws:executeAwsApi" if starts_a_document(inputs) => ("DocumentName", "Parameters"),
            _ => return None,
        };
        let version = inputs["DocumentVersion"].as_str().filter(|version| !version.contains("{{"));
        let named = inputs[document].as_str().unwrap_or_default();
        let named_by = parameter(named).map(str::to_owned);
        let document = match parameter(named) {
            None => Ok(named),
            Some(of) => self.defaults.get(of).map(String::as_str).ok_or_else(|| named_by_parameter(of)),
        };
        let document = document.map(|named| DocumentId::new(named, version));
        Some(Step { document, named_by, parameters: passed(&inputs[parameters]) })
    }
}

impl Step {
    fn unknown(why: String) -> Self {
        Self { document: Err(why), named_by: None, parameters: None }
    }
}

/// Returns why a document is not known that a parameter names.
pub(super) fn named_by_parameter(parameter: &str) -> String {
    format!("its parameter {parameter} names the document that it runs")
}

fn starts_a_document(inputs: &Value) -> bool {
    let text = |name: &str| inputs[name].as_str().unwrap_or_default().to_ascii_lowercase().replace('_', "");
    text("Service") == "ssm" && ["sendcommand", "startautomationexecution"].contains(&text("Api").as_str())
}

/// Returns the parameters that a step passes: an object, or its text as JSON. None if it is neither.
fn passed(value: &Value) -> Option<BTreeMap<String, Passed>> {
    if value.is_null() {
        return Some(BTreeMap::new());
    }
    let read = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let given = |(name, value): (&String, &Value)| {
        let passed = match plain(value) {
            Some(text) => match parameter(&text) {
                Some(of) => Passed::Parameter(of.to_owned()),
                None => Passed::Literal(text),
            },
            None => Passed::Unreadable,
        };
        (name.clone(), passed)
    };
    Some(read.as_ref().unwrap_or(value).as_object()?.iter().map(given).collect())
}

/// Returns the name in `{{ name }}`.
fn parameter(text: &str) -> Option<&str> {
    Some(text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim())
}

/// Returns a text, or the one text of a list.
fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::Array(items) if items.len() == 1 => items[0].as_str(),
        other => other.as_str(),
    };
    text.filter(|text| text.chars().count() <= VALUE_CHARACTERS).map(str::to_owned)
}
