//! The name of a run belongs to one execution. Without this an execution of a name that was used before would work from the
//! records of the earlier one: its plan, its targets, its results.

use orgpatch_aws::store::bucket::Store;
use orgpatch_model::error::RunError;
use orgpatch_records::claim::RunClaim;
use orgpatch_records::keys;

/// Refuses a run whose name has objects of another execution, or objects without a claim. Writes nothing.
pub async fn check(store: &Store, run_id: &str, own: &RunClaim) -> Result<(), RunError> {
    match store.find::<RunClaim>(&keys::claim(run_id)).await? {
        Some(claim) => {
            compare(run_id, &claim, own)?;
            // The execution was redriven.
            if store.exists(&keys::closed(run_id)).await? {
                return Err(RunError::RunClosed { run: run_id.to_owned() });
            }
            Ok(())
        }
        None => match store.first_key(&keys::of_run(run_id)).await? {
            None => Ok(()),
            Some(key) => {
                Err(taken(run_id, format!("there is s3://{}/{key}, which no execution has claimed", store.bucket())))
            }
        },
    }
}

/// Makes the claim. If another execution has made one since [`check`], the run is refused.
pub async fn make(store: &Store, run_id: &str, own: &RunClaim) -> Result<(), RunError> {
    let key = keys::claim(run_id);
    if store.create(&key, own).await? {
        return Ok(());
    }
    compare(run_id, &store.get(&key).await?, own)
}

fn compare(run_id: &str, claim: &RunClaim, own: &RunClaim) -> Result<(), RunError> {
    if claim == own {
        return Ok(());
    }
    Err(taken(run_id, format!("by the execution {} of {}", claim.execution_arn, claim.started_at)))
}

fn taken(run_id: &str, found: String) -> RunError {
    RunError::RunIdTaken { run: run_id.to_owned(), found }
}
