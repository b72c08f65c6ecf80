//! What decides which baseline an instance is judged by.
use crate::facts::operating_systems::Os;

/// Instances of one scope share baseline and snapshots.
#[derive(Debug, Clone, Copy)]
pub struct PatchScope<'a> {
    /// The account.
    pub account: &'a str,
    /// The Region.
    pub region: &'a str,
    /// The patch group that the instance's tag names.
    pub patch_group: Option<&'a str>,
    /// The operating system.
    pub os: Os,
}
