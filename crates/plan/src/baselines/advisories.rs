//! Warns of rules that can match nothing, because the repositories have no advisories (`updateinfo.xml`).

use orgpatch_facts::patch_values::{Selected, advisories};
use orgpatch_model::operating_system::OperatingSystem;

use super::super::decode::{At, Decoder};

/// What a part of a baseline says about updates that are not security updates.
#[derive(Clone, Copy)]
pub(super) struct NonSecurity {
    /// What it is: a rule, or the list of approved patches.
    pub what: &'static str,
    /// The field of a plan.
    pub field: &'static str,
    pub enabled: bool,
}

/// Checks a part of a baseline. `has_sources` is true if the baseline has repositories of its own.
pub(super) fn check(decoder: &mut Decoder, at: &At<'_>, os: OperatingSystem, has_sources: bool, part: NonSecurity) {
    let Some(facts) = advisories(os.name()) else { return };
    if !has_sources && facts.default_repositories {
        return;
    }
    let NonSecurity { what, field, enabled } = part;
    let when = if has_sources {
        format!("{what} matches nothing if the repositories of `sources` have no updateinfo.xml")
    } else {
        format!("{what} can match nothing: the default repositories of {os} have no updateinfo.xml")
    };
    let (without, valid) = match facts.without {
        Selected::NonSecurity if enabled => return,
        Selected::NonSecurity => (
            format!("without it Systems Manager takes packages only under {field}: true"),
            format!("{field}: true; or instances whose repositories have an updateinfo.xml"),
        ),
        Selected::Nothing => (
            format!("without it Systems Manager applies no patch of {os}"),
            "repositories with an updateinfo.xml".to_owned(),
        ),
    };
    decoder.warn(&at.path, at.node.place, format!("{when}; {without}"), valid);
}
