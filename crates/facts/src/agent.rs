//! Versions of the SSM Agent that matter to patching (`data/agent.json`).

use std::sync::LazyLock;

use serde::Deserialize;

static VERSIONS: LazyLock<Versions> = LazyLock::new(|| crate::read(include_str!("../data/agent.json")));

/// The versions.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Versions {
    /// Below this AWS-RunPatchBaseline does not run.
    pub minimum: Version,
    /// From this on the agent does without `ec2messages`.
    pub without_ec2messages: Version,
    /// Below this an upgrade is due.
    pub supported: Version,
    /// From this on the agent can use the default host management configuration.
    pub default_host_management: Version,
    /// From this on the agent can use dual-stack endpoints (`UseDualStackEndpoint`), which have IPv6 addresses.
    pub dual_stack_endpoints: Version,
}

/// A version of the agent.
#[derive(Debug, Deserialize)]
pub struct Version {
    /// Numbers with points between them, such as `3.3.40.0`.
    pub version: String,
}

/// Returns the versions.
#[must_use]
pub fn versions() -> &'static Versions {
    &VERSIONS
}
