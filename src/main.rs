//! `vestibule`.

use std::path::Path;
use std::process::ExitCode;

use vestibule::cli::crds;

fn main() -> ExitCode {
    let done = match std::env::args().nth(1).as_deref() {
        Some("crds") => crds::stream().map(|stream| print!("{stream}")),
        Some("generate") => crds::generate(Path::new(".")),
        _ => {
            eprintln!("usage: vestibule crds | generate");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
