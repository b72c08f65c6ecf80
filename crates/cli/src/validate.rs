//! `orgpatch validate`: reads a plan and says whether it is valid. It needs no AWS account and no network.

use std::io;
use std::process::ExitCode;

use orgpatch_model::digest::sha256_hex;
use orgpatch_plan::{ChangedDefault, Plan};

use crate::args::{Format, ValidateArguments};
use crate::plan_file::{self, PlanFile};
use crate::{mistakes, print};

/// Runs the command and returns its exit status.
pub fn run(arguments: &ValidateArguments) -> ExitCode {
    let (file, plan) = match plan_file::read(&arguments.plan, arguments.format) {
        Ok(read) => read,
        Err(status) => return status,
    };
    let changed = orgpatch_plan::changed_defaults(&plan);
    match arguments.format {
        Format::Json => print(&mistakes::none_as_json(&file, changed, plan.cautions())),
        Format::Text => {
            print(&summary(&file, &plan));
            // Not in the answer itself, which says that the plan is valid.
            eprint!("{}", changed.iter().map(note).collect::<String>());
            caution(&file, &plan);
        }
    }
    ExitCode::SUCCESS
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
