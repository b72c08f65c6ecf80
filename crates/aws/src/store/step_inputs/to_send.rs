//! The orders of a whole target, as far as those who send must know them: without the patches.

use orgpatch_engine::install::Installable;
use orgpatch_engine::install::order::{InstallOrder, OrderToSend};
use orgpatch_engine::install::second_pass::FirstPassToSend;
use orgpatch_model::error::RunError;
use orgpatch_records::keys::ChunkObject;
use orgpatch_records::messages::TargetRequest;

use super::chunks;
use crate::store::bucket::Store;

/// Returns what the install plan has for the target, before any pre-install scan.
pub async fn planned(store: &Store, request: &TargetRequest) -> Result<Installable, RunError> {
    let planned = joined(orders(store, request, ChunkObject::Order).await?)?;
    Ok(Installable::of(planned.ok_or_else(|| nothing("order"))?, None))
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
    let approved = joined(approved)?.filter(|_| is_approved);
    Ok(Installable::of(planned.into_ordered(), approved))
}

/// Returns what the second pass installs in the target.
pub async fn second_pass(store: &Store, request: &TargetRequest) -> Result<InstallOrder, RunError> {
    let mut orders = Vec::new();
    for chunk in 1..=chunks(store, request).await?.count() {
        let key = request.chunk_key(ChunkObject::FirstPass, chunk);
        orders.push(store.find_reduced_once(&key, |pass: FirstPassToSend| pass.second).await?);
    }
    joined(orders)?.ok_or_else(|| nothing("second pass"))
}

fn joined(chunks: Vec<Option<OrderToSend>>) -> Result<Option<InstallOrder>, RunError> {
    OrderToSend::joined(chunks.into_iter().flatten()).map_err(|error| RunError::BrokenRun(error.to_string()))
}

fn nothing(what: &str) -> RunError {
    RunError::BrokenRun(format!("the target has no {what}"))
}

/// The orders of the chunks. They are read one after the other, because each has all patches in it: up to 15 MB, and five times as
/// much in a first pass.
async fn orders(
    store: &Store,
    request: &TargetRequest,
    object: ChunkObject,
) -> Result<Vec<Option<OrderToSend>>, RunError> {
    let mut orders = Vec::new();
    for chunk in 1..=chunks(store, request).await?.count() {
        orders.push(store.find_reduced_once(&request.chunk_key(object, chunk), |order: OrderToSend| order).await?);
    }
    Ok(orders)
}
