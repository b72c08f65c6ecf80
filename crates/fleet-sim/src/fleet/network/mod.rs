//! The networks of the instances: VPCs and what is in them, derived from the scenario, and what can be reached there.
//!
//! The EC2 API tells of these structures, and what happens to instances follows from the same ones: the two cannot
//! disagree.
mod build;
mod model;
mod reach;

pub use model::{
    Acl, AclEntry, Attachment, Endpoint, Networks, Peer, Route, RouteTable, RouteTarget, Rule, Subnet, prefix_list,
};
pub use reach::Reach;
