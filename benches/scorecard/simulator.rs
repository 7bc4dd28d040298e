//! A NetBox: the real program `vestibule-sim`, controlled through its side door.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::Fallible;
use crate::child::Running;

/// A simulated NetBox.
pub(crate) struct Simulator {
    process: Running,
    /// Its address.
    pub(crate) url: String,
    http: reqwest::Client,
}

/// The counted calls.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Calls {
    /// By operation and outcome.
    pub(crate) operations: BTreeMap<String, BTreeMap<String, u64>>,
    /// All calls.
    pub(crate) total: u64,
    /// Calls refused because of the rate limit.
    pub(crate) throttled: u64,
    /// Calls in flight.
    pub(crate) in_flight: u64,
}

impl Calls {
    /// The answered calls, which row 1 limits.
    pub(crate) const fn served(&self) -> u64 {
        self.total - self.throttled
    }
}

impl std::fmt::Display for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let each = self.operations.iter().map(|(name, outcomes)| (name, outcomes.values().sum::<u64>()));
        let words: Vec<String> = each.map(|(name, count)| format!("{count} {name}")).collect();
        f.write_str(&words.join(", "))
    }
}

impl Simulator {
    /// Starts a simulator with a clock that runs from `now`.
    pub(crate) async fn start(logs: &Path, name: &str, now: Timestamp) -> Fallible<Self> {
        let mut command = Command::new(program()?);
        command.args(["netbox", "--exit-with-stdin", "--clock-runs", "--clock", &now.to_string()]);
        let mut process = Running::start(command, &logs.join(format!("{name}.log")))?;
        let url = process.ready().await?;
        Ok(Self { process, url, http: reqwest::Client::builder().no_proxy().build()? })
    }

    /// The bench profile of a NetBox: one call at a time, each taking a round trip.
    pub(crate) async fn profile(&self, latency: Duration) -> Fallible {
        let limits = json!({ "in_flight": 1, "latency_ms": latency.as_secs_f64() * 1e3, "rate": null });
        self.post("limits", &limits).await
    }

    /// Every call hangs from now on.
    pub(crate) async fn hang(&self) -> Fallible {
        self.post("faults", &json!({ "kind": "hang", "seconds": 3600, "times": 0 })).await
    }

    /// Sets the clock.
    pub(crate) async fn set_clock(&self, now: Timestamp) -> Fallible {
        self.post("clock", &json!({ "set": now.to_string() })).await
    }

    /// The counters.
    pub(crate) async fn calls(&self) -> Fallible<Calls> {
        Ok(self.http.get(self.door("calls")).send().await?.error_for_status()?.json().await?)
    }

    /// Sets the counters to zero.
    pub(crate) async fn clear_calls(&self) -> Fallible {
        self.http.delete(self.door("calls")).send().await?.error_for_status()?;
        Ok(())
    }

    /// The counters when nothing has been called for `quiet`.
    pub(crate) async fn quiet_calls(&self, quiet: Duration) -> Fallible<Calls> {
        let limit = Instant::now() + Duration::from_mins(1);
        let (mut calls, mut since) = (self.calls().await?, Instant::now());
        while since.elapsed() < quiet && Instant::now() < limit {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let now = self.calls().await?;
            if (now.total, now.in_flight) != (calls.total, 0) {
                since = Instant::now();
            }
            calls = now;
        }
        Ok(calls)
    }

    /// The number of living people in it.
    pub(crate) async fn living(&self) -> Fallible<u64> {
        let state: Value = self.http.get(self.door("state?people=none")).send().await?.json().await?;
        state["live"].as_u64().ok_or_else(|| "the simulator does not count its people".into())
    }

    /// Ends it.
    pub(crate) async fn stop(self) -> Fallible {
        self.process.stop().await
    }

    async fn post(&self, what: &str, body: &Value) -> Fallible {
        self.http.post(self.door(what)).json(body).send().await?.error_for_status()?;
        Ok(())
    }

    fn door(&self, what: &str) -> String {
        format!("{}/_sim/{what}", self.url)
    }
}

/// The program of the simulator: the path in `VESTIBULE_SIM`, or the one beside the controller's program.
fn program() -> Fallible<std::path::PathBuf> {
    if let Some(path) = std::env::var_os("VESTIBULE_SIM") {
        return Ok(path.into());
    }
    let beside = Path::new(env!("CARGO_BIN_EXE_vestibule")).with_file_name("vestibule-sim");
    if beside.is_file() { Ok(beside) } else { Err("vestibule-sim is not built: run `make bench`".into()) }
}
