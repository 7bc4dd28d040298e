//! `vestibule-demo`: a Kubernetes, a simulated NetBox and the controller on this machine, in five steps.
//!
//! A separate program: the shipped one contains none of it.

mod error;
mod holdings;
mod screen;
mod script;
mod shell;
mod simulator;
mod stage;

use std::process::ExitCode;

use clap::Parser;
use clap::builder::FalseyValueParser;
use vestibule::logging::{self, LogLevel};
use vestibule::shutdown::Shutdown;

use self::error::Error;
use self::screen::Screen;
use self::stage::{Dir, Stage};

/// Shows Vestibule at work: a Kubernetes, a simulated NetBox and the controller, all on this machine.
#[derive(Clone, Copy, Debug, Parser)]
#[command(name = "vestibule-demo", version, about)]
struct Config {
    /// Stop everything after the last step; the exit status is 0 only if every step had the announced result.
    #[arg(long, env = "DEMO_EXIT", value_parser = FalseyValueParser::new())]
    exit: bool,
}

fn main() -> ExitCode {
    match demonstrate(Config::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vestibule-demo: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Creates a directory for all files, starts the log in it, handles signals; then calls [`run`].
fn demonstrate(config: Config) -> Result<(), Error> {
    // One provider for all TLS of the process, as in the controller's own program.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let dir = Dir::create()?;
    let log_level = logging::start_in(dir.file("controller.log")?, "info")?;
    let runtime = tokio::runtime::Runtime::new().map_err(Error::Process)?;
    let shown = runtime.block_on(async {
        let shutdown = Shutdown::on_signals().map_err(Error::Process)?;
        let screen = Screen::on_stdout();
        let shown = tokio::spawn(run(config, dir.clone(), log_level, screen, shutdown)).await;
        shown.map_err(Error::Broken)?
    });
    // Tasks that are still running must not delay the end.
    runtime.shutdown_background();
    match &shown {
        Ok(()) | Err(Error::Interrupted) => dir.remove()?,
        Err(_) => eprintln!(
            "The logs of controller, simulator and control plane are kept in {}.",
            dir.path().display()
        ),
    }
    shown
}

/// Starts all parts, plays the script, and keeps everything running until the end is requested.
async fn run(
    config: Config,
    dir: Dir,
    log_level: LogLevel,
    screen: Screen,
    shutdown: Shutdown,
) -> Result<(), Error> {
    let mut stage = tokio::select! {
        stage = Stage::set(dir, log_level) => stage?,
        () = shutdown.requested() => return Err(Error::Interrupted),
    };
    let mut shown = tokio::select! {
        shown = script::play(&stage.props, screen) => shown,
        ended = stage.controller.ended() => ended,
        () = shutdown.requested() => Err(Error::Interrupted),
    };
    if shown.is_ok() && !config.exit {
        stage.invite(screen);
        shown = tokio::select! {
            ended = stage.controller.ended() => ended,
            () = shutdown.requested() => Ok(()),
        };
        Screen::line("");
    }
    Screen::line("Stopping the controller, the NetBox and the Kubernetes.");
    let stopped = stage.strike().await;
    shown.and(stopped)
}
