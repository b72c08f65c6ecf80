//! The networks of the instances: VPCs and their parts, derived from the scenario, and what an instance reaches.
//!
//! The EC2 API describes these structures, and the behaviour of instances follows from the same structures. The two
//! cannot disagree.
mod build;
mod model;
mod reach;

pub use model::{
    Acl, AclEntry, Attachment, Endpoint, Networks, Peer, Route, RouteTable, RouteTarget, RouteTo, Rule, Subnet,
    prefix_list,
};
pub use reach::Reach;
