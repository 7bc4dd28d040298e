//! Reconciliation, one module per kind: declared and observed state are turned into work for engines and into statuses.
//! Each kind takes the same five steps: gather, validate, plan, apply, status. There are many Visitors, so each is kept
//! as a small row ([`visitor`]). There are few Properties, integrations and Tenants: [`low_volume`] processes all of
//! them when one changes, when an engine reports a new state and every 15 seconds, and writes only statuses that
//! differ. So no code has to know which object depends on which.

mod abandon;
mod counted;
pub mod declared;
pub mod events;
#[cfg(test)]
mod fixtures;
pub mod integration;
pub mod low_volume;
pub mod property;
pub mod references;
pub mod tenant;
pub mod unbuilt;
pub mod visitor;
pub mod write;
