//! The orders of a whole target, as far as those who send must know them: without the patches.

use orgpatch_engine::install::Installable;
use orgpatch_engine::install::order::{InstallOrder, OrderToSend};
use orgpatch_engine::install::second_pass::FirstPassToSend;
use orgpatch_model::error::RunError;
use orgpatch_records::keys::ChunkObject;
use orgpatch_records::messages::TargetRequest;
use serde::de::DeserializeOwned;

use super::chunks;
use crate::store::bucket::Store;

/// Returns what the install plan has for the target, before any pre-install scan.
pub async fn planned(store: &Store, request: &TargetRequest) -> Result<Installable, RunError> {
    let order = joined(orders(store, request, ChunkObject::Order).await?, "order")?;
    Ok(Installable::of(order, None))
}

/// Returns what may be installed in the target: nothing before every chunk is approved, if patches are withheld.
pub async fn installable(store: &Store, request: &TargetRequest) -> Result<Installable, RunError> {
    let orders = orders(store, request, ChunkObject::Order).await?;
    let is_ordered: Vec<bool> = orders.iter().map(Option::is_some).collect();
    let planned = Installable::of(joined(orders, "order")?, None);
    if !planned.needs_pre_install_scan() {
        return Ok(planned);
    }
    let approved = self::orders(store, request, ChunkObject::Approved).await?;
    if is_ordered.into_iter().zip(&approved).any(|(is_ordered, approved)| is_ordered && approved.is_none()) {
        return Ok(planned);
    }
    Ok(Installable::of(planned.into_ordered(), Some(joined(approved, "approved order")?)))
}

/// Returns what the second pass installs in the target.
pub async fn second_pass(store: &Store, request: &TargetRequest) -> Result<InstallOrder, RunError> {
    joined(
        each_chunk(store, request, ChunkObject::FirstPass, |pass: FirstPassToSend| pass.second).await?,
        "second pass",
    )
}

fn joined(chunks: Vec<Option<OrderToSend>>, what: &str) -> Result<InstallOrder, RunError> {
    let order = OrderToSend::joined(chunks.into_iter().flatten());
    let order = order.map_err(|error| RunError::BrokenRun(error.to_string()))?;
    order.ok_or_else(|| RunError::BrokenRun(format!("the target has no {what}")))
}

async fn orders(
    store: &Store,
    request: &TargetRequest,
    object: ChunkObject,
) -> Result<Vec<Option<OrderToSend>>, RunError> {
    each_chunk(store, request, object, |order: OrderToSend| order).await
}

/// The orders of the chunks. They are read one after the other, because each has all patches in it: up to 15 MB, and five times as
/// much in a first pass.
async fn each_chunk<T: DeserializeOwned>(
    store: &Store,
    request: &TargetRequest,
    object: ChunkObject,
    order_in: impl Fn(T) -> OrderToSend,
) -> Result<Vec<Option<OrderToSend>>, RunError> {
    let mut orders = Vec::new();
    for chunk in 1..=chunks(store, request).await?.count() {
        orders.push(store.find_reduced_once(&request.chunk_key(object, chunk), &order_in).await?);
    }
    Ok(orders)
}
