//! Checks the readiness of every selected instance before anything is sent.

use std::collections::BTreeSet;

use orgpatch_aws::clients::readiness;
use orgpatch_aws::member::context::FunctionContext;
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_engine::inventory::readiness::attach;
use orgpatch_engine::inventory::{Inventory, list};
use orgpatch_engine::phases::Next;
use orgpatch_engine::planner::StepSettings;
use orgpatch_engine::readiness::check;
use orgpatch_engine::results::reconcile::not_asked;
use orgpatch_model::instance::Ec2Instance;
use orgpatch_records::messages::TargetRequest;

use crate::{Seen, inventory, see};

/// Lists the instances of the target, with the findings of each selected instance. If the plan selects none, no facts are
/// read. It also returns the instances as EC2 describes them.
pub async fn checked_inventory(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
) -> Result<(Inventory, Vec<Ec2Instance>), TargetError> {
    let Seen { member, ec2, managed } = see(context, request, settings).await?;
    let mut instances = list::inventory(&settings.select, &ec2, &managed);
    let selected: BTreeSet<&str> = instances
        .iter()
        .filter(|instance| instance.is_selected())
        .map(|instance| instance.instance_id.as_str())
        .collect();
    let ec2 = if selected.is_empty() {
        ec2
    } else {
        let vpcs = ec2.iter().filter(|one| selected.contains(one.id.as_str())).filter_map(|one| one.vpc_id.clone());
        let vpcs: BTreeSet<String> = vpcs.collect();
        let facts = readiness::facts(&member, &request.target.region, ec2, managed, &vpcs).await;
        let facts = context.sessions.target_result(&request.target, facts).await?;
        attach(&mut instances, check(&facts, &settings.select, request.now));
        facts.instances
    };
    Ok((Inventory { at: request.now, instances, conflict_notes: Vec::new() }, ec2))
}

/// Records the target with its findings only. No command is sent.
pub async fn record(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
) -> Result<Next, TargetError> {
    let inventory = inventory(context, request, settings).await?;
    let record = not_asked(request.target.clone(), &inventory);
    context.write_record(request, &record).await?;
    Ok(Next::done(request.phase, request.pass))
}
