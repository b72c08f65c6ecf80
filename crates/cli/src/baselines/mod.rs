//! `orgpatch preview --baselines`, `orgpatch baselines apply` and `orgpatch baselines restore`: start an operation of the state
//! machine and wait for it, because only orgpatch's functions may use the member role.

mod confirm;
mod failure;
mod text;

use std::io;
use std::process::ExitCode;

use failure::Failure;
use orgpatch_engine::planner;
use orgpatch_model::digest::sha256_hex;
use orgpatch_model::input::{Operation, RunInput};
use orgpatch_model::outcome::RunDecision;
use orgpatch_plan::{Plan, read};
use orgpatch_records::keys;
use orgpatch_report::Report;

use crate::args::{ChangeArguments, Format, PreviewArguments};
use crate::deployment::Deployment;
use crate::plan_file::PlanFile;
use crate::stack::Place;
use crate::validate::caution;
use crate::{REFUSED, UNREADABLE, fail, mistakes, plan_file, print, stack, wait_for};

/// Runs `orgpatch preview --baselines` and returns its exit status.
pub fn preview(arguments: &PreviewArguments) -> ExitCode {
    let (file, plan) = match plan_file::read(&arguments.plan, arguments.format) {
        Ok(read) => read,
        Err(status) => return status,
    };
    // Before the run, which takes minutes.
    caution(&file, &plan);
    let profile = arguments.profile.as_deref();
    end(arguments.format, async {
        let place = stack::find(&arguments.deployment, profile).await?;
        compare(&place, profile, &file, &plan, arguments.stages.as_deref()).await
    })
}

/// Runs `orgpatch baselines apply` or `orgpatch baselines restore` and returns its exit status. `to_plan` is the plan to whose
/// baselines those of the plan give way.
pub fn change(operation: Operation, arguments: &ChangeArguments, to_plan: Option<&str>) -> ExitCode {
    if !arguments.yes && !confirm::can_ask() {
        let message = "standard input is not a terminal, so the command cannot ask for confirmation; \
                       read what it does (--help) and add --yes";
        return fail(message, UNREADABLE);
    }
    end(arguments.format, async {
        let place = stack::find(&arguments.deployment, arguments.profile.as_deref()).await?;
        start(operation, &place, arguments, to_plan).await
    })
}

/// Does the work, and prints the report or the reason why there is none.
fn end(format: Format, work: impl Future<Output = Result<Report, Failure>>) -> ExitCode {
    let failure = match wait_for(work) {
        Err(status) => return status,
        Ok(Ok(report)) => {
            print(&match format {
                Format::Json => as_json(&report),
                Format::Text => text::render(&report),
            });
            if report.head.run.decision == RunDecision::Advanced {
                return ExitCode::SUCCESS;
            }
            Failure::NotAdvanced { run_id: report.head.run.id, reason: report.head.run.reason.text }
        }
        Ok(Err(failure)) => failure,
    };
    eprintln!("{}", failure.render(&mistakes::renderer(&io::stderr())));
    ExitCode::from(REFUSED)
}

fn as_json(report: &Report) -> String {
    serde_json::to_string_pretty(report).expect("texts, numbers and lists are always JSON") + "\n"
}

async fn compare(
    place: &Place,
    profile: Option<&str>,
    file: &PlanFile,
    plan: &Plan,
    stages: Option<&[String]>,
) -> Result<Report, Failure> {
    planner::check_stages(plan, stages)?;
    let deployment = Deployment::connect(&place.state_machine, &place.bucket, profile).await?;
    let upload = || format!("aws s3 cp {} s3://{}/{}", file.name, place.bucket, keys::plan(&plan.name));
    match deployment.plan(&plan.name).await? {
        Some(text) if text == file.text => {}
        Some(_) => {
            return Err(Failure::AnotherPlan { file: file.name.clone(), plan: plan.name.clone(), upload: upload() });
        }
        None => {
            return Err(Failure::NotUploaded {
                plan: plan.name.clone(),
                bucket: place.bucket.clone(),
                upload: upload(),
            });
        }
    }
    let report = deployment.run(&input(Operation::PreviewBaselines, &plan.name, stages)).await?;
    // The plan in the bucket may have been replaced after the comparison.
    if report.head.run.plan_sha256 != sha256_hex(&file.text) {
        return Err(Failure::AnotherPlan { file: file.name.clone(), plan: plan.name.clone(), upload: upload() });
    }
    Ok(report)
}

/// Asks for confirmation and runs the operation.
async fn start(
    operation: Operation,
    place: &Place,
    arguments: &ChangeArguments,
    to_plan: Option<&str>,
) -> Result<Report, Failure> {
    let deployment = Deployment::connect(&place.state_machine, &place.bucket, arguments.profile.as_deref()).await?;
    let name = &arguments.plan;
    let text = deployment.plan(name).await?;
    let text = text.ok_or_else(|| Failure::NoSuchPlan { plan: name.clone(), bucket: place.bucket.clone() })?;
    let plan =
        read(&text).map_err(|errors| Failure::BrokenPlan { plan: name.clone(), mistakes: errors.to_string() })?;
    let stages = arguments.stages.as_deref();
    planner::check_stages(&plan, stages)?;
    if !arguments.yes && !confirm::ask(operation, &confirm::what(operation, &plan, stages, to_plan, &place.bucket)) {
        return Err(Failure::NotConfirmed);
    }
    let input = RunInput { to_plan: to_plan.map(str::to_owned), ..input(operation, name, stages) };
    deployment.run(&input).await.map_err(Failure::from)
}

fn input(operation: Operation, plan: &str, stages: Option<&[String]>) -> RunInput {
    let comment = Some("started by the command line".to_owned());
    let stages = stages.map(<[String]>::to_vec);
    RunInput {
        operation,
        plan: plan.to_owned(),
        stages,
        readiness_only: false,
        plan_sha256: None,
        without_earlier_gates: None,
        to_plan: None,
        comment,
        scheduled_time: None,
    }
}
