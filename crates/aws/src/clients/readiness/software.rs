//! Inventory: which Python do the managed nodes have?

use aws_config::SdkConfig;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::{InventoryFilter, InventoryQueryOperatorType, ResultAttribute};
use orgpatch_engine::readiness::{Package, PythonInventory};
use orgpatch_model::fetched::Fetched;

use crate::clients::call::{CallError, known, not_built};

/// The most that GetInventory gives per page.
const PAGE_SIZE: i32 = 50;

/// The type that lists packages.
const APPLICATIONS: &str = "AWS:Application";

/// Everything that inventory says of Python on the Linux nodes; Windows needs none.
pub async fn python(config: &SdkConfig) -> Result<Fetched<PythonInventory>, CallError> {
    known(fetch(config).await)
}

/// By operating system and not by package: a filter on names would leave out the nodes on which packages are collected and
/// none is a Python, and those are the ones that matter.
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
        // A Linux without a single package is one of which they were not collected.
        if item.content.is_empty() {
            continue;
        }
        let packages = item.content.into_iter().filter_map(|mut row| {
            let name = row.remove("Name").filter(|name| name.starts_with("python"))?;
            Some(Package { name, version: row.remove("Version").unwrap_or_default() })
        });
        inventory.packages.insert(id.clone(), packages.collect());
        inventory.collected.insert(id);
    }
    Ok(inventory)
}
