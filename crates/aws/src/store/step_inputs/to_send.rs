//! The orders of a whole target, as far as those who send must know them: without the patches.

use orgpatch_engine::install::Installable;
use orgpatch_engine::install::order::InstallOrder;
use orgpatch_engine::install::second_pass::FirstPass;
use orgpatch_model::error::RunError;
use orgpatch_records::keys::ChunkObject;
use orgpatch_records::messages::TargetRequest;

use super::chunks;
use crate::store::bucket::Store;

/// Returns what the install plan has for the target, before any pre-install scan.
pub async fn planned(store: &Store, request: &TargetRequest) -> Result<Installable, RunError> {
    let orders = orders(store, request, ChunkObject::Order).await?;
    let joined = InstallOrder::joined(orders.into_iter().flatten());
    let planned = joined.ok_or_else(|| RunError::BrokenRun("the target has no order".to_owned()))?;
    Ok(Installable::of(planned, None))
}

/// Returns what may be installed in the target: nothing before every chunk is approved, if patches are withheld.
pub async fn installable(store: &Store, request: &TargetRequest) -> Result<Installable, RunError> {
    let planned = planned(store, request).await?;
    if !planned.needs_pre_install_scan() {
        return Ok(planned);
    }
    let orders = orders(store, request, ChunkObject::Order).await?;
    let approved = self::orders(store, request, ChunkObject::Approved).await?;
    let is_approved = orders.iter().zip(&approved).all(|(order, approved)| order.is_none() || approved.is_some());
    let approved = InstallOrder::joined(approved.into_iter().flatten()).filter(|_| is_approved);
    Ok(Installable::of(planned.into_ordered(), approved))
}

/// Returns what the second pass installs in the target.
pub async fn second_pass(store: &Store, request: &TargetRequest) -> Result<InstallOrder, RunError> {
    let of_chunk = |chunk| async move {
        let key = request.chunk_key(ChunkObject::FirstPass, chunk);
        store.find_reduced_once(&key, |pass: FirstPass| pass.second.to_send_only()).await
    };
    let chunks = chunks(store, request).await?;
    let orders = Store::for_each_large((1..=chunks.count()).collect(), of_chunk).await?;
    let joined = InstallOrder::joined(orders.into_iter().flatten());
    joined.ok_or_else(|| RunError::BrokenRun("the target has no second pass".to_owned()))
}

/// The orders of the chunks.
async fn orders(
    store: &Store,
    request: &TargetRequest,
    object: ChunkObject,
) -> Result<Vec<Option<InstallOrder>>, RunError> {
    let of_chunk = |chunk| async move {
        store.find_reduced_once(&request.chunk_key(object, chunk), InstallOrder::to_send_only).await
    };
    let chunks = chunks(store, request).await?;
    Store::for_each_large((1..=chunks.count()).collect(), of_chunk).await
}
