//! The program `vestibule-sim` as a process.

use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

const PROGRAM: &str = env!("CARGO_BIN_EXE_vestibule-sim");

/// Runs the program to its end.
pub fn output(arguments: &[&str]) -> Output {
    std::process::Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// The lines that `vestibule-sim switches SYSTEM` prints.
pub fn switches_of(system: &str) -> Vec<String> {
    let output = output(&["switches", system]);
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The one sentence on standard error; nothing is on standard output, and the status is 2.
pub fn refused(arguments: &[&str]) -> String {
    let output = output(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{error}");
    assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    error.trim_end().strip_prefix("vestibule-sim: ").unwrap_or_else(|| panic!("{error}")).to_owned()
}

/// A running program. It is killed when it is dropped.
pub struct Program {
    pub child: Child,
    out: BufReader<ChildStdout>,
}

impl Program {
    pub fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// The next `ready URL` or `ready URL NAME`, without `ready`.
    pub async fn ready(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).await.unwrap();
        line.trim().strip_prefix("ready ").unwrap_or_else(|| panic!("{line}")).to_owned()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub fn close_stdin(&mut self) {
        drop(self.child.stdin.take());
    }

    /// The lines that remain on standard output, and the exit status. A program that does not end fails the test.
    pub async fn ended(mut self) -> (Vec<String>, Option<i32>) {
        let mut rest = String::new();
        let end = async {
            self.out.read_to_string(&mut rest).await.unwrap();
            self.child.wait().await.unwrap()
        };
        let status = tokio::time::timeout(Duration::from_mins(1), end).await.expect("it did not end");
        (rest.lines().map(str::to_owned).collect(), status.code())
    }

    /// Closes standard input, which must end the program well, and returns the lines that remain on standard output.
    pub async fn end_with_stdin(mut self) -> Vec<String> {
        self.close_stdin();
        let (rest, status) = self.ended().await;
        assert_eq!(status, Some(0));
        rest
    }
}

/// A file with this text, for as long as it is kept.
pub fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

/// All lines after `ready` of a program with this seed.
pub async fn lines_with_seed(system: &str, seed: &str) -> Vec<String> {
    let file = file(seed);
    let mut program = Program::start(&[system, "--exit-with-stdin", "--seed", file.path().to_str().unwrap()]);
    program.ready().await;
    program.end_with_stdin().await
}
