//! One test per file in `scenarios/`; `cargo test -p orgpatch-tests -- <name>` runs those whose name matches.

use std::path::Path;

fn case(path: &Path) -> datatest_stable::Result<()> {
    Ok(orgpatch_tests::run(path)?)
}

datatest_stable::harness! {
    { test = case, root = "scenarios", pattern = r"\.yaml$" },
}
