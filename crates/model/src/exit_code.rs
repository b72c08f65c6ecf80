//! Exit codes of AWS-RunPatchBaseline in words.
//!
//! Source: `constant_repository.py` and `PatchLinux.sh` of the document's Linux payload (November 2021; it may have
//! grown since) and the Systems Manager user guide, "Troubleshooting Patch Manager".

use std::ops::RangeInclusive;

/// Exit codes and what they mean, in a few words.
pub const KNOWN: &[(RangeInclusive<i64>, &str)] = &[
    (0..=0, "success"),
    (1..=1, "the patch operation failed"),
    (2..=2, "a dependency check failed (a package that the patch module needs is missing)"),
    (3..=3, "the reboot did not happen after four attempts"),
    (126..=126, "the patch module could not be executed (is /var/lib/amazon mounted noexec?)"),
    (130..=132, "the association could not be read"),
    (133..=135, "the instance may not call GetPatchBaseline, or the call failed"),
    (136..=138, "the instance may not call DescribePatchBaselines, or the call failed"),
    (139..=141, "the instance may not call GetResources, or the call failed"),
    (142..=142, "the patch baseline could not be chosen by tag"),
    (143..=145, "the snapshot of approved patches could not be fetched"),
    (146..=146, "the operating system is not supported"),
    (147..=147, "the result could not be saved on the instance"),
    (148..=148, "the instance metadata could not be read"),
    (149..=149, "the result could not be uploaded (PutInventory)"),
    (150..=150, "the snapshot of approved patches is invalid"),
    (151..=151, "the patch module's checksum did not match, or the uptime could not be read"),
    (152..=152, "the patch module or its state file could not be loaded"),
    (153..=153, "a tag filter is invalid"),
    (154..=154, "a folder could not be created on the instance"),
    (155..=155, "the patch module could not be unpacked"),
    (156..=156, "the patch module could not be downloaded (is S3 reachable from the instance?)"),
    (160..=167, "the baseline override is not usable"),
    (-1..=-1, WINDOWS),
    // Windows reports -1 as an unsigned number.
    (4_294_967_295..=4_294_967_295, WINDOWS),
];

const WINDOWS: &str = "the patch module on Windows failed without a code of its own";

/// Returns what that exit code means, in a few words; None for one that the sources do not list.
#[must_use]
pub fn explain(code: i64) -> Option<&'static str> {
    KNOWN.iter().find(|(codes, _)| codes.contains(&code)).map(|(_, meaning)| *meaning)
}

/// The code and its meaning in one phrase.
#[must_use]
pub fn phrase(code: i64) -> String {
    match explain(code) {
        Some(meaning) => format!("exit code {code}: {meaning}"),
        None => format!("exit code {code}"),
    }
}
