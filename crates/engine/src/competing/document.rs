//! The SSM documents that patch: those of AWS, and documents of an account that run one of them.

use std::borrow::Cow;

use orgpatch_facts::documents;
pub use orgpatch_facts::documents::Installs as InstallsOfAws;

/// A document of AWS that another document runs, and whether that run installs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// The document of AWS.
    pub document: String,
    /// Whether a run of the outer document installs.
    pub installs: Installs,
}

/// Whether a run of a document installs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installs {
    /// It only scans.
    Never,
    /// It does, unless a parameter of the run says otherwise.
    Unless {
        /// The parameter.
        parameter: String,
        /// The values with which it does not install.
        is: Vec<String>,
        /// Whether it does not install if the run does not have the parameter.
        by_default: bool,
    },
    /// It does, or may.
    Always,
}

/// Returns true for a document of AWS that patches or scans, by its name or ARN.
#[must_use]
pub fn patches(document: &str) -> bool {
    documents::patches(name(document))
}

/// Returns true for a document whose content may run one that patches: one of an account, by its name or ARN. The content of
/// AWS's own documents is known.
#[must_use]
pub fn may_wrap(document: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let (arn, named) = (document.starts_with("arn:"), name(document));
    (!arn || document.contains(":document/"))
        && !named.is_empty()
        && named.chars().all(plain)
        && !documents::is_of_aws(named)
}

/// Returns the name of a document from its name or ARN.
pub(super) fn name(document: &str) -> &str {
    document.rsplit('/').next().unwrap_or(document)
}

/// Returns whether a run of a document installs; None for a document that does not patch.
pub(super) fn installs<'a>(document: &str, wraps: Option<&'a Wrapped>) -> Option<Cow<'a, Installs>> {
    match documents::find(name(document)) {
        Some(known) => Some(Cow::Owned((&known.installs).into())),
        None => wraps.map(|wrapped| Cow::Borrowed(&wrapped.installs)),
    }
}

/// Returns true if scans of the document replace the results of other scans.
pub(super) fn overwrites(document: &str, wraps: Option<&Wrapped>) -> bool {
    let of_aws = wraps.map_or_else(|| name(document), |wrapped| &wrapped.document);
    documents::find(of_aws).is_some_and(|known| known.overwrites_results)
}

/// Returns what a document runs in the end, for people, with its own name.
pub(super) fn described<'a>(document: &'a str, wraps: Option<&Wrapped>) -> Cow<'a, str> {
    match wraps {
        Some(wrapped) => format!("{} by way of {}", wrapped.document, name(document)).into(),
        None => name(document).into(),
    }
}

impl From<&InstallsOfAws> for Installs {
    fn from(known: &InstallsOfAws) -> Self {
        match known {
            InstallsOfAws::Always => Self::Always,
            InstallsOfAws::Never => Self::Never,
            // A run without the parameter may install.
            InstallsOfAws::Unless { parameter, is } => {
                Self::Unless { parameter: parameter.clone(), is: is.clone(), by_default: false }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{may_wrap, patches};

    #[test]
    fn names_and_arns() {
        for document in [
            "AWS-RunPatchBaseline",
            "arn:aws:ssm:eu-west-1::document/AWS-RunPatchBaselineWithHooks",
            "arn:aws:ssm:eu-west-1:999999999999:document/AWSManagedServices-PatchInstance",
            "AWS-InstallWindowsUpdates",
            "AWS-InstallMissingWindowsUpdates",
            "AWS-InstallSpecificWindowsUpdates",
            "AWSEC2-PatchLoadBalancerInstance",
        ] {
            assert!(patches(document) && !may_wrap(document), "{document}");
        }
        for document in ["AWS-RunShellScript", "my-AWS-RunPatchBaseline", ""] {
            assert!(!patches(document), "{document}");
        }
    }

    #[test]
    fn documents_of_an_account() {
        for document in ["my-AWS-RunPatchBaseline", "arn:aws:ssm:eu-west-1:999999999999:document/Rack-Install_Package"]
        {
            assert!(may_wrap(document), "{document}");
        }
        for other in [
            "AWS-UpdateSSMAgent",
            "AmazonCloudWatch-ManageAgent",
            "arn:aws:lambda:eu-west-1:222200000001:function:patch",
            "arn:aws:states:eu-west-1:222200000001:stateMachine:patch",
            "",
        ] {
            assert!(!may_wrap(other), "{other}");
        }
    }
}
