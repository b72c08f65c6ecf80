//! Makes the baselines of a target those of the plan, without a scan.

use orgpatch_aws::member::context::FunctionContext;
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_engine::baselines::Change;
use orgpatch_engine::phases::Next;
use orgpatch_engine::planner::StepSettings;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_records::messages::TargetRequest;

use super::{compare, counted, ended, nothing_to_compare, recorded};
use crate::inventory::look;

/// Makes the changes that an install run would make before its first scan: for the operating systems that the target has to
/// scan, so it looks at the instances first. If AWS refuses an operating system, the target ends as an error, and the others
/// are as the plan wants them.
pub async fn apply(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
) -> Result<Next, TargetError> {
    let inventory = look(context, request, settings).await?;
    let Some(found) = compare(context, request, settings, &inventory).await? else {
        return recorded(context, request, nothing_to_compare(settings)).await;
    };
    let changes = found.record.changes.clone();
    let refusals = found.change(context, request).await?.refusals;
    ended(context, request, changes, &refusals, applied).await
}

fn applied(changes: &[Change]) -> Reason {
    let left = changes.iter().filter(|change| !change.is_write()).count();
    match (changes.len(), left) {
        (0, _) => {
            Reason::new(ReasonCode::BaselinesEqual, "the baselines were as the plan wants them; no instance was asked")
        }
        (_, 0) => Reason::new(
            ReasonCode::BaselinesApplied,
            format!("{} made the baselines those of the plan; no instance was asked", counted(changes)),
        ),
        _ => Reason::new(
            ReasonCode::BaselinesDiffer,
            format!("{} made; orgpatch leaves alone what else differs; no instance was asked", counted(changes)),
        ),
    }
}
