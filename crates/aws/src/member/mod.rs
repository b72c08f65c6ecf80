//! Work in member accounts: sessions of the member role, what a function has there, and how commands are sent once.

pub mod context;
pub mod dispatch;
pub mod sessions;
