//! `vestibule-sim`: one program, three systems to stand against.

use std::process::ExitCode;

fn main() -> ExitCode {
    vestibule_sim::cli::main()
}
