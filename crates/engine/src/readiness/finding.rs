//! What a check says of an instance.

use orgpatch_model::fetched::Unavailable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The checks. Every instance has exactly one finding of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Systems Manager knows it and its agent answers.
    Managed,
    /// Version of the SSM Agent.
    Agent,
    /// Supported by Patch Manager, and not at its end.
    OperatingSystem,
    /// The Python that the patch module needs.
    Python,
    /// Patches can be downloaded.
    Repositories,
    /// What a private subnet needs to reach Systems Manager.
    Endpoints,
    /// How the instance gets credentials.
    InstanceProfile,
    /// Systems Manager works in the Region.
    Region,
}

impl Check {
    /// Every check, in the order of the report.
    pub const ALL: [Self; 8] = [
        Self::Managed,
        Self::Agent,
        Self::OperatingSystem,
        Self::Python,
        Self::Repositories,
        Self::Endpoints,
        Self::InstanceProfile,
        Self::Region,
    ];

    /// Its id, as in the report.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::Agent => "agent",
            Self::OperatingSystem => "operating-system",
            Self::Python => "python",
            Self::Repositories => "repositories",
            Self::Endpoints => "endpoints",
            Self::InstanceProfile => "instance-profile",
            Self::Region => "region",
        }
    }
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Nothing stands in the way, as far as can be seen.
    Pass,
    /// Cannot be known; the evidence says why, and which permission is missing if it is one.
    Unknown,
    /// Works, but not well or not for long.
    Warn,
    /// Holds patching back.
    Fail,
}

impl Status {
    /// The word in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Unknown => "unknown",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nothing to do.
    Info,
    /// Can wait.
    Low,
    /// Will be a problem, or makes patching less than it should be.
    Medium,
    /// A patch operation will fail.
    High,
    /// The instance cannot even be asked.
    Critical,
}

/// One check of one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Which check.
    pub check: Check,
    /// What it came to.
    pub status: Status,
    /// How much that matters.
    pub severity: Severity,
    /// What was seen, in sentences that name ids.
    pub evidence: String,
    /// What to do; absent where there is nothing to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Why, in words that are the same on every instance with the same problem. Empty where there is no problem.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<FindingCause>,
}

/// A problem of a finding, to be counted over all instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingCause {
    /// The key: `vpc-0a… has no ssmmessages endpoint`.
    pub text: String,
    /// What to do about it; absent where nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Finding {
    /// What is not simply right, as `check: status`; None where it is.
    #[must_use]
    pub fn wrong(&self) -> Option<String> {
        (self.status != Status::Pass).then(|| format!("{}: {}", self.check.id(), self.status.name()))
    }

    /// Nothing stands in the way.
    pub(super) fn pass(check: Check, evidence: impl Into<String>) -> Self {
        let evidence = evidence.into();
        Self { check, status: Status::Pass, severity: Severity::Info, evidence, fix: None, causes: Vec::new() }
    }

    /// Not to be known, for a reason that nobody has to do anything about.
    pub(super) fn unknown(check: Check, evidence: impl Into<String>) -> Self {
        let evidence = evidence.into();
        Self { check, status: Status::Unknown, severity: Severity::Low, evidence, fix: None, causes: Vec::new() }
    }

    /// Not to be known, because facts could not be read.
    pub(super) fn unread(check: Check, missing: &Unavailable) -> Self {
        Self {
            check,
            status: Status::Unknown,
            severity: Severity::Low,
            evidence: format!("This cannot be known: {}.", missing.why()),
            fix: missing.fix(),
            causes: vec![FindingCause { text: missing.why(), fix: missing.fix() }],
        }
    }

    /// Something to do.
    pub(super) fn of(check: Check, status: Status, severity: Severity, problem: Problem) -> Self {
        let Problem { cause, evidence, fix } = problem;
        let causes = vec![FindingCause { text: cause, fix: Some(fix.clone()) }];
        Self { check, status, severity, evidence, fix: Some(fix), causes }
    }
}

/// Something that stands in the way, before it is known how much that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// The same words wherever it is the same problem.
    pub cause: String,
    /// What was seen.
    pub evidence: String,
    /// What to do.
    pub fix: String,
}

impl Problem {
    pub fn new(cause: impl Into<String>, evidence: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { cause: cause.into(), evidence: evidence.into(), fix: fix.into() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Check, Finding, Problem, Severity, Status};

    #[test]
    fn findings_as_the_report_has_them() {
        let problem = Problem::new("vpc-1 has no ssm endpoint", "vpc-1 has none.", "Create one.");
        let finding = Finding::of(Check::InstanceProfile, Status::Fail, Severity::Critical, problem);
        let written = json!({
            "check": "instance-profile",
            "status": "fail",
            "severity": "critical",
            "evidence": "vpc-1 has none.",
            "fix": "Create one.",
            "causes": [{"text": "vpc-1 has no ssm endpoint", "fix": "Create one."}],
        });
        assert_eq!(serde_json::to_value(&finding).expect("JSON"), written);
        assert_eq!(serde_json::from_value::<Finding>(written).expect("a finding"), finding);
        let written = json!({"check": "agent", "status": "pass", "severity": "info", "evidence": "New."});
        assert_eq!(serde_json::to_value(Finding::pass(Check::Agent, "New.")).expect("JSON"), written);
    }

    #[test]
    fn ids_are_the_ones_serde_writes() {
        for check in Check::ALL {
            assert_eq!(serde_json::to_value(check).expect("an id"), check.id());
        }
    }
}
