//! What an install run would change about the baselines of a target. Reads only.

use orgpatch_aws::member::context::FunctionContext;
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_engine::baselines::Change;
use orgpatch_engine::phases::Next;
use orgpatch_engine::planner::StepSettings;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_records::messages::TargetRequest;

use super::{counted, nothing_to_compare, record_difference, recorded};
use crate::inventory::look;

/// Looks at the instances first, as a scan does: baselines of operating systems that are not there are not made either.
pub async fn preview(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
) -> Result<Next, TargetError> {
    let inventory = look(context, request, settings).await?;
    let reason = match record_difference(context, request, settings, &inventory).await? {
        Some(changes) => compared(&changes),
        None => nothing_to_compare(settings),
    };
    recorded(context, request, reason).await
}

fn compared(changes: &[Change]) -> Reason {
    if changes.is_empty() {
        return Reason::new(
            ReasonCode::BaselinesEqual,
            "the baselines are as the plan wants them; no instance was asked",
        );
    }
    let refused: Vec<String> =
        changes.iter().filter(|change| change.is_refused_look()).map(ToString::to_string).collect();
    if !refused.is_empty() {
        return Reason::new(ReasonCode::BaselineRefused, refused.join("; "));
    }
    Reason::new(
        ReasonCode::BaselinesDiffer,
        format!(
            "an install run would make {} to the baselines; nothing was changed, no instance was asked",
            counted(changes)
        ),
    )
}
