//! The commands. Each parses its arguments into a value and passes it on; no other code reads arguments or the
//! environment.

pub mod controller;
pub mod crds;
pub mod docs;
pub mod examples;

use std::error::Error;
use std::io::{self, Write as _};
use std::path::Path;

use clap::{Parser, Subcommand};

use crate::logging::Format;

/// Keeps the access-control systems of buildings in step with Kubernetes resources.
#[derive(Debug, Parser)]
#[command(name = "vestibule", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Controller(Box<controller::Config>),
    /// Prints the definitions of all kinds as one YAML stream.
    Crds,
    /// Prints the examples of a small building as one YAML stream.
    Examples,
    /// Writes the generated files of this checkout: crds/, and tables in docs/.
    Generate {
        /// Write nothing; fail if a file differs from the generated one.
        #[arg(long)]
        check: bool,
    },
}

impl Cli {
    /// The format of this process's log lines.
    pub fn log_format(&self) -> Format {
        match &self.command {
            Command::Controller(config) => config.log_format,
            _ => Format::Text,
        }
    }

    /// Runs the command.
    pub fn execute(self) -> Result<(), Box<dyn Error>> {
        // All TLS of the process uses this one provider. The call fails only if the provider is already installed.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        match self.command {
            Command::Controller(config) => Ok(controller::main(*config)?),
            // `write_all` instead of `print!`, which panics when the reader (`| head`) has closed the pipe.
            Command::Crds => Ok(io::stdout().write_all(crds::stream()?.as_bytes())?),
            Command::Examples => {
                Ok(io::stdout().write_all(examples::stream(&examples::BUILDING).as_bytes())?)
            }
            Command::Generate { check } => generate(Path::new("."), check),
        }
    }
}

/// Writes the generated files, or with `check` fails if one of them differs.
fn generate(root: &Path, check: bool) -> Result<(), Box<dyn Error>> {
    if !check {
        crds::generate(root)?;
        return Ok(docs::generate(root)?);
    }
    let crds = crds::drift(root)?.into_iter().map(|(name, _)| format!("crds/{name}"));
    let drift: Vec<String> =
        crds.chain(docs::drift(root)?.into_iter().map(|(path, _)| path.to_owned())).collect();
    if drift.is_empty() {
        return Ok(());
    }
    Err(format!("not what the code prints: {}. Run make generate", drift.join(", ")).into())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_of_the_commands_is_consistent() {
        Cli::command().debug_assert();
    }
}
