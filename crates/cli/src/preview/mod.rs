//! `orgpatch preview`: reads the organization and shows what a run of the plan would do. It changes nothing.

pub mod descriptions;
pub mod failure;
mod model;
pub mod text;

use std::io;
use std::process::ExitCode;

use failure::Failure;
use model::Preview;
use orgpatch_aws::clients::organizations;
use orgpatch_engine::planner;
use orgpatch_plan::Plan;

use crate::args::{Format, PreviewArguments};
use crate::validate::caution;
use crate::{REFUSED, credentials, mistakes, plan_file, print, progress, wait_for};

/// Runs the command and returns its exit status.
pub fn run(arguments: &PreviewArguments) -> ExitCode {
    let (file, plan) = match plan_file::read(&arguments.plan, arguments.format) {
        Ok(read) => read,
        Err(status) => return status,
    };
    match wait_for(preview(arguments, &plan)) {
        Err(status) => status,
        Ok(Ok(preview)) => {
            caution(&plan);
            print(&match arguments.format {
                Format::Json => preview.to_json(),
                Format::Text => text::render(&preview),
            });
            ExitCode::SUCCESS
        }
        Ok(Err(failure)) => {
            eprintln!("{}", failure.render(&file, &mistakes::renderer(&io::stderr())));
            ExitCode::from(REFUSED)
        }
    }
}

async fn preview(arguments: &PreviewArguments, plan: &Plan) -> Result<Preview, Failure> {
    let only = arguments.stages.as_deref();
    // Before the organization is read, which takes seconds.
    planner::check_stages(plan, only)?;
    planner::check_first_stage(plan, only)?;
    let config = credentials::connect(
        arguments.profile.as_deref(),
        arguments.region.as_deref(),
        plan.regions.first().map_or("us-east-1", String::as_str),
    )
    .await
    .map_err(Failure::NoCredentials)?;
    let wanted = planner::units_of(plan);
    // Boxed: the futures of the SDK nest deeper than the compiler likes.
    let organization =
        progress::shown("reading the organization", Box::pin(organizations::read(&config, &wanted))).await?;
    Ok(model::of(plan, &organization, only)?)
}
