//! `vestibule`: see `vestibule --help`.

use std::process::ExitCode;

use clap::Parser as _;
use vestibule::cli::Cli;

fn main() -> ExitCode {
    match Cli::parse().execute() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vestibule: {error}");
            ExitCode::FAILURE
        }
    }
}
