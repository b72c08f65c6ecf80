//! The orders of a whole target, as far as those who send must know them: without the patches.

use orgpatch_engine::install::Installable;
use orgpatch_engine::install::order::{InstallOrder, OrderToSend};
use orgpatch_engine::install::plan::OrderHashes;
use orgpatch_engine::install::second_pass::FirstPassToSend;
use orgpatch_model::error::RunError;
use orgpatch_model::target::Target;
use orgpatch_records::keys;
use orgpatch_records::keys::{ChunkObject, StepObject};
use orgpatch_records::messages::TargetRequest;
use serde::de::DeserializeOwned;

use super::chunks;
use crate::store::bucket::Store;

/// Returns what the install plan has for the target, before any pre-install scan.
pub async fn planned(store: &Store, request: &TargetRequest) -> Result<Installable, RunError> {
    let order = joined(planned_orders(store, request).await?, "order")?;
    Ok(Installable::of(order, None))
}

/// Returns what may be installed in the target: nothing before every chunk is approved, if patches are withheld.
pub async fn installable(store: &Store, request: &TargetRequest) -> Result<Installable, RunError> {
    let orders = planned_orders(store, request).await?;
    let is_ordered: Vec<bool> = orders.iter().map(Option::is_some).collect();
    let planned = Installable::of(joined(orders, "order")?, None);
    if !planned.needs_pre_install_scan() {
        return Ok(planned);
    }
    let order_in = |order: OrderToSend| order;
    let approved = later_orders(store, request, ChunkObject::Approved, order_in, planned.ordered()).await?;
    if is_ordered.into_iter().zip(&approved).any(|(is_ordered, approved)| is_ordered && approved.is_none()) {
        return Ok(planned);
    }
    Ok(Installable::of(planned.into_ordered(), Some(joined(approved, "approved order")?)))
}

/// Returns what the second pass installs in the target, of the instances of the first one.
pub async fn second_pass(
    store: &Store,
    request: &TargetRequest,
    first: &InstallOrder,
) -> Result<InstallOrder, RunError> {
    let order_in = |pass: FirstPassToSend| pass.second;
    joined(later_orders(store, request, ChunkObject::FirstPass, order_in, first).await?, "second pass")
}

fn joined(chunks: Vec<Option<OrderToSend>>, what: &str) -> Result<InstallOrder, RunError> {
    let order = OrderToSend::joined(chunks.into_iter().flatten());
    let order = order.map_err(|error| RunError::BrokenRun(error.to_string()))?;
    order.ok_or_else(|| RunError::BrokenRun(format!("the target has no {what}")))
}

/// The orders of the install plan, which must be those whose hashes the plan's hash is over.
async fn planned_orders(store: &Store, request: &TargetRequest) -> Result<Vec<Option<OrderToSend>>, RunError> {
    let orders = each_chunk(store, request, ChunkObject::Order, |order: OrderToSend| order).await?;
    let (orders, hashes): (Vec<_>, Vec<_>) = orders.into_iter().map(Option::unzip).unzip();
    let hashes: Vec<&str> = hashes.iter().flatten().map(String::as_str).collect();
    let of_plan: OrderHashes =
        store.get_once(&keys::of_step(&request.run_id, &request.step, StepObject::OrderHashes)).await?;
    let Target { account_id, region, .. } = &request.target;
    let plan = request.hashes.install_plan.as_deref();
    let plan = plan.ok_or_else(|| RunError::BrokenRun("the install plan has no hash".to_owned()))?;
    if of_plan.prove(plan, (account_id, region), &hashes) {
        return Ok(orders);
    }
    let text = format!("the install order of {account_id} {region} is not the one of the install plan {plan}");
    Err(RunError::RecordsChanged(text))
}

/// Returns what `collect-results` has written about the order. It may take instances away, and add none.
async fn later_orders<T: DeserializeOwned>(
    store: &Store,
    request: &TargetRequest,
    object: ChunkObject,
    order_in: impl Fn(T) -> OrderToSend,
    planned: &InstallOrder,
) -> Result<Vec<Option<OrderToSend>>, RunError> {
    let orders: Vec<_> = each_chunk(store, request, object, order_in).await?.into_iter().map(Option::unzip).collect();
    let orders: Vec<Option<OrderToSend>> = orders.into_iter().map(|(order, _)| order).collect();
    if let Some(added) = orders.iter().flatten().find_map(|order| order.not_in(planned)) {
        let text = format!("an order names the instance {added}, which is not in the install plan like this");
        return Err(RunError::RecordsChanged(text));
    }
    Ok(orders)
}

/// The orders of the chunks, each with its SHA-256. They are read one after the other, because each has all patches in it: up to 15 MB, and five times as
/// much in a first pass.
async fn each_chunk<T: DeserializeOwned>(
    store: &Store,
    request: &TargetRequest,
    object: ChunkObject,
    order_in: impl Fn(T) -> OrderToSend,
) -> Result<Vec<Option<(OrderToSend, String)>>, RunError> {
    let mut orders = Vec::new();
    for chunk in 1..=chunks(store, request).await?.count() {
        orders.push(store.find_reduced_once(&request.chunk_key(object, chunk), &order_in).await?);
    }
    Ok(orders)
}
