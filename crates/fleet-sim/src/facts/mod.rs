//! Facts about AWS that hold in every scenario: ids, operating systems, Regions, and how schedules are written.
pub mod ids;
pub mod operating_systems;
pub mod regions;
pub mod schedule;
pub mod wildcard;
