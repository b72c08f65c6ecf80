//! Patching as Systems Manager does it: patches, baselines, commands and compliance.
pub mod baseline;
pub mod catalogue;
pub mod command;
pub mod compliance;
pub mod dependencies;
pub mod document;
pub mod scope;
pub mod snapshot;
