//! All tests that need a real API server, in one binary: they share one control plane per run.
#![allow(clippy::unwrap_used, clippy::panic, reason = "all of it is test code, its helpers too")]

mod advice;
mod ahead;
mod cards;
mod clock;
mod control_plane;
mod crash;
mod crds;
mod deletion;
mod disarmed;
mod ends;
mod faults;
mod guard;
mod harness;
mod integrations;
mod kubectl;
mod lease;
mod meddling;
mod metrics;
mod modes;
mod ownership;
mod process;
mod readme;
mod reduced;
mod requests;
mod rollover;
mod secrets;
mod situations;
mod testbed;
mod unbuilt;
mod untouched;
mod visitors;
mod witness;
