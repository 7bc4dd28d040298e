//! What a build of the control plane shows while it lasts.

use std::io::{IsTerminal, Write, stderr};
use std::path::Path;
use std::time::{Duration, Instant};

/// Counts what the build does and shows it: on a terminal one line that is drawn anew, else a line now and then.
///
/// Written to stderr itself and not by `eprintln!`, which a test runner holds back until a test fails.
pub(super) struct Progress {
    began: Instant,
    terminal: bool,
    counts: Counts,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    modules: usize,
    packages: usize,
    /// How many packages there are; known when the modules are there.
    of: Option<usize>,
}

// === impl Progress ===

impl Progress {
    pub(super) fn begin(binary: &Path) -> Self {
        say(&format!(
            "Building the Kubernetes for the demo and the tests, once, to keep it as {}.\n\
             The first time this takes about 12 minutes on two cores: 3 to 4 for fetching Go modules, 8 for compiling.\n",
            binary.display()
        ));
        Self { began: Instant::now(), terminal: stderr().is_terminal(), counts: Counts::default() }
    }

    /// How often [`Progress::show`] is worth calling.
    pub(super) fn interval(&self) -> Duration {
        Duration::from_secs(if self.terminal { 1 } else { 30 })
    }

    /// Whether a line of the build's is progress; it is then counted.
    pub(super) fn counts(&mut self, line: &str) -> bool {
        self.counts.take(line)
    }

    pub(super) fn compiling(&mut self, of: usize) {
        self.counts.of = Some(of);
    }

    pub(super) fn show(&self) {
        let line = self.counts.line(self.began.elapsed());
        say(&if self.terminal { format!("\r\x1b[K{line}") } else { format!("{line}\n") });
    }

    pub(super) fn end(&self) {
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        say(&format!("{clear}Built in {}.\n", clock(self.began.elapsed())));
    }
}

// === impl Counts ===

impl Counts {
    /// `go build -v` writes the path of each package it compiles, and `go: downloading` for each module it fetches.
    fn take(&mut self, line: &str) -> bool {
        if line.starts_with("go: downloading ") {
            self.modules += 1;
        } else if self.of.is_some() && !line.is_empty() && !line.contains([' ', ':']) {
            self.packages += 1;
        } else {
            return false;
        }
        true
    }

    fn line(&self, elapsed: Duration) -> String {
        let did = match self.of {
            None => format!("fetching modules: {} so far", self.modules),
            Some(of) => format!("compiling: {} of {of} packages at most", self.packages),
        };
        format!("  {}  {did}", clock(elapsed))
    }
}

fn clock(elapsed: Duration) -> String {
    format!("{}:{:02}", elapsed.as_secs() / 60, elapsed.as_secs() % 60)
}

fn say(text: &str) {
    let mut stderr = stderr().lock();
    // A closed stderr is no reason to stop building.
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_and_packages_are_counted_and_messages_are_not() {
        let mut counts = Counts::default();
        assert!(counts.take("go: downloading k8s.io/api v0.37.1"));
        assert_eq!(counts.line(Duration::from_secs(61)), "  1:01  fetching modules: 1 so far");
        counts.of = Some(1500);
        assert!(counts.take("k8s.io/api/core/v1"));
        assert!(counts.take("net"));
        assert!(!counts.take("# k8s.io/api/core/v1"));
        assert!(!counts.take("./main.go:3:1: syntax error"));
        assert_eq!(counts.line(Duration::from_mins(10)), "  10:00  compiling: 2 of 1500 packages at most");
    }

    #[test]
    fn a_message_before_compiling_is_not_taken_for_a_package() {
        assert!(!Counts::default().take("dial"));
    }
}
