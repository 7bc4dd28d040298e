//! `vestibule`.
fn main() {}
