//! Work in member accounts: sessions of the member role, the context of a function, and sending commands exactly once.

pub mod context;
mod pace;
pub mod sending;
pub mod sessions;

pub use pace::Paces;
