//! Partitions and their Regions (`data/regions.json`, written by `scripts/regions.py` from botocore), and the Regions that
//! are on in every account (`data/default-regions.json`).
//!
//! AWS opens Regions more often than orgpatch is released. A plan may therefore name a Region that the list lacks as newer: it
//! has no known partition, and AWS decides whether it exists.

use std::sync::LazyLock;

use serde::Deserialize;

static PARTITIONS: LazyLock<Partitions> = LazyLock::new(|| crate::read(include_str!("../data/regions.json")));
static DEFAULT: LazyLock<DefaultRegions> = LazyLock::new(|| crate::read(include_str!("../data/default-regions.json")));

#[derive(Deserialize)]
struct Partitions {
    partitions: Vec<Partition>,
}

#[derive(Deserialize)]
struct DefaultRegions {
    codes: Vec<String>,
}

/// A partition: a part of AWS with accounts, Regions and ARNs of its own.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Partition {
    /// The second field of its ARNs, such as `aws-us-gov`.
    pub id: String,
    /// The end of the names of its endpoints, such as `amazonaws.com`.
    pub dns_suffix: String,
    /// Codes of its Regions, sorted.
    pub regions: Vec<String>,
}

/// Returns every known partition, sorted by id.
#[must_use]
pub fn partitions() -> &'static [Partition] {
    &PARTITIONS.partitions
}

/// Returns the partition of that id; None if the list lacks it.
#[must_use]
pub fn partition(id: &str) -> Option<&'static Partition> {
    partitions().iter().find(|partition| partition.id == id)
}

/// Returns the partition of a Region; None if the list lacks the Region.
#[must_use]
pub fn partition_of(region: &str) -> Option<&'static Partition> {
    partitions().iter().find(|partition| partition.regions.iter().any(|known| known == region))
}

/// Returns true for a Region of the partition `aws` that is on in every account and cannot be switched off.
#[must_use]
pub fn is_on_by_default(region: &str) -> bool {
    DEFAULT.codes.iter().any(|known| known == region)
}

#[cfg(test)]
mod tests {
    use super::{is_on_by_default, partition, partition_of, partitions};

    #[test]
    fn a_region_is_in_one_partition() {
        for (region, expected) in [
            ("ap-northeast-1", Some("aws")),
            ("ap-southeast-6", Some("aws")),
            ("us-gov-west-1", Some("aws-us-gov")),
            ("cn-northwest-1", Some("aws-cn")),
            ("eusc-de-east-1", Some("aws-eusc")),
            ("us-isob-east-1", Some("aws-iso-b")),
            ("aws-global", None),
            ("us-east-99", None),
            ("", None),
        ] {
            assert_eq!(partition_of(region).map(|found| found.id.as_str()), expected, "{region}");
        }
        let all: Vec<_> = partitions().iter().flat_map(|one| &one.regions).collect();
        for region in &all {
            assert_eq!(all.iter().filter(|other| other == &region).count(), 1, "{region}");
        }
        assert_eq!(partition("aws-cn").map(|found| found.dns_suffix.as_str()), Some("amazonaws.com.cn"));
    }

    #[test]
    fn new_regions_must_be_switched_on() {
        assert!(is_on_by_default("ap-northeast-3") && is_on_by_default("eu-north-1"));
        assert!(!is_on_by_default("ap-east-1") && !is_on_by_default("il-central-1") && !is_on_by_default("x"));
    }
}
