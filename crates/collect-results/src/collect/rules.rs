//! Reads what tells which approval rules of the plan's baselines have approved a patch. What cannot be read rules nothing out.

use std::collections::BTreeMap;

use futures::future;
use orgpatch_aws::member::sessions::TargetError;
use orgpatch_aws::store::step_inputs;
use orgpatch_engine::baselines::CheckedBaselines;
use orgpatch_engine::results::InstanceRow;
use orgpatch_engine::results::instance_results::Judged;
use orgpatch_engine::results::rules_seen::{RuleEvidence, RulesSeen};

use super::{CONCURRENCY, Look};

/// The most pages of installed patches that are read of a chunk of 50 instances: about four of each. A rule that approves something is
/// mostly found with the first page.
const MOST_PAGES: usize = 200;

/// Returns what the scan of a chunk shows of the rules. A look that AWS refuses, or for which no time is left, costs this knowledge
/// and nothing else.
pub(super) async fn seen(
    look: &Look<'_>,
    checked: &CheckedBaselines,
    rows: &[InstanceRow],
    judged: &BTreeMap<String, Judged>,
) -> Result<Vec<RulesSeen>, TargetError> {
    if checked.compared.is_empty() {
        return Ok(Vec::new());
    }
    let Look { context, request, settings, ssm, time, .. } = look;
    let baselines = step_inputs::baselines(&context.store, &request.run_id, settings, &request.hashes).await?;
    let mut evidence = RuleEvidence::of(&baselines, &checked.compared, rows, judged);
    let (mut read, mut at_once) = (0, 1);
    while read < MOST_PAGES && !time.is_short() {
        let looks = evidence.next_looks(at_once);
        if looks.is_empty() {
            break;
        }
        let found = future::join_all(looks.iter().map(|look| ssm.covered_patches(&look.instance_id))).await;
        for (look, found) in looks.iter().zip(found) {
            match found {
                Ok((covered, pages)) => {
                    read += pages;
                    evidence.add(look, Some(&covered));
                }
                Err(error) => {
                    tracing::warn!(
                        run = request.run_id,
                        account = request.target.account_id,
                        "which rules approve patches is not known of {}: {error}",
                        look.instance_id
                    );
                    evidence.add(look, None);
                }
            }
        }
        // Most rules are found on the first instances, so that the calls for others would be in vain.
        at_once = (2 * at_once).min(CONCURRENCY);
    }
    Ok(evidence.end())
}
