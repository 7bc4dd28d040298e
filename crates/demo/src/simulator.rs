//! The simulated NetBox: a child process, and its side door.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tokio::process::Command;
use vestibule_control_plane::Process;

use super::Error;
use super::holdings::Holdings;

const PROGRAM: &str = "vestibule-sim";
const READY_WITHIN: Duration = Duration::from_secs(30);
/// The simulator answers from memory, so this is for a machine that is busy.
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);

/// A running simulator. It ends with this process, however that ends.
#[derive(Debug)]
pub(super) struct Simulator {
    process: Process,
    url: String,
    http: reqwest::Client,
}

impl Simulator {
    /// Starts a simulator whose clock runs from `now`.
    pub(super) async fn start(now: Timestamp, dir: &Path) -> Result<Self, Error> {
        let mut command = Command::new(program());
        command.args(["netbox", "--exit-with-stdin", "--clock-runs", "--clock"]).arg(now.to_string());
        let mut process = Process::spawn(command, dir.join("netbox.log")).map_err(Error::NoSimulator)?;
        let url = process.line_after("ready ", READY_WITHIN).await?;
        let http = reqwest::Client::builder().timeout(ANSWERS_WITHIN).no_proxy().build();
        Ok(Self { process, url, http: http.map_err(Error::Simulator)? })
    }

    /// Its URL, as an integration names it.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Its page for a browser.
    pub(super) fn page(&self) -> String {
        self.side_door("")
    }

    /// All its records.
    pub(super) async fn holdings(&self) -> Result<Holdings, Error> {
        let answer = self.http.get(self.side_door("state")).send().await;
        answer
            .and_then(reqwest::Response::error_for_status)
            .map_err(Error::Simulator)?
            .json()
            .await
            .map_err(Error::Simulator)
    }

    /// Sets its clock, which runs from there.
    pub(super) async fn set_clock(&self, now: Timestamp) -> Result<(), Error> {
        let order = serde_json::json!({ "set": now.to_string() });
        let answer = self.http.post(self.side_door("clock")).json(&order).send().await;
        answer.and_then(reqwest::Response::error_for_status).map(drop).map_err(Error::Simulator)
    }

    pub(super) async fn stop(self) -> Result<(), Error> {
        Ok(self.process.stop().await?)
    }

    fn side_door(&self, what: &str) -> String {
        format!("{}/_sim/{what}", self.url)
    }
}

/// The program beside this one, where a build puts it; else the one on PATH.
fn program() -> PathBuf {
    let beside = std::env::current_exe().ok().map(|this| this.with_file_name(PROGRAM));
    beside.filter(|path| path.is_file()).unwrap_or_else(|| PROGRAM.into())
}
