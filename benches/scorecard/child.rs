//! The measured processes. Each has a log of its own, is observed through `/proc`, and ends when the pipe to its stdin is
//! closed.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::Fallible;

/// The time limit for a process to become ready, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ticks a second in `/proc/PID/stat`: fixed on Linux since 2.6.
const TICKS: f64 = 100.0;

/// A process of this run.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Lines<BufReader<ChildStdout>>,
    pid: u32,
}

/// The resources that a process has used.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Bytes in memory.
    pub(crate) rss: u64,
    /// The largest number of bytes so far.
    pub(crate) peak: u64,
    /// Seconds of CPU since its start.
    pub(crate) cpu: f64,
}

impl Running {
    /// Starts a process whose stderr goes to `log`.
    pub(crate) fn start(mut command: Command, log: &Path) -> Fallible<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(log)?);
        // A process group of its own: Ctrl-C ends only the bench, and the processes end when their pipe is closed.
        command.process_group(0).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| format!("{command:?} does not start: {error}"))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().ok_or("the process has no pipe for stdout")?;
        let pid = child.id().ok_or("the process ended at once")?;
        Ok(Self { child, stdin, stdout: BufReader::new(stdout).lines(), pid })
    }

    /// Waits for the line that starts with `ready` and returns the rest of it.
    pub(crate) async fn ready(&mut self) -> Fallible<String> {
        let found = async {
            while let Some(line) = self.stdout.next_line().await? {
                if let Some(rest) = line.strip_prefix("ready") {
                    return Ok(rest.trim().to_owned());
                }
            }
            Err("a process ended before it was ready; see its log in target/bench".into())
        };
        tokio::time::timeout(PATIENCE, found).await.map_err(|_| "a process was not ready in time")?
    }

    /// Writes a line to its stdin.
    pub(crate) async fn say(&mut self, line: &str) -> Fallible {
        let stdin = self.stdin.as_mut().ok_or("the stdin of the process is closed")?;
        stdin.write_all(format!("{line}\n").as_bytes()).await?;
        Ok(stdin.flush().await?)
    }

    /// The resources used until now.
    pub(crate) fn usage(&self) -> Fallible<Usage> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        Ok(Usage { rss: bytes(&status, "VmRSS:"), peak: bytes(&status, "VmHWM:"), cpu: cpu(&stat) })
    }

    /// Closes its stdin and waits for its end. A process that does not end is killed.
    pub(crate) async fn stop(mut self) -> Fallible {
        self.stdin = None;
        if tokio::time::timeout(PATIENCE, self.child.wait()).await.is_err() {
            self.child.kill().await?;
        }
        Ok(())
    }

    /// Ends a process that does not read its stdin.
    pub(crate) async fn kill(mut self) -> Fallible {
        Ok(self.child.kill().await?)
    }
}

fn bytes(status: &str, field: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// User and system time: fields 14 and 15. They are counted after the name, which may contain blanks.
fn cpu(stat: &str) -> f64 {
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields = after_name.split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS
}
