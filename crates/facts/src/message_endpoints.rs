//! Where and until when the older message endpoint `ec2messages` exists (`data/message-endpoints.json`).

use std::sync::LazyLock;

use serde::Deserialize;

static EC2MESSAGES: LazyLock<Ec2messages> =
    LazyLock::new(|| crate::read(include_str!("../data/message-endpoints.json")));

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ec2messages {
    absent_regions: Regions,
    retired: Retired,
}

#[derive(Deserialize)]
struct Regions {
    codes: Vec<String>,
}

#[derive(Deserialize)]
struct Retired {
    on: String,
}

/// Returns true for a Region that never had `ec2messages`.
#[must_use]
pub fn is_absent_in(region: &str) -> bool {
    EC2MESSAGES.absent_regions.codes.iter().any(|absent| absent == region)
}

/// Returns the first day without `ec2messages` in all Regions, as YYYY-MM-DD.
#[must_use]
pub fn retired_on() -> &'static str {
    &EC2MESSAGES.retired.on
}
