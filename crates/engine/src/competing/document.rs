//! The SSM documents that patch.

/// AWS's own documents that patch, or that scan and so overwrite the results of other scans.
///
/// Source: Systems Manager user guide (AWS-RunPatchBaseline and its variants, patch-operations-s3-buckets) and, for
/// `AWS-ApplyPatchBaseline`, the description of GetDeployablePatchSnapshotForInstance in the API.
const DOCUMENTS: [&str; 6] = [
    "AWS-ApplyPatchBaseline",
    "AWS-PatchAsgInstance",
    "AWS-PatchInstanceWithRollback",
    "AWS-RunPatchBaseline",
    "AWS-RunPatchBaselineAssociation",
    "AWS-RunPatchBaselineWithHooks",
];

/// Returns true for a document that patches or scans, by its name or ARN.
#[must_use]
pub fn patches(document: &str) -> bool {
    DOCUMENTS.contains(&name(document))
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
