//! Facts about AWS that hold in every scenario: shapes of ids, operating systems, Regions, schedule expressions,
//! wildcards.
pub mod ids;
pub mod operating_systems;
pub mod regions;
pub mod schedule;
pub mod wildcard;
