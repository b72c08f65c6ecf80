//! `orgpatch preview`: reads the organization and shows what a run of the plan would do. It changes nothing.

pub mod descriptions;
pub mod failure;
mod model;
pub mod text;

use std::io;
use std::process::ExitCode;

use failure::Failure;
use jiff::Timestamp;
use model::Preview;
use orgpatch_aws::clients::organizations;
use orgpatch_aws::store::bucket::Store;
use orgpatch_engine::stage_memory::StageMemory;
use orgpatch_engine::{planner, stage_memory};
use orgpatch_model::digest::sha256_hex;
use orgpatch_plan::Plan;
use orgpatch_records::keys;

use crate::args::{Format, PreviewArguments};
use crate::plan_file::PlanFile;
use crate::validate::caution;
use crate::{REFUSED, credentials, mistakes, plan_file, print, progress, stack, wait_for};

/// Runs the command and returns its exit status.
pub fn run(arguments: &PreviewArguments) -> ExitCode {
    let (file, plan) = match plan_file::read(&arguments.plan, arguments.format) {
        Ok(read) => read,
        Err(status) => return status,
    };
    match wait_for(preview(arguments, &file, &plan)) {
        Err(status) => status,
        Ok(Ok(preview)) => {
            caution(&file, &plan);
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

async fn preview(arguments: &PreviewArguments, file: &PlanFile, plan: &Plan) -> Result<Preview, Failure> {
    let only = arguments.stages.as_deref();
    // Before the organization is read, which takes seconds.
    planner::check_stages(plan, only)?;
    let config = credentials::connect(
        arguments.profile.as_deref(),
        arguments.region.as_deref(),
        plan.regions.first().map_or("us-east-1", String::as_str),
    )
    .await
    .map_err(Failure::NoCredentials)?;
    let deployment = &arguments.deployment;
    let memory = if deployment.bucket.is_some() || deployment.stack.is_some() {
        let found = stack::bucket(deployment, arguments.profile.as_deref()).await;
        let (_, bucket) = found.map_err(Failure::NoDeployment)?;
        remembered(&Store::new(&config, bucket), plan).await
    } else {
        None
    };
    if let Some(memory) = &memory {
        planner::check_first_stage(plan, only, memory)?;
    }
    let earlier = memory
        .map(|memory| stage_memory::earlier_stages(plan, &sha256_hex(&file.text), only, &memory, Timestamp::now()));
    let wanted = planner::units_of(plan);
    // Boxed: the futures of the SDK nest deeper than the compiler likes.
    let organization =
        progress::shown("reading the organization", Box::pin(organizations::read(&config, &wanted))).await?;
    Ok(model::of(plan, &organization, only, earlier)?)
}

/// Returns what the bucket remembers of the plan's stages; None if it cannot be read, which is said on the error stream.
async fn remembered(store: &Store, plan: &Plan) -> Option<StageMemory> {
    match store.find(&keys::stage_memory(&plan.name)).await {
        Ok(memory) => Some(memory.unwrap_or_default()),
        Err(error) => {
            eprintln!("note: the preview does not tell which stages have passed: {error}");
            None
        }
    }
}
