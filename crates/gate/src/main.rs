//! `gate`: decides whether a step may start, what it would install, and whether the next step may start.

mod close;
mod enter;
mod judge;
mod review;
mod stage_memory;
mod work;

use lambda::Error;
use orgpatch_aws::lambda::{self, environment};
use orgpatch_aws::store::bucket::Store;
use orgpatch_aws::store::ledger::Ledger;
use orgpatch_aws::store::step_inputs;
use orgpatch_model::error::RunError;
use orgpatch_records::messages::{Answered, GateReply, GateRequest, Question};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda::init_logs();
    let config = lambda::sdk_config().await;
    let store = &Store::new(&config, environment::runs_bucket()?);
    let ledger = &Ledger::new(&config, environment::ledger_table()?);
    lambda::run(|request| answer(store, ledger, request)).await
}

async fn answer(store: &Store, ledger: &Ledger, request: GateRequest) -> Result<GateReply, RunError> {
    ledger.expect_lock(request.lock_holder()).await?;
    let settings = step_inputs::settings(store, &request.run_id, &request.step, &request.hashes).await?;
    if request.closing.is_some() {
        return close::ask(store, &request, &settings).await;
    }
    let Answered { answer, hashes } = match request.question {
        Question::Enter => enter::enter(store, &request, &settings).await?,
        Question::Review => review::review(store, &request, &settings).await?,
        Question::Judge => request.answered(judge::judge(store, ledger, &request, &settings).await?),
    };
    tracing::info!(run = request.run_id, step = request.step, decision = ?answer.decision, reason = %answer.reason.code, "decided");
    let work = work::after(&request, &answer, hashes, &settings)?;
    Ok(GateReply { answer, work })
}
