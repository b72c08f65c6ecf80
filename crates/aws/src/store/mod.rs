//! What is stored: objects in the runs bucket, the ledger in DynamoDB, and the records of a step.

pub mod bucket;
pub mod ledger;
mod remembered;
pub mod step_inputs;
pub mod step_records;
pub mod upload;
