//! `vestibule`.

use std::path::Path;
use std::process::ExitCode;

use vestibule::cli::{crds, examples};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let here = Path::new(".");
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["crds"] => crds::stream().map(|stream| print!("{stream}")),
        ["examples"] => {
            print!("{}", examples::stream(&examples::BUILDING));
            Ok(())
        }
        ["generate"] => crds::generate(here),
        ["generate", "--check"] => match crds::drift(here) {
            Ok(drift) if drift.is_empty() => Ok(()),
            Ok(drift) => {
                for (name, _) in drift {
                    eprintln!("crds/{name} is not what the code prints");
                }
                return ExitCode::FAILURE;
            }
            Err(error) => Err(error),
        },
        _ => {
            eprintln!("usage: vestibule crds | examples | generate [--check]");
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
