//! What a scenario says about SSM documents of accounts.
use orgpatch_facts::documents;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A document of an account. It has one version and is in every Region. AWS's own documents are there anyway.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DocumentEntry {
    /// The account that owns it.
    pub account: String,
    /// Its name. AWS alone gives names that begin with aws, amazon or amzn.
    #[schemars(regex(pattern = r"^[a-zA-Z0-9_\-.]{3,128}$"))]
    pub name: String,
    /// Its type, usually `Command`.
    #[serde(default, rename = "type")]
    pub kind: DocumentType,
    /// Accounts with which it is shared. They name it by its ARN.
    #[serde(default)]
    pub shared_with: Vec<String>,
    /// Its content. What a run of it does on instances is said by `operation` of what runs it.
    pub content: Value,
}

/// The type of a document.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum DocumentType {
    #[default]
    Command,
    Automation,
}

impl DocumentType {
    /// Returns the name in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Command => "Command",
            Self::Automation => "Automation",
        }
    }
}

impl DocumentEntry {
    /// Returns what is wrong with it.
    pub fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if !(3..=128).contains(&self.name.len()) || !self.name.chars().all(plain) {
            found.push(format!("documents.{}: expected 3 to 128 letters, digits, _, - and .", self.name));
        }
        if documents::is_of_aws(&self.name) {
            found.push(format!("documents.{}: only AWS gives such names", self.name));
        }
        if self.content.to_string().len() > documents::content_bytes() {
            found.push(format!("documents.{}.content: a document has 64 KB at most", self.name));
        }
        found
    }
}
