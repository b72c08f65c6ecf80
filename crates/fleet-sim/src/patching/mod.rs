//! Patching as Systems Manager does it: which patches there are, what baselines approve, what commands and reports say.
pub mod baseline;
pub mod catalogue;
pub mod command;
pub mod compliance;
pub mod dependencies;
pub mod document;
pub mod scope;
pub mod snapshot;
