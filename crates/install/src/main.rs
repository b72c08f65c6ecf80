//! `install`: sends what the install plan says about a target, once per instance and pass, and never beside the patch command
//! of another tool.

use orgpatch_aws::lambda::{self, Error, TimeLeft, environment};
use orgpatch_aws::member::Paces;
use orgpatch_aws::member::context::{FunctionContext, expect_phase};
use orgpatch_aws::member::sending::{Receiver, Sender};
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_aws::store::ledger::Ledger;
use orgpatch_aws::store::step_inputs::to_send;
use orgpatch_engine::phases;
use orgpatch_engine::phases::{Next, NextFunction};
use orgpatch_engine::planner::StepSettings;
use orgpatch_model::error::RunError;
use orgpatch_model::target::{Pass, Phase};
use orgpatch_records::keys::Owner;
use orgpatch_records::messages::TargetRequest;

/// What the process keeps from one invocation to the next.
struct Install {
    context: FunctionContext,
    ledger: Ledger,
    paces: Paces,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda::init_logs();
    let context = FunctionContext::build(Owner::Install).await?;
    let ledger = Ledger::new(&context.config, environment::ledger_table()?);
    let install = &Install { context, ledger, paces: Paces::default() };
    lambda::run_in_time(|request, time| install.answer(request, time)).await
}

impl Install {
    async fn answer(&self, request: TargetRequest, time: TimeLeft) -> Result<Next, RunError> {
        expect_phase(&request, &[Phase::Install])?;
        self.ledger.expect_lock(request.lock_holder()).await?;
        let context = &self.context;
        let settings = context.settings(&request).await?;
        let result = self.send(&request, &settings, time).await;
        context.answer_unless_throttled(&request, NextFunction::Install, &settings, result).await
    }

    async fn send(
        &self,
        request: &TargetRequest,
        settings: &StepSettings,
        time: TimeLeft,
    ) -> Result<Next, TargetError> {
        let Self { context, ledger, paces } = self;
        let installable = to_send::installable(&context.store, request).await?;
        // Without the proof that only tested patches would go in nothing does. When the run is closed nothing does anyway, and the
        // instances of the order end as not attempted.
        let unproved = request.closing.as_ref().map(|_| installable.ordered());
        let Some(first) = installable.to_send().or(unproved) else {
            return Ok(phases::unproved());
        };
        let second;
        let order = match request.pass {
            Pass::First => first,
            Pass::Second => {
                second = to_send::second_pass(&context.store, request, first).await?;
                &second
            }
        };
        let (member, order_size) =
            (&context.sessions.session_for(&request.run_id, &request.target).await?, first.instances.len());
        let withheld = &order.withheld;
        let sender = Sender { context, ledger, paces, time, member, request, settings, withheld, order_size };
        Ok(sender.work(order.instances.iter().map(Receiver::from).collect()).await?.next(request))
    }
}
