//! `orgpatch validate`: reads plans and says whether they are valid. It needs no AWS account and no network.

use std::io;
use std::process::ExitCode;

use orgpatch_model::digest::sha256_hex;
use orgpatch_plan::{ChangedDefault, Plan};

use crate::args::{Format, ValidateArguments};
use crate::mistakes::{self, ValidateResult};
use crate::plan_file::{self, PlanFile};
use crate::{REFUSED, UNREADABLE, print};

/// Runs the command and returns its exit status: the highest that a plan of its own would give.
pub fn run(arguments: &ValidateArguments) -> ExitCode {
    let mut results = Vec::with_capacity(arguments.plans.len());
    let mut status = 0;
    for path in &arguments.plans {
        let file = match plan_file::open(path) {
            Ok(file) => file,
            Err(message) => {
                eprintln!("error: {message}");
                status = UNREADABLE;
                continue;
            }
        };
        let (file, read) = plan_file::plan(file);
        match (arguments.format, &read) {
            (Format::Json, Ok(plan)) => results.push(ValidateResult::of_plan(&file, plan)),
            (Format::Json, Err(errors)) => results.push(ValidateResult::of_mistakes(&file, errors)),
            (Format::Text, Ok(plan)) => show(&file, plan),
            (Format::Text, Err(errors)) => print(&mistakes::in_lines(&file, errors)),
        }
        status = status.max(if read.is_ok() { 0 } else { REFUSED });
    }
    if matches!(arguments.format, Format::Json) {
        print(&mistakes::document(&results, arguments.plans.len() > 1));
    }
    ExitCode::from(status)
}

fn show(file: &PlanFile, plan: &Plan) {
    print(&summary(file, plan));
    // Not in the answer itself, which says that the plan is valid.
    eprint!("{}", orgpatch_plan::changed_defaults(plan).iter().map(note).collect::<String>());
    caution(file, plan);
}

/// Says on the error stream what probably does not mean what it says, and what the sources of a plan mean.
pub fn caution(file: &PlanFile, plan: &Plan) {
    eprint!("{}", mistakes::warnings(file, &mistakes::renderer(&io::stderr())));
    for caution in plan.cautions() {
        eprintln!("caution: {caution}");
    }
}

fn note(changed: &ChangedDefault) -> String {
    let ChangedDefault { entry, meaning, stages, earlier } = changed;
    let stages = stages.join(", ");
    format!(
        "note: {meaning}, unlike under earlier builds; in {stages}, `{earlier}` gives back the old behaviour (CHANGELOG.md, {entry})\n"
    )
}

fn summary(file: &PlanFile, plan: &Plan) -> String {
    let stages: Vec<&str> = plan.stages.iter().map(|stage| stage.name.as_str()).collect();
    let sha256 = sha256_hex(&file.text);
    format!("{}: the plan {} is valid: {}\nSHA-256: {sha256}\n", file.name, plan.name, stages.join(" → "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valid_plan_is_named_with_its_stages_in_order() {
        let text = "schemaVersion: 1\nname: monthly\nregions: [ap-northeast-1]\n\
            stages: [{name: test, ous: [r-abcd]}, {name: production, accounts: [\"111111111111\"]}]\n";
        let file = PlanFile { name: "monthly.yaml".to_owned(), text: text.to_owned(), warnings: Vec::new() };
        let plan = orgpatch_plan::read(&file.text).expect("a plan");
        let sha256 = sha256_hex(text);
        assert_eq!(
            summary(&file, &plan),
            format!("monthly.yaml: the plan monthly is valid: test → production\nSHA-256: {sha256}\n")
        );
    }
}
