//! Facts about AWS that the rules and the simulator both need: data files in `data/`, each entry with its source and the
//! date on which that was read, and thin types to read them.
//!
//! The rules and the simulator must agree on a fact, and both must change when it changes. What they make of it is theirs:
//! neither learns from the other. Tests do not read these files, because a test that reads the table which it checks
//! cannot fail. Every name of AWS is text here; the crates above have types for those that they know.

pub mod agent;
pub mod baselines;
pub mod buckets;
pub mod documents;
pub mod exit_codes;
pub mod message_endpoints;
pub mod packages;
pub mod patch_lists;
pub mod patch_values;
pub mod python;
pub mod regions;
pub mod windows;

use serde::de::DeserializeOwned;

/// Reads a data file, which is part of the program: a file that cannot be read fails every test that touches it.
fn read<T: DeserializeOwned>(text: &str) -> T {
    match serde_json::from_str(text) {
        Ok(facts) => facts,
        Err(error) => panic!("a data file of orgpatch-facts: {error}"),
    }
}
