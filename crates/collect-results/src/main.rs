//! `collect-results`: reads what the instances answered, and writes the target's record when every answer is final.

mod collect;

use orgpatch_aws::lambda::{self, Error, environment};
use orgpatch_aws::member::context::FunctionContext;
use orgpatch_aws::member::dispatch::expect_phase;
use orgpatch_aws::store::ledger::Ledger;
use orgpatch_engine::planner::StepSettings;
use orgpatch_model::error::RunError;
use orgpatch_model::target::Phase;
use orgpatch_records::keys;
use orgpatch_records::keys::{Owner, TargetObject};
use orgpatch_records::messages::{Progress, TargetRequest};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda::init_logs();
    let context = &FunctionContext::build(Owner::CollectResults).await?;
    let ledger = &Ledger::new(&context.config, environment::ledger_table()?);
    lambda::run(|request| collect_results(context, ledger, request)).await
}

async fn collect_results(
    context: &FunctionContext,
    ledger: &Ledger,
    request: TargetRequest,
) -> Result<Progress, RunError> {
    expect_phase(&request, &[Phase::Scan, Phase::PreInstallScan, Phase::Install, Phase::Verify])?;
    if Box::pin(has_ended(context, &request)).await? {
        return Ok(Progress::Done);
    }
    let settings: StepSettings = context.store.get_once(&keys::settings(&request.run_id, &request.step)).await?;
    let result = collect::collect(context, ledger, &request, &settings).await;
    context.record_outcome(&request, result, |_| Progress::Done).await
}

/// Returns true if a record says that the target could not be worked on, so that its install has ended.
///
/// Only around an install does the state machine come here from a function that may have written one: after a scan or an
/// install that was not sent it goes elsewhere. Where a repeated try has sent something all the same, the earliest record
/// counts.
async fn has_ended(context: &FunctionContext, request: &TargetRequest) -> Result<bool, RunError> {
    if !matches!(request.phase, Phase::PreInstallScan | Phase::Verify) {
        return Ok(false);
    }
    let ended = |object| async move {
        context.store.exists(&keys::of_target(&request.run_id, &request.step, &request.target, object)).await
    };
    let (scan, install, own) = tokio::try_join!(
        ended(TargetObject::InstallEndedByScan),
        ended(TargetObject::InstallEndedByInstall),
        ended(TargetObject::Install),
    )?;
    Ok(scan || install || own)
}
