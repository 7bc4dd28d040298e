//! `vestibule`: see `vestibule --help`.

use std::process::ExitCode;

use clap::Parser as _;
use vestibule::cli::Cli;
use vestibule::logging;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let format = cli.log_format();
    match cli.execute() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            logging::fatal(format, &*error);
            ExitCode::FAILURE
        }
    }
}
