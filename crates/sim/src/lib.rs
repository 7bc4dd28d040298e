//! Simulators of access-control systems.
