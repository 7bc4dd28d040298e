//! Commands as a user would type them, with their output.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::process::Command;

use super::Error;
use super::screen::Screen;

/// Runs kubectl in the demo's directory, on the demo's cluster.
#[derive(Debug)]
pub(super) struct Shell {
    kubectl: PathBuf,
    dir: PathBuf,
    kubeconfig: PathBuf,
}

impl Shell {
    pub(super) fn new(kubectl: PathBuf, dir: &Path, kubeconfig: &Path) -> Self {
        Self { kubectl, dir: dir.to_owned(), kubeconfig: kubeconfig.to_owned() }
    }

    /// Shows and runs a kubectl command, shows its output and returns it. A failed command fails the step.
    pub(super) async fn kubectl(&self, arguments: &[&str], screen: Screen) -> Result<String, Error> {
        let command = shown(arguments);
        screen.command(&command);
        let output = self.quietly(arguments).await?;
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        Screen::output(&out);
        Screen::output(&err);
        succeeded(&output, command).map(|()| out)
    }

    /// Runs kubectl, which must succeed, without output.
    pub(super) async fn done(&self, arguments: &[&str]) -> Result<(), Error> {
        succeeded(&self.quietly(arguments).await?, shown(arguments))
    }

    /// Runs kubectl without output and without a check of its result.
    ///
    /// It gets its own process group: Ctrl-C goes to the demo, which ends it together with all other processes.
    pub(super) async fn quietly(&self, arguments: &[&str]) -> Result<Output, Error> {
        let mut command = Command::new(&self.kubectl);
        command.args(arguments).current_dir(&self.dir).stdin(Stdio::null());
        command.env("KUBECONFIG", &self.kubeconfig).env("KUBECACHEDIR", self.dir.join("kubectl-cache"));
        command.process_group(0).kill_on_drop(true);
        command.output().await.map_err(Error::file("run", &self.kubectl))
    }

    /// Shows a file as `cat` does.
    pub(super) fn cat(name: &str, text: &str, screen: Screen) {
        screen.command(&format!("cat {name}"));
        Screen::output(text);
    }
}

/// A command line that a shell reads back as these arguments.
fn shown(arguments: &[&str]) -> String {
    let quoted = |argument: &&str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,".contains(c);
        if argument.chars().all(plain) { (*argument).to_owned() } else { format!("'{argument}'") }
    };
    let words = std::iter::once("kubectl".to_owned()).chain(arguments.iter().map(quoted));
    words.collect::<Vec<_>>().join(" ")
}

fn succeeded(output: &Output, command: String) -> Result<(), Error> {
    if output.status.success() {
        return Ok(());
    }
    let said = text(&output.stderr).lines().last().unwrap_or("it wrote nothing").to_owned();
    Err(Error::Command { command, said })
}

fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_command_can_be_pasted_into_a_shell() {
        let patch = r#"{"spec":{}}"#;
        assert_eq!(
            shown(&["patch", "visitor/ada", "-p", patch]),
            r#"kubectl patch visitor/ada -p '{"spec":{}}'"#
        );
    }
}
