//! `orgpatch preview --baselines` and `orgpatch baselines restore`: operations of the state machine, started and awaited
//! from here. The member role lets nobody in but the acting functions.

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

use crate::args::{Format, PreviewArguments, RestoreArguments, StateMachine};
use crate::deployment::Deployment;
use crate::plan_file::PlanFile;
use crate::{REFUSED, UNREADABLE, fail, mistakes, plan_file, print, wait_for};

/// Runs `orgpatch preview --baselines`; the result is its exit status.
pub fn preview(arguments: &PreviewArguments) -> ExitCode {
    let (file, plan) = match plan_file::read(&arguments.plan, arguments.format) {
        Ok(read) => read,
        Err(status) => return status,
    };
    let (Some(state_machine), Some(bucket)) = (&arguments.state_machine, &arguments.bucket) else {
        return fail("--baselines needs --state-machine and --bucket", UNREADABLE);
    };
    let place = Place { state_machine, bucket, profile: arguments.profile.as_deref() };
    end(arguments.format, async { compare(&place, &file, &plan, arguments.stages.as_deref()).await })
}

/// Runs `orgpatch baselines restore`; the result is its exit status.
pub fn restore(arguments: &RestoreArguments) -> ExitCode {
    if !arguments.yes && !confirm::can_ask() {
        let message = "standard input is not a terminal, so nobody can be asked whether to restore; \
                       look at what it does (--help) and add --yes";
        return fail(message, UNREADABLE);
    }
    let profile = arguments.profile.as_deref();
    let place = Place { state_machine: &arguments.state_machine, bucket: &arguments.bucket, profile };
    end(arguments.format, async { give_back(&place, arguments).await })
}

/// Where orgpatch is, and who asks.
struct Place<'a> {
    state_machine: &'a StateMachine,
    bucket: &'a str,
    profile: Option<&'a str>,
}

/// Does the work, and prints its report, or why there is none.
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
    place: &Place<'_>,
    file: &PlanFile,
    plan: &Plan,
    stages: Option<&[String]>,
) -> Result<Report, Failure> {
    planner::check_stages(plan, stages)?;
    let deployment = Deployment::connect(place.state_machine, place.bucket, place.profile).await?;
    let upload = || format!("aws s3 cp {} s3://{}/{}", file.name, place.bucket, keys::plan(&plan.name));
    match deployment.plan(&plan.name).await? {
        Some(text) if text == file.text => {}
        Some(_) => {
            return Err(Failure::AnotherPlan { file: file.name.clone(), plan: plan.name.clone(), upload: upload() });
        }
        None => {
            return Err(Failure::NotUploaded {
                plan: plan.name.clone(),
                bucket: place.bucket.to_owned(),
                upload: upload(),
            });
        }
    }
    let report = deployment.run(&input(Operation::PreviewBaselines, &plan.name, stages)).await?;
    // Somebody may have replaced it since it was compared.
    if report.head.run.plan_sha256 != sha256_hex(&file.text) {
        return Err(Failure::AnotherPlan { file: file.name.clone(), plan: plan.name.clone(), upload: upload() });
    }
    Ok(report)
}

async fn give_back(place: &Place<'_>, arguments: &RestoreArguments) -> Result<Report, Failure> {
    let deployment = Deployment::connect(place.state_machine, place.bucket, place.profile).await?;
    let name = &arguments.plan;
    let text = deployment.plan(name).await?;
    let text = text.ok_or_else(|| Failure::NoSuchPlan { plan: name.clone(), bucket: place.bucket.to_owned() })?;
    let plan =
        read(&text).map_err(|errors| Failure::BrokenPlan { plan: name.clone(), mistakes: errors.to_string() })?;
    let stages = arguments.stages.as_deref();
    planner::check_stages(&plan, stages)?;
    if !arguments.yes && !confirm::ask(&confirm::what(&plan, stages, place.bucket)) {
        return Err(Failure::NobodySaidYes);
    }
    deployment.run(&input(Operation::RestoreBaselines, name, stages)).await.map_err(Failure::from)
}

fn input(operation: Operation, plan: &str, stages: Option<&[String]>) -> RunInput {
    let comment = Some("started by the command line".to_owned());
    let stages = stages.map(<[String]>::to_vec);
    RunInput { operation, plan: plan.to_owned(), stages, readiness_only: false, comment }
}
