//! `vestibule-sim`: one program with three simulated systems.

use std::process::ExitCode;

fn main() -> ExitCode {
    vestibule_sim::cli::main()
}
