//! The finding of a check about an instance.

use orgpatch_model::fetched::Unavailable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The checks. Every instance has exactly one finding of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Systems Manager knows the instance, and its agent answers.
    Managed,
    /// The version of the SSM Agent is new enough.
    Agent,
    /// Patch Manager supports the operating system, and it has not reached its end of life.
    OperatingSystem,
    /// The Python that the patch module needs is installed.
    Python,
    /// The instance can reach its package repositories and the patch module.
    Repositories,
    /// The instance can reach Systems Manager and S3.
    Endpoints,
    /// The instance gets credentials.
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

    /// Returns its id, as in the report.
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

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The check found no problem.
    Pass,
    /// The check could not find out. The evidence says why, and names the permission if one is missing.
    Unknown,
    /// Patching works, but not well or not for long.
    Warn,
    /// Patching cannot work.
    Fail,
}

impl Status {
    /// Returns the word in reports.
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

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nothing to do.
    Info,
    /// Can wait.
    Low,
    /// Will become a problem, or limits patching.
    Medium,
    /// A patch operation will fail.
    High,
    /// Systems Manager cannot reach the instance.
    Critical,
}

/// The result of one check on one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Which check.
    pub check: Check,
    /// The result.
    pub status: Status,
    /// How serious it is.
    pub severity: Severity,
    /// What was seen, in sentences that name ids.
    pub evidence: String,
    /// What to do. Absent: there is nothing to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// The problem, in words that are the same on every instance that has it. Empty: there is no problem.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<FindingCause>,
}

/// A problem, in words by which instances are counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingCause {
    /// The problem, with ids: `vpc-0a… has no ssmmessages endpoint`.
    pub text: String,
    /// What to do about it. Absent: no fix is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Finding {
    /// Returns `check: status` unless the check passed.
    #[must_use]
    pub fn wrong(&self) -> Option<String> {
        (self.status != Status::Pass).then(|| format!("{}: {}", self.check.id(), self.status.name()))
    }

    /// Returns a finding that reports no problem.
    pub(super) fn pass(check: Check, evidence: impl Into<String>) -> Self {
        let evidence = evidence.into();
        Self { check, status: Status::Pass, severity: Severity::Info, evidence, fix: None, causes: Vec::new() }
    }

    /// Returns a finding that could not be made, for a reason that needs no fix.
    pub(super) fn unknown(check: Check, evidence: impl Into<String>) -> Self {
        let evidence = evidence.into();
        Self { check, status: Status::Unknown, severity: Severity::Low, evidence, fix: None, causes: Vec::new() }
    }

    /// Returns a finding that could not be made because facts could not be read.
    pub(super) fn unread(check: Check, missing: &Unavailable) -> Self {
        Self {
            check,
            status: Status::Unknown,
            severity: Severity::Low,
            evidence: format!("Not known: {}.", missing.why()),
            fix: missing.fix(),
            causes: vec![FindingCause { text: missing.why(), fix: missing.fix() }],
        }
    }

    /// Returns a finding that reports a problem.
    pub(super) fn of(check: Check, status: Status, severity: Severity, problem: Problem) -> Self {
        let Problem { cause, evidence, fix } = problem;
        let causes = vec![FindingCause { text: cause, fix: Some(fix.clone()) }];
        Self { check, status, severity, evidence, fix: Some(fix), causes }
    }
}

/// A problem, before a check decides how serious it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// The problem in words that are the same on every instance that has it.
    pub cause: String,
    /// What was seen on this instance.
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
