//! Regions of AWS, and which of them an account has switched on.

/// Regions that are always on.
const DEFAULT: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Regions that an account has to opt in to. Here an account has opted in to every Region in which the scenario gives
/// it instances.
const OPT_IN: [&str; 15] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

/// Regions launched in 2024 or later, in which `ec2messages` does not exist (Systems Manager user guide, reference of
/// the message APIs).
const WITHOUT_EC2MESSAGES: [&str; 5] =
    ["ap-east-2", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "mx-central-1"];

/// The shape of a Region's name, as a regular expression.
pub const PATTERN: &str = "^[a-z]+(-[a-z]+)+-[0-9]+$";

/// Returns whether the older message service, `ec2messages`, exists in a Region.
pub fn has_ec2messages(region: &str) -> bool {
    !WITHOUT_EC2MESSAGES.contains(&region)
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
    match (disabled, DEFAULT.contains(&region), used) {
        (true, _, _) | (false, false, false) => OptIn::NotOptedIn,
        (false, true, _) => OptIn::NotRequired,
        (false, false, true) => OptIn::OptedIn,
    }
}

/// Returns all Regions of AWS, sorted.
pub fn all() -> Vec<&'static str> {
    let mut all: Vec<_> = DEFAULT.iter().chain(&OPT_IN).copied().collect();
    all.sort_unstable();
    all
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
        assert!(is_region_name("us-gov-west-1") && !is_region_name("tokyo") && !is_region_name("us-east"));
    }
}
