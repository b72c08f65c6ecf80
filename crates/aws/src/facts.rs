//! Reads everything that the bucket holds about a step, for the gate and for the report.

use std::collections::{HashMap, HashSet};

use orgpatch_core::baseline::{BaselineRecord, Change};
use orgpatch_core::contract::{CaughtError, Phase, Target};
use orgpatch_core::error::RunError;
use orgpatch_core::keys;
use orgpatch_core::reconcile::TargetFacts;
use serde::Deserialize;

use crate::store::Store;

/// Every target of a step with what is recorded about it. One listing says what exists; only that is read.
pub async fn of_step(store: &Store, run_id: &str, step: &str) -> Result<Vec<TargetFacts>, RunError> {
    map_step(store, run_id, step, |facts| facts).await
}

/// The same, with only what `of_target` makes of each target kept: the records of a large step need not be in memory
/// all at once.
pub async fn map_step<T>(
    store: &Store,
    run_id: &str,
    step: &str,
    of_target: impl Fn(TargetFacts) -> T,
) -> Result<Vec<T>, RunError> {
    let targets: Vec<Target> = store.get(&keys::targets(run_id, step)).await?;
    let existing: HashSet<String> = store.list(&keys::step(run_id, step)).await?.into_iter().collect();
    let mut child_errors = child_errors(store, &existing).await?;
    let (existing, of_target) = (&existing, &of_target);
    let targets: Vec<(Target, Option<String>)> = targets
        .into_iter()
        .map(|target| {
            let error = child_errors.remove(&(target.account_id.clone(), target.region.clone()));
            (target, error)
        })
        .collect();
    Store::for_each(targets, |(target, child_error)| async move {
        let scan = find(store, existing, keys::record(run_id, step, Phase::Scan, &target)).await?;
        let inventory = match scan {
            Some(_) => None,
            None => find(store, existing, keys::inventory(run_id, step, &target)).await?,
        };
        Ok(of_target(TargetFacts {
            inventory,
            scan,
            order: match find(store, existing, keys::cleared_order(run_id, step, &target)).await? {
                Some(cleared) => Some(cleared),
                None => find(store, existing, keys::install_order(run_id, step, &target)).await?,
            },
            install: find(store, existing, keys::record(run_id, step, Phase::Install, &target)).await?,
            child_error,
            target,
        }))
    })
    .await
}

/// What a step did to the baselines of its targets, by account and Region; of those without a record: nothing.
pub async fn baseline_changes(
    store: &Store,
    run_id: &str,
    step: &str,
) -> Result<HashMap<(String, String), Vec<Change>>, RunError> {
    let records = store.list(&keys::all_baselines(run_id, step)).await?;
    let changes = Store::for_each(records, |key| async move {
        let record: BaselineRecord = store.get(&key).await?;
        Ok(((record.target.account_id, record.target.region), record.changes))
    });
    Ok(changes.await?.into_iter().collect())
}

async fn find<T: serde::de::DeserializeOwned>(
    store: &Store,
    existing: &HashSet<String>,
    key: String,
) -> Result<Option<T>, RunError> {
    if existing.contains(&key) { store.find(&key).await } else { Ok(None) }
}

/// A failed child as the state machine's ResultWriter describes it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FailedChild {
    input: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    cause: String,
}

#[derive(Deserialize)]
struct ChildInput {
    target: Target,
}

/// The errors of children that failed, by account and Region: the files `FAILED_n.json` of the step's Maps.
async fn child_errors(
    store: &Store,
    existing: &HashSet<String>,
) -> Result<HashMap<(String, String), String>, RunError> {
    let mut errors = HashMap::new();
    let files = existing.iter().filter(|key| {
        key.contains("/children/") && key.rsplit('/').next().is_some_and(|name| name.starts_with("FAILED_"))
    });
    for file in files {
        for child in store.get::<Vec<FailedChild>>(file).await? {
            // A child whose input is not one of ours cannot be told apart; its target is still found missing.
            let Ok(input) = serde_json::from_str::<ChildInput>(&child.input) else {
                continue;
            };
            let error = CaughtError { error: child.error, cause: child.cause };
            errors.insert((input.target.account_id, input.target.region), error.sentence());
        }
    }
    Ok(errors)
}
