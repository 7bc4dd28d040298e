//! The commands. Each parses its arguments into a value and hands that down: nothing else reads arguments or the
//! environment.

pub mod controller;
pub mod crds;
pub mod demo;
pub mod examples;

use std::error::Error;
use std::io::{self, Write as _};
use std::path::Path;

use clap::{Parser, Subcommand};

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
    Demo(demo::Config),
    /// Prints the definitions of all kinds as one YAML stream.
    Crds,
    /// Prints the examples of a small building as one YAML stream.
    Examples,
    /// Writes everything in this checkout that is made from the code: crds/.
    Generate {
        /// Write nothing; fail if a file is not what the code prints.
        #[arg(long)]
        check: bool,
    },
}

impl Cli {
    /// Does what was asked for.
    pub fn execute(self) -> Result<(), Box<dyn Error>> {
        // One provider for all TLS of the process. It can only be there already, and then it is this one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        match self.command {
            Command::Controller(config) => Ok(controller::main(*config)?),
            Command::Demo(config) => Ok(demo::main(config)?),
            // Written, not printed: `print!` panics when the reader (`| head`) has gone.
            Command::Crds => Ok(io::stdout().write_all(crds::stream()?.as_bytes())?),
            Command::Examples => {
                Ok(io::stdout().write_all(examples::stream(&examples::BUILDING).as_bytes())?)
            }
            Command::Generate { check: false } => Ok(crds::generate(Path::new("."))?),
            Command::Generate { check: true } => {
                let drift: Vec<String> =
                    crds::drift(Path::new("."))?.into_iter().map(|(name, _)| name).collect();
                if drift.is_empty() {
                    return Ok(());
                }
                Err(format!("crds/ is not what the code prints: run make generate ({})", drift.join(", "))
                    .into())
            }
        }
    }
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
