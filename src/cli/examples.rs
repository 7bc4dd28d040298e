//! `vestibule examples`: prints the examples that the project ships, as they stand in `examples/`.
