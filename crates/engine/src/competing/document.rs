//! The SSM documents that patch.

/// Returns true for a document that patches or scans, by its name or ARN.
#[must_use]
pub fn patches(document: &str) -> bool {
    orgpatch_facts::documents::patches(name(document))
}

/// Returns the name of a document from its name or ARN.
pub(super) fn name(document: &str) -> &str {
    document.rsplit('/').next().unwrap_or(document)
}

#[cfg(test)]
mod tests {
    use super::patches;

    #[test]
    fn names_and_arns() {
        assert!(patches("AWS-RunPatchBaseline"));
        assert!(patches("arn:aws:ssm:eu-west-1::document/AWS-RunPatchBaselineWithHooks"));
        assert!(!patches("AWS-RunShellScript"));
        assert!(!patches("my-AWS-RunPatchBaseline"));
        assert!(!patches(""));
    }
}
