//! Reads from Inventory which Python packages the managed nodes have.

use aws_config::SdkConfig;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::{InventoryFilter, InventoryQueryOperatorType, ResultAttribute};
use orgpatch_engine::readiness::{Package, PythonInventory};
use orgpatch_model::fetched::Fetched;

use crate::clients::call::{CallError, fetched, not_built};

/// Nodes per page. Each comes with all its packages, which may be 1 MB (AWS General Reference, "AWS Systems Manager endpoints
/// and quotas": the maximum size of an inventory item of a node). A page of 10 is at most 10 MB of JSON, and two or three times
/// as much when it is read; 50, the most that the API accepts, would take most of the function's memory.
const PAGE_SIZE: i32 = 10;

/// The type that lists packages.
const APPLICATIONS: &str = "AWS:Application";

/// Returns the Python interpreters of all Linux nodes. Windows needs no Python.
pub async fn python(config: &SdkConfig) -> Result<Fetched<PythonInventory>, CallError> {
    fetched(fetch(config).await)
}

/// Reads by operating system and not by package, because a filter on names would leave out nodes whose packages are
/// collected but include no Python, and those nodes matter most.
async fn fetch(config: &SdkConfig) -> Result<PythonInventory, CallError> {
    let linux = InventoryFilter::builder()
        .key("AWS:InstanceInformation.PlatformType")
        .values("Linux")
        .r#type(InventoryQueryOperatorType::Equal)
        .build()
        .map_err(|error| not_built("ssm:GetInventory", &error))?;
    let applications = ResultAttribute::builder()
        .type_name(APPLICATIONS)
        .build()
        .map_err(|error| not_built("ssm:GetInventory", &error))?;
    let mut pages = Client::new(config)
        .get_inventory()
        .filters(linux)
        .result_attributes(applications)
        .max_results(PAGE_SIZE)
        .into_paginator()
        .items()
        .send();
    let mut inventory = PythonInventory::default();
    while let Some(node) = pages.next().await {
        let node = node.map_err(|error| CallError::of("ssm:GetInventory", &error))?;
        let (Some(id), Some(item)) = (node.id, node.data.and_then(|mut data| data.remove(APPLICATIONS))) else {
            continue;
        };
        // A Linux node without any package is one whose packages are not collected.
        if item.content.is_empty() {
            continue;
        }
        let packages = item.content.into_iter().filter_map(|mut row| {
            Some(Package { name: row.remove("Name")?, version: row.remove("Version").unwrap_or_default() })
        });
        inventory.add(id, packages);
    }
    Ok(inventory)
}
