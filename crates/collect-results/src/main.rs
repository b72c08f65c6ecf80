//! `collect-results`: what did the instances answer? Running, or the target's record.

mod collect;

use orgpatch_aws::lambda::{self, Error, environment};
use orgpatch_aws::member::context::House;
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
    let house = &House::build().await?;
    let ledger = &Ledger::new(&house.config, environment::ledger_table()?);
    lambda::run(|request| collect_results(house, ledger, request)).await
}

async fn collect_results(house: &House, ledger: &Ledger, request: TargetRequest) -> Result<Progress, RunError> {
    expect_phase(&request, &[Phase::Scan, Phase::Hold, Phase::Install, Phase::Verify])?;
    let record = keys::record(&request.run_id, &request.step, request.phase, &request.target);
    let settings = keys::settings(&request.run_id, &request.step);
    let (record, settings): (Option<TargetRecord>, StepSettings) =
        tokio::try_join!(house.store.find(&record), house.store.get(&settings))?;
    // A target that could not be worked on has its record already.
    if record.is_some() {
        return Ok(Progress::Done);
    }
    let result = collect::collect(house, ledger, &request, &settings).await;
    house.settle(&request, result, |_| Progress::Done).await
}
