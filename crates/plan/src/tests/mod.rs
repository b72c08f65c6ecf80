//! Tests of the plan: every kind of bad input by its message, round trips, files of the repository.

mod bad_baselines;
mod bad_fields;
mod bad_stages;
mod bad_yaml;
mod conflicts;
mod files;
mod good;
mod lists;
mod planned_baselines;
mod promotion;
mod properties;
mod sharing;
mod values;

use super::{PlanErrors, read};

const HEAD: &str = "schemaVersion: 1\nname: monthly\nregions: [ap-northeast-1]\n";
const STAGES: &str = "stages: [{name: test, ous: [ou-abcd-11111111]}]\n";

/// The mistakes of a document, one a line.
fn mistakes(text: &str) -> String {
    listed(&read(text).expect_err("a document with mistakes"))
}

fn listed(errors: &PlanErrors) -> String {
    let lines: Vec<String> = errors.into_iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// The mistakes of a plan that is valid but for `lines`, which begin in line 4.
fn mistakes_in(lines: &str) -> String {
    mistakes(&format!("{HEAD}{}\n{STAGES}", lines.trim_matches('\n')))
}

/// The mistakes of a plan that is valid but for its stages, which begin in line 4.
fn mistakes_in_stages(stages: &str) -> String {
    mistakes(&format!("{HEAD}stages:\n{}\n", stages.trim_matches('\n')))
}
