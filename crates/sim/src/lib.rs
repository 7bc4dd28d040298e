//! Simulators of access-control systems: LenelS2 NetBox, Kastle and SALTO KS.
//!
//! Each system is an independent reading of what is known of the vendor's wire; none shares code with another
//! beyond [`frame`], and none shares a type with a client. `docs/simulators.md` tells how to use them.

pub mod cli;
pub mod frame;
pub mod kastle;
pub mod netbox;
pub mod salto_ks;
