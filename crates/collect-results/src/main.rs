//! `collect-results`: reads what the scans found, and writes the target's record when every result is final.

mod collect;

use orgpatch_aws::lambda::{self, Error, TimeLeft, environment};
use orgpatch_aws::member::context::{FunctionContext, expect_phase};
use orgpatch_aws::store::ledger::Ledger;
use orgpatch_engine::phases::{Next, NextFunction};
use orgpatch_model::error::RunError;
use orgpatch_model::target::Phase;
use orgpatch_records::keys::Owner;
use orgpatch_records::messages::TargetRequest;

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda::init_logs();
    let context = &FunctionContext::build(Owner::CollectResults).await?;
    let ledger = &Ledger::new(&context.config, environment::ledger_table()?);
    lambda::run_in_time(|request, time| collect_results(context, ledger, request, time)).await
}

async fn collect_results(
    context: &FunctionContext,
    ledger: &Ledger,
    request: TargetRequest,
    time: TimeLeft,
) -> Result<Next, RunError> {
    expect_phase(&request, &[Phase::Scan, Phase::PreInstallScan, Phase::Verify])?;
    let settings = context.settings(&request).await?;
    let result = collect::collect(context, ledger, &request, &settings, time).await;
    context.answer_unless_throttled(&request, NextFunction::CollectResults, &settings, result).await
}
