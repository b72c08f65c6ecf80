//! EC2, read only: instances, Regions, and the networks of the instances.
mod endpoints;
mod instances;
mod listing;
mod network_acls;
mod regions;
mod request;
mod route_tables;
mod security_groups;
mod subnets;

pub use endpoints::{describe_managed_prefix_lists, describe_vpc_endpoints};
pub use instances::describe_instances;
pub use network_acls::describe_network_acls;
pub use regions::describe_regions;
pub use route_tables::describe_route_tables;
pub use security_groups::describe_security_groups;
pub use subnets::describe_subnets;

#[cfg(test)]
mod tests;
