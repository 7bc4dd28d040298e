//! All tests that need a real API server, in one binary: they share one control plane a run.

mod control_plane;
mod ends;
mod harness;
mod kubectl;
