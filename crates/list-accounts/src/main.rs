//! `list-accounts`: turns the plan and the organization into the ordered steps of a run, before anything is touched.

mod start;

use orgpatch_aws::executions::Executions;
use orgpatch_aws::lambda::{self, Error};
use orgpatch_aws::ledger::Ledger;
use orgpatch_aws::settings;
use orgpatch_aws::store::Store;

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda::init_logs();
    let config = lambda::sdk_config().await;
    let house = &start::House {
        store: Store::new(&config, settings::runs_bucket()?),
        ledger: Ledger::new(&config, settings::ledger_table()?),
        executions: Executions::new(&config),
        config,
    };
    lambda::run(|request| start::start(house, request)).await
}
