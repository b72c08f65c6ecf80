//! `list-accounts`: plans a run: reads the plan and the organization, and writes the ordered steps.

mod claim;
mod close;
mod lock;
mod start;

use orgpatch_aws::clients::executions::Executions;
use orgpatch_aws::lambda::{self, Error, environment};
use orgpatch_aws::store::bucket::Store;
use orgpatch_aws::store::ledger::Ledger;

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda::init_logs();
    let config = lambda::sdk_config().await;
    let context = &start::StartContext {
        store: Store::new(&config, environment::runs_bucket()?),
        ledger: Ledger::new(&config, environment::ledger_table()?),
        executions: Executions::new(&config),
        config,
    };
    lambda::run(|request| start::start(context, request)).await
}
