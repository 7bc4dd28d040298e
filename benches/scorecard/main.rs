//! `make bench`: the scorecard of docs/benchmarks.md, measured on a real API server and the simulated NetBox, ours
//! beside a naive controller. `make bench QUICK=1` takes a minute.

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

/// A result whose error is told to whoever runs the bench.
pub(crate) type Fallible<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ended = match arguments.split_first() {
        Some((first, rest)) if first == subject::FLAG => subject::live(rest).await,
        // `cargo bench` says `--bench`, which tells nothing new.
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
    let announce = move |what: &str| println!("{:4.0} s {what}", begun.elapsed().as_secs_f64());
    if options.wants(&["P11"]) {
        announce("the plan core");
        core::measure(&mut report)?;
    }
    announce("a Kubernetes starts");
    let stage = Stage::start(options).await?;
    let options = &stage.options;
    announce("what the API server takes");
    let rate = api_server::rate(&stage).await?;
    report.fact("A_api", json!(rate));
    report.remark(format!("A_api: {rate:.0} status patches a second, 16 in flight"));
    if options.wants(&["P1", "P2"]) {
        announce("rollover");
        rollover::measure(&stage, &mut report).await?;
    }
    if options.wants(&["P4"]) {
        announce("one visitor");
        latency::measure(&stage, &mut report).await?;
    }
    if options.wants(&["P5"]) {
        announce("one of two systems hangs");
        blast::measure(&stage, &mut report).await?;
    }
    if options.wants(&["P8"]) {
        announce("a visitor's life in API writes");
        writes::measure(&stage, &mut report).await?;
    }
    if options.wants(&["P7", "P10"]) {
        announce("rest and memory");
        rest::measure(&stage, &mut report).await?;
    }
    announce("done");
    report.publish(&stage)?;
    stage.stop().await
}
