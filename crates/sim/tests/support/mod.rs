//! Shared by the tests of all simulators: a running simulator and its side door, the program, bare connections, generated
//! JSON, and the pages that are made from tests.

#![allow(dead_code)] // each system uses its part

pub mod docs;
pub mod generated;
pub mod program;
pub mod raw;
pub mod simulator;
