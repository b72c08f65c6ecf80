//! `collect-results`: what did the instances answer? Running, or the target's record.

mod collect;

use orgpatch_aws::lambda::{self, Error, environment};
use orgpatch_aws::member::context::FunctionContext;
use orgpatch_aws::member::dispatch::expect_phase;
use orgpatch_aws::store::ledger::Ledger;
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::results::TargetRecord;
use orgpatch_model::error::RunError;
use orgpatch_model::target::Phase;
use orgpatch_records::keys;
use orgpatch_records::messages::{Progress, TargetRequest};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda::init_logs();
    let context = &FunctionContext::build().await?;
    let ledger = &Ledger::new(&context.config, environment::ledger_table()?);
    lambda::run(|request| collect_results(context, ledger, request)).await
}

async fn collect_results(
    context: &FunctionContext,
    ledger: &Ledger,
    request: TargetRequest,
) -> Result<Progress, RunError> {
    expect_phase(&request, &[Phase::Scan, Phase::PreInstallScan, Phase::Install, Phase::Verify])?;
    let record = keys::record(&request.run_id, &request.step, request.phase, &request.target);
    let settings = keys::settings(&request.run_id, &request.step);
    let (record, settings): (Option<TargetRecord>, StepSettings) =
        tokio::try_join!(context.store.find(&record), context.store.get(&settings))?;
    // A target that could not be worked on has its record already.
    if record.is_some() {
        return Ok(Progress::Done);
    }
    let result = collect::collect(context, ledger, &request, &settings).await;
    context.record_outcome(&request, result, |_| Progress::Done).await
}
