//! Documents of AWS that patch, or that scan and so overwrite the results of other scans (`data/patch-documents.json`).

use std::sync::LazyLock;

use serde::Deserialize;

static DOCUMENTS: LazyLock<Documents> = LazyLock::new(|| crate::read(include_str!("../data/patch-documents.json")));

#[derive(Deserialize)]
struct Documents {
    documents: Vec<Document>,
}

#[derive(Deserialize)]
struct Document {
    name: String,
}

/// Returns true for the name of such a document. Names of AWS's documents have no ARN in requests.
#[must_use]
pub fn patches(name: &str) -> bool {
    DOCUMENTS.documents.iter().any(|document| document.name == name)
}
