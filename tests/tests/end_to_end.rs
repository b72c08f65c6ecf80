//! One test per file in `scenarios/`. `cargo test --workspace --test end_to_end -- <text>` runs those whose name contains
//! the text.

use std::path::Path;

fn case(path: &Path) -> datatest_stable::Result<()> {
    Ok(orgpatch_tests::run(path)?)
}

datatest_stable::harness! {
    { test = case, root = "scenarios", pattern = r"\.yaml$" },
}
