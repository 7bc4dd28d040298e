//! Passes: from what is declared and what is observed to what is done and said, one module a kind.
//!
//! Each kind takes the same five steps: gather, validate, plan, apply, status. Visitors are many and live on rows
//! ([`visitor`]). Properties, integrations and tenants are few: [`pass`] looks at all of them whenever one changes, an
//! engine has news or a minute has gone by, and writes only what differs. So nothing has to know what depends on what.

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
