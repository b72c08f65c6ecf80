//! Regions of AWS, and which of them an account has switched on.
use orgpatch_facts::{message_endpoints, regions};

/// The partition of the simulated organization.
pub const PARTITION: &str = "aws";

/// The shape of a Region's name, as a regular expression.
pub const PATTERN: &str = "^[a-z]+(-[a-z]+)+-[0-9]+$";

/// Returns whether the older message service, `ec2messages`, exists in a Region.
pub fn has_ec2messages(region: &str) -> bool {
    !message_endpoints::is_absent_in(region)
}

/// The opt-in status of a Region, as `DescribeRegions` reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptIn {
    /// Always on.
    NotRequired,
    /// Switched on.
    OptedIn,
    /// Switched off.
    NotOptedIn,
}

impl OptIn {
    /// Returns the API's spelling.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotRequired => "opt-in-not-required",
            Self::OptedIn => "opted-in",
            Self::NotOptedIn => "not-opted-in",
        }
    }
}

/// Returns the status of a Region for an account. `disabled` says that the scenario switches it off, `used` that the
/// account has instances there.
pub fn status(region: &str, disabled: bool, used: bool) -> OptIn {
    match (disabled, regions::is_on_by_default(region), used) {
        (true, _, _) | (false, false, false) => OptIn::NotOptedIn,
        (false, true, _) => OptIn::NotRequired,
        (false, false, true) => OptIn::OptedIn,
    }
}

/// Returns all Regions of the partition, sorted.
pub fn all() -> &'static [String] {
    regions::partition(PARTITION).map_or(&[], |partition| &partition.regions)
}

/// Returns whether a text has the shape of a Region's name, for example `ap-northeast-1`.
pub fn is_region_name(text: &str) -> bool {
    let mut parts = text.rsplit('-');
    let number = parts.next().is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let words: Vec<_> = parts.collect();
    number
        && words.len() >= 2
        && words.iter().all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_off_when_disabled_or_never_asked_for() {
        assert_eq!(status("ap-northeast-3", false, false), OptIn::NotRequired);
        assert_eq!(status("ap-northeast-3", true, true), OptIn::NotOptedIn);
        assert_eq!(status("me-south-1", false, false), OptIn::NotOptedIn);
        assert_eq!(status("me-south-1", false, true), OptIn::OptedIn);
        assert_eq!(status("ca-west-1", false, false), OptIn::NotOptedIn);
        assert!(all().iter().any(|region| region == "il-central-1"));
        assert!(!all().iter().any(|region| region == "us-gov-west-1"));
        assert!(is_region_name("us-gov-west-1") && !is_region_name("tokyo") && !is_region_name("us-east"));
    }
}
