//! Work in member accounts: sessions of the member role, the context of a function, and sending commands exactly once.

pub mod context;
pub mod dispatch;
pub mod sessions;
