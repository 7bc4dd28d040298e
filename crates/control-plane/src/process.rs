//! One process that lives as long as the pipe to its stdin.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::Error;

/// How long a process may take to end in order before it is killed. The control plane gives itself 10 s.
const STOP_WITHIN: Duration = Duration::from_secs(15);
/// How many lines of a log an error shows.
const TAIL: usize = 20;

/// A process, its log, and the pipe whose end is the order to end.
#[derive(Debug)]
pub struct Process {
    program: String,
    log: PathBuf,
    child: Child,
    /// Its closing is the order to end. Not left in `child`, which closes it as soon as it is waited for.
    stdin: ChildStdin,
    /// Held as long as the process: writing to a pipe without a reader would kill it.
    stdout: Lines<BufReader<ChildStdout>>,
}

// === impl Process ===

impl Process {
    /// Starts `command` with its stderr in `log`, in a process group of its own: Ctrl-C is for us, who then stop it
    /// after all that needs it.
    #[expect(clippy::missing_panics_doc, reason = "both are pipes, as asked for a line above")]
    pub fn spawn(mut command: Command, log: PathBuf) -> Result<Self, Error> {
        let program = command.as_std().get_program().to_string_lossy().into_owned();
        let stderr = File::create(&log).map_err(Error::file("create", &log))?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
        command.process_group(0).kill_on_drop(true);
        let mut child =
            command.spawn().map_err(|source| Error::Spawn { program: program.clone(), source })?;
        let stdin = child.stdin.take().expect("stdin was asked to be a pipe");
        let stdout = child.stdout.take().expect("stdout was asked to be a pipe");
        Ok(Self { program, log, child, stdin, stdout: BufReader::new(stdout).lines() })
    }

    /// Waits for the line that starts with `prefix` and returns the rest of it.
    pub async fn line_after(&mut self, prefix: &str, within: Duration) -> Result<String, Error> {
        let found = async {
            while let Ok(Some(line)) = self.stdout.next_line().await {
                if let Some(rest) = line.strip_prefix(prefix) {
                    return Some(rest.to_owned());
                }
            }
            None
        };
        match timeout(within, found).await {
            Ok(Some(rest)) => Ok(rest),
            Ok(None) => Err(self.not_ready("ended before it was ready".to_owned())),
            Err(_) => Err(self.not_ready(too_slow(within))),
        }
    }

    /// Waits for `ready`, which fails if the process ends before.
    pub async fn until(&mut self, ready: impl Future<Output = ()>, within: Duration) -> Result<(), Error> {
        let what = tokio::select! {
            () = ready => return Ok(()),
            _ = self.child.wait() => "ended before it was ready".to_owned(),
            () = tokio::time::sleep(within) => too_slow(within),
        };
        Err(self.not_ready(what))
    }

    /// Closes the pipe and waits for the end; kills what does not end.
    pub async fn stop(mut self) -> Result<(), Error> {
        drop(self.stdin);
        let ended = match timeout(STOP_WITHIN, self.child.wait()).await {
            Ok(ended) => ended.map(drop),
            Err(_) => self.child.kill().await,
        };
        ended.map_err(Error::file("stop", Path::new(&self.program)))
    }

    fn not_ready(&self, what: String) -> Error {
        let tail = tail(&std::fs::read_to_string(&self.log).unwrap_or_default());
        Error::NotReady { program: self.program.clone(), what, log: self.log.clone(), tail }
    }
}

/// The last lines of a log.
pub(super) fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

fn too_slow(within: Duration) -> String {
    format!("was not ready within {} s", within.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> (tempfile::TempDir, Process) {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let process = Process::spawn(command, dir.path().join("log")).unwrap();
        (dir, process)
    }

    #[tokio::test]
    async fn the_rest_of_the_line_that_was_waited_for_is_returned() {
        let (_dir, mut process) = shell("echo one; echo ready there; cat");
        assert_eq!(process.line_after("ready ", STOP_WITHIN).await.unwrap(), "there");
        process.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_process_that_ends_early_is_reported_with_the_end_of_its_log() {
        let (_dir, mut process) = shell("echo the disk is full >&2");
        let error = process.line_after("ready ", STOP_WITHIN).await.unwrap_err().to_string();
        assert!(
            error.contains("ended before it was ready") && error.ends_with("the disk is full"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_process_that_is_too_slow_is_reported_with_its_limit() {
        let (_dir, mut process) = shell("cat");
        let error = process.line_after("ready ", Duration::from_millis(10)).await.unwrap_err().to_string();
        assert!(error.contains("was not ready within 0 s"), "{error}");
    }

    #[test]
    fn the_tail_of_a_long_log_is_its_last_lines() {
        let log = (0..50).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
        assert!(tail(&log).starts_with("30\n") && tail(&log).ends_with("\n49"));
        assert_eq!(tail("short"), "short");
    }
}
