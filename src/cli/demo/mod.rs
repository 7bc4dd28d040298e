//! What the demo stands on. The tests and the bench stand on the same.

pub mod control_plane;
pub mod kubectl;
