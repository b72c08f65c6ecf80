//! `install`: sends what the install plan says about a target, once, and never beside the patch command of another tool.

mod others;

use orgpatch_aws::clients::ssm::Ssm;
use orgpatch_aws::lambda::{self, Error, environment};
use orgpatch_aws::member::context::FunctionContext;
use orgpatch_aws::member::dispatch;
use orgpatch_aws::member::dispatch::{Dispatch, expect_phase};
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_aws::store::ledger::Ledger;
use orgpatch_aws::store::step_inputs;
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::sending::command;
use orgpatch_model::error::RunError;
use orgpatch_model::target::Phase;
use orgpatch_records::keys;
use orgpatch_records::keys::Owner;
use orgpatch_records::messages::{Progress, TargetRequest};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda::init_logs();
    let context = &FunctionContext::build(Owner::Install).await?;
    let ledger = &Ledger::new(&context.config, environment::ledger_table()?);
    lambda::run(|request| install(context, ledger, request)).await
}

async fn install(context: &FunctionContext, ledger: &Ledger, request: TargetRequest) -> Result<Progress, RunError> {
    expect_phase(&request, &[Phase::Install])?;
    let result = send(context, ledger, &request).await;
    context.record_outcome(&request, result, |_| Progress::Done).await
}

async fn send(context: &FunctionContext, ledger: &Ledger, request: &TargetRequest) -> Result<Progress, TargetError> {
    let settings: StepSettings = context.store.get_once(&keys::settings(&request.run_id, &request.step)).await?;
    // Without the proof that only tested patches would go in nothing does; why there is none is recorded already.
    let installable = step_inputs::installable(&context.store, request).await?;
    let Some(order) = installable.to_send() else {
        return Ok(Progress::Done);
    };
    let member = context.sessions.session_for(&request.run_id, &request.target).await?;
    let ssm = Ssm::new(&member);
    let ids: Vec<String> = order.instances.iter().map(|one| one.instance_id.clone()).collect();
    let online = context.sessions.target_result(&request.target, dispatch::online(&ssm, &ids).await).await?;
    let (settings, withheld) = (&settings, &order.withheld);
    // The last thing before sending: what is looked at later cannot be prevented.
    let busy = &others::look(context, request, settings, &member, &ids).await?;
    let dispatch = Dispatch { ledger, sessions: &context.sessions, ssm: &ssm, request, settings, withheld, busy };
    let batches = command::batches(order.instances.iter().map(|one| (one.os, one.instance_id.clone())));
    dispatch.send(batches, Some(&online)).await
}
