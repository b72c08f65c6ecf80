//! What a run would change about the baselines of a target. Reads only.

use orgpatch_aws::member::context::FunctionContext;
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_engine::baselines::Change;
use orgpatch_engine::phases::Next;
use orgpatch_engine::planner::StepSettings;
use orgpatch_model::reason::{Reason, ReasonCode};
use orgpatch_records::messages::TargetRequest;

use super::{compare, counted, recorded, write};
use crate::inventory::look;

/// Looks at the instances first, as a scan does: baselines of operating systems that are not there are not made either.
pub async fn preview(
    context: &FunctionContext,
    request: &TargetRequest,
    settings: &StepSettings,
) -> Result<Next, TargetError> {
    let inventory = look(context, request, settings).await?;
    let Some((_, record)) = compare(context, request, settings, &inventory).await? else {
        return recorded(context, request, nothing_to_compare(settings)).await;
    };
    write(context, request, &record).await?;
    recorded(context, request, compared(&record.changes)).await
}

fn nothing_to_compare(settings: &StepSettings) -> Reason {
    if settings.baselines.is_empty() {
        return Reason::new(
            ReasonCode::NoBaselines,
            "the plan has no baselines here: those that the account has are used as they are",
        );
    }
    Reason::new(
        ReasonCode::NothingToScan,
        "no instance could be asked for which the plan has a baseline, so a run would change none",
    )
}

fn compared(changes: &[Change]) -> Reason {
    if changes.is_empty() {
        return Reason::new(
            ReasonCode::BaselinesEqual,
            "the baselines are as the plan wants them; no instance was asked",
        );
    }
    Reason::new(
        ReasonCode::BaselinesDiffer,
        format!("a run would make {} to the baselines; nothing was changed, no instance was asked", counted(changes)),
    )
}
