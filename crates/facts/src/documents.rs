//! Documents of AWS that patch, or that scan and so overwrite the results of other scans (`data/patch-documents.json`), and
//! what is a document of AWS.

use std::sync::LazyLock;

use serde::Deserialize;

static DOCUMENTS: LazyLock<Documents> = LazyLock::new(|| crate::read(include_str!("../data/patch-documents.json")));

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Documents {
    #[serde(rename = "documents")]
    patching: Vec<PatchDocument>,
    reserved_prefixes: Value<Vec<String>>,
    content_bytes: Value<usize>,
}

#[derive(Deserialize)]
struct Value<T> {
    value: T,
}

/// A document of AWS that patches.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PatchDocument {
    /// Its name.
    pub name: String,
    /// Whether a run of it installs.
    pub installs: Installs,
    /// Whether its scans replace the patch compliance that other scans have written.
    pub overwrites_results: bool,
    /// When it may reboot an instance, for people.
    pub reboots: String,
}

/// Whether a run of a document installs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Installs {
    /// It does.
    Always,
    /// It only scans.
    Never,
    /// It does, unless a parameter says otherwise.
    #[serde(untagged)]
    Unless {
        /// The parameter.
        #[serde(rename = "unless")]
        parameter: String,
        /// The values with which it does not install.
        is: Vec<String>,
    },
}

/// Returns what is known of a document of AWS that patches; None for any other document. The names of AWS's documents have no
/// ARN in requests.
#[must_use]
pub fn find(name: &str) -> Option<&'static PatchDocument> {
    DOCUMENTS.patching.iter().find(|document| document.name == name)
}

/// Returns true for the name of such a document.
#[must_use]
pub fn patches(name: &str) -> bool {
    find(name).is_some()
}

/// Returns true for a name that only AWS gives to documents.
#[must_use]
pub fn is_of_aws(name: &str) -> bool {
    let begins = |prefix: &String| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    DOCUMENTS.reserved_prefixes.value.iter().any(begins)
}

/// Returns the most bytes that the content of a document has.
#[must_use]
pub fn content_bytes() -> usize {
    DOCUMENTS.content_bytes.value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_that_patches_is_of_aws_and_says_when_it_reboots() {
        for document in &DOCUMENTS.patching {
            assert!(is_of_aws(&document.name) && !document.reboots.is_empty(), "{document:?}");
        }
        let unless = |name| find(name).map(|document| document.installs.clone());
        let scan = |parameter: &str| Some(Installs::Unless { parameter: parameter.into(), is: vec!["Scan".into()] });
        assert_eq!(unless("AWS-RunPatchBaseline"), scan("Operation"));
        assert_eq!(unless("AWS-InstallWindowsUpdates"), scan("Action"));
        assert_eq!(unless("AWS-FindWindowsUpdates"), Some(Installs::Never));
        assert_eq!(unless("AWS-InstallSpecificWindowsUpdates"), Some(Installs::Always));
        assert_eq!(unless("AWS-UpdateSSMAgent"), None);
    }

    #[test]
    fn names_that_only_aws_gives() {
        for name in ["AWS-RunShellScript", "AWSEC2-RunSysprep", "AmazonCloudWatch-ManageAgent", "amzn-x", "awsx"] {
            assert!(is_of_aws(name), "{name}");
        }
        for name in ["my-AWS-RunPatchBaseline", "patch", "AW", "Rack-Install", "äws"] {
            assert!(!is_of_aws(name), "{name}");
        }
        assert_eq!(content_bytes(), 65_536);
    }
}
