//! The document AWS-RunPatchBaseline: its parameters, and the operation that they describe.
use crate::facts::ids;
use std::collections::BTreeMap;

/// The only document that `SendCommand` takes here.
pub const NAME: &str = "AWS-RunPatchBaseline";
/// Its steps, in the order in which an invocation lists them. Each step runs on one kind of platform. Elsewhere it is
/// skipped, which counts as success.
pub const STEPS: [&str; 3] = ["PatchWindows", "PatchLinux", "PatchMacOS"];

/// The kind of a patch operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum OperationKind {
    Scan,
    Install,
}

impl OperationKind {
    /// Returns the API's spelling.
    pub fn code(self) -> &'static str {
        match self {
            Self::Scan => "Scan",
            Self::Install => "Install",
        }
    }
}

/// A patch operation, as its parameters describe it.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Scan or Install.
    pub kind: OperationKind,
    /// Whether the reboot option is `NoReboot`.
    pub no_reboot: bool,
    /// The snapshot id, which pins the approved patches.
    pub snapshot: Option<String>,
    /// Whether there is an `InstallOverrideList`.
    pub install_override: bool,
    /// Whether there is a `BaselineOverride`.
    pub baseline_override: bool,
    /// How long the step may take until the agent ends it.
    pub step_timeout_seconds: i64,
    /// How long the operation takes. None: as long as the instance's behaviour says.
    pub seconds: Option<u32>,
}

impl Operation {
    /// Returns an operation of a kind, with the document's defaults.
    pub fn new(kind: OperationKind) -> Self {
        Self {
            kind,
            no_reboot: false,
            snapshot: None,
            install_override: false,
            baseline_override: false,
            step_timeout_seconds: 7_200,
            seconds: None,
        }
    }
}

/// The parameters of a document. Every value is a list of strings.
pub type Parameters = BTreeMap<String, Vec<String>>;

/// Reads the parameters. Fails with the text of `InvalidParameters`.
pub fn parse(parameters: &Parameters) -> Result<Operation, String> {
    let mut operation = None;
    let mut parsed = Operation::new(OperationKind::Scan);
    for (name, values) in parameters {
        let [value] = values.as_slice() else {
            return Err(format!("Parameter {name} is of type String and takes exactly one value."));
        };
        let refuse =
            |expected: &str| Err(format!("Parameter value {value} for {name} is not allowed: expected {expected}."));
        match (name.as_str(), value.as_str()) {
            ("Operation", "Scan") => operation = Some(OperationKind::Scan),
            ("Operation", "Install") => operation = Some(OperationKind::Install),
            ("Operation", _) => return refuse("one of [Scan, Install]"),
            ("RebootOption", "RebootIfNeeded") => parsed.no_reboot = false,
            ("RebootOption", "NoReboot") => parsed.no_reboot = true,
            ("RebootOption", _) => return refuse("one of [RebootIfNeeded, NoReboot]"),
            ("SnapshotId" | "AssociationId" | "InstallOverrideList" | "BaselineOverride", "") => {}
            ("SnapshotId", id) if ids::is_uuid(id) => parsed.snapshot = Some(id.to_owned()),
            ("SnapshotId" | "AssociationId", id) if !ids::is_uuid(id) => return refuse("a GUID"),
            ("AssociationId", _) => {}
            ("InstallOverrideList" | "BaselineOverride", url) if !is_object_url(url) => {
                return refuse("https://... or s3://bucket/key, without quotes and $");
            }
            ("InstallOverrideList", _) => parsed.install_override = true,
            ("BaselineOverride", _) => parsed.baseline_override = true,
            ("StepTimeoutSeconds", number) => match number.parse() {
                Ok(seconds @ 1..=36_000) => parsed.step_timeout_seconds = seconds,
                _ => return refuse("1 to 36000"),
            },
            _ => {
                return Err(format!("Parameter {name} is not defined in document {NAME}."));
            }
        }
    }
    parsed.kind = operation.ok_or_else(|| "Parameter Operation requires a value.".to_owned())?;
    Ok(parsed)
}

fn is_object_url(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("s3://")) && !url.contains(['`', '\'', '"', '$'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_pairs(pairs: &[(&str, &[&str])]) -> Result<Operation, String> {
        let owned = |values: &&[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        parse(&pairs.iter().map(|(name, values)| ((*name).to_owned(), owned(values))).collect())
    }

    #[test]
    fn defaults_are_those_of_the_document() {
        let operation = parse_pairs(&[("Operation", &["Install"])]).expect("valid");
        assert_eq!(operation.kind, OperationKind::Install);
        assert!(!operation.no_reboot && operation.snapshot.is_none());
        assert_eq!(operation.step_timeout_seconds, 7_200);
    }

    #[test]
    fn what_the_document_does_not_know_is_refused() {
        for (name, value) in [
            ("Operation", "install"),
            ("RebootOption", "Never"),
            ("SnapshotId", "run-1"),
            ("BaselineOverride", "s3://bucket/$key"),
            ("StepTimeoutSeconds", "0"),
            ("Reboot", "NoReboot"),
        ] {
            let error = parse_pairs(&[("Operation", &["Scan"]), (name, &[value])]).expect_err(name);
            assert!(error.contains(name), "{error}");
        }
        assert!(parse_pairs(&[]).expect_err("required").contains("Operation"));
        assert!(parse_pairs(&[("Operation", &["Scan", "Install"])]).is_err());
    }
}
