//! Simulators of access-control systems: LenelS2 NetBox, Kastle and SALTO KS.
//!
//! Each system is an independent implementation of the known facts about the vendor's wire; none shares code with another
//! beyond [`frame`], and none shares a type with a client. `docs/simulators.md` describes their use.

pub mod cli;
pub mod frame;
pub mod kastle;
pub mod netbox;
pub mod salto_ks;
