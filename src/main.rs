//! `vestibule`.

use std::path::Path;
use std::process::ExitCode;

use vestibule::cli::{crds, examples};

fn main() -> ExitCode {
    let done = match std::env::args().nth(1).as_deref() {
        Some("crds") => crds::stream().map(|stream| print!("{stream}")),
        Some("examples") => {
            print!("{}", examples::stream(&examples::BUILDING));
            Ok(())
        }
        Some("generate") => crds::generate(Path::new(".")),
        _ => {
            eprintln!("usage: vestibule crds | examples | generate");
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
