//! `vestibule-sim`.
fn main() {}
