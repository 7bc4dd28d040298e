//! The program's commands, one file each.

pub mod crds;
pub mod examples;
