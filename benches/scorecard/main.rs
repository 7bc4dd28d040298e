//! `make bench`: the scorecard of docs/benchmarks.md, measured on a real API server and the simulated NetBox, for our
//! controller and a naive one. `make bench QUICK=1` takes a minute.

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts and times of a bench are small, and shown with a few digits"
)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench that cannot be set up has nothing to show")]

mod api_server;
mod blast;
mod building;
mod child;
mod core;
mod latency;
#[path = "../naive/mod.rs"]
mod naive;
mod options;
mod report;
mod rest;
mod rollover;
mod sightings;
mod simulator;
mod stage;
mod subject;
mod time;
mod writes;

use std::process::ExitCode;
use std::time::Instant;

use serde_json::json;

use crate::options::Options;
use crate::report::Report;
use crate::stage::Stage;

/// A result with an error that is shown to the user of the bench.
pub(crate) type Fallible<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ended = match arguments.split_first() {
        Some((first, rest)) if first == subject::FLAG => subject::live(rest).await,
        // `cargo bench` passes `--bench`, which has no meaning here.
        _ => measure().await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure() -> Fallible {
    let options = Options::from_env()?;
    let mut report = Report::new();
    let begun = Instant::now();
    if options.wants(&["P11"]) {
        announce(begun, "the plan core");
        core::measure(&mut report)?;
    }
    announce(begun, "a Kubernetes starts");
    let stage = Stage::start(options).await?;
    announce(begun, "what the API server takes");
    let rate = api_server::rate(&stage).await?;
    report.fact("A_api", json!(rate));
    report.remark(format!("A_api: {rate:.0} status patches a second, 16 in flight"));
    let measured = rows(&stage, &mut report, begun).await;
    announce(begun, "done");
    // After an error the rows measured so far are still reported.
    report.publish(&stage)?;
    measured?;
    stage.stop().await
}

async fn rows(stage: &Stage, report: &mut Report, begun: Instant) -> Fallible {
    let wants = |ids: &[&str]| stage.options.wants(ids);
    if wants(&["P1", "P2"]) {
        announce(begun, "rollover");
        rollover::measure(stage, report).await?;
    }
    if wants(&["P4"]) {
        announce(begun, "one visitor");
        latency::measure(stage, report).await?;
    }
    if wants(&["P5"]) {
        announce(begun, "one of two systems hangs");
        blast::measure(stage, report).await?;
    }
    if wants(&["P8"]) {
        announce(begun, "a visitor's life in API writes");
        writes::measure(stage, report).await?;
    }
    if wants(&["P7", "P10"]) {
        announce(begun, "rest and memory");
        rest::measure(stage, report).await?;
    }
    Ok(())
}

fn announce(begun: Instant, what: &str) {
    println!("{:4.0} s {what}", begun.elapsed().as_secs_f64());
}
