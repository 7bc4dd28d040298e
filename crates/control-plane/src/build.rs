//! Builds `hack/control-plane` and keeps the binary in the cache, under a key of all that goes into it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::oneshot;

use super::process::tail;
use super::progress::Progress;
use super::{Error, create_dir};

/// The sources travel inside this program: the demo runs from anywhere, and a change of them is a new key.
const SOURCES: [(&str, &str); 3] = [
    ("main.go", include_str!("../../../hack/control-plane/main.go")),
    ("go.mod", include_str!("../../../hack/control-plane/go.mod")),
    ("go.sum", include_str!("../../../hack/control-plane/go.sum")),
];
const NAME: &str = "controlplane";

/// The path of the binary, which is built first if it is not there.
pub(super) async fn ensure(cache: &Path) -> Result<PathBuf, Error> {
    let home = cache.join("control-plane").join(key(&go_version().await?));
    let binary = home.join(NAME);
    if binary.is_file() {
        return Ok(binary);
    }
    create_dir(&home)?;
    let _lock = lock(home.join("lock")).await?;
    if !binary.is_file() {
        build(&home, &binary).await?;
    }
    Ok(binary)
}

/// Builds in a directory beside the binary and moves it in place whole: half of one is never seen.
async fn build(home: &Path, binary: &Path) -> Result<(), Error> {
    let work = home.join("build");
    if work.exists() {
        // Left by a build that was killed. Its Go ended with it, at the first line without a reader.
        std::fs::remove_dir_all(&work).map_err(Error::file("remove", &work))?;
    }
    create_dir(&work)?;
    for (name, text) in SOURCES {
        let path = work.join(name);
        std::fs::write(&path, text).map_err(Error::file("write", &path))?;
    }
    let mut progress = Progress::begin(binary);
    run(go(&["list", "-deps", "."]), &work, &mut progress).await?;
    progress.compiling(std::fs::read_to_string(work.join("stdout")).unwrap_or_default().lines().count());
    let flags = version_flags();
    run(go(&["build", "-v", "-trimpath", "-ldflags", &flags, "-o", NAME, "."]), &work, &mut progress).await?;
    std::fs::rename(work.join(NAME), binary).map_err(Error::file("put in place", binary))?;
    std::fs::remove_dir_all(&work).map_err(Error::file("remove", &work))?;
    progress.end();
    Ok(())
}

/// Runs a step with its stdout in a file; what it writes to stderr is the progress.
async fn run(mut step: Command, work: &Path, progress: &mut Progress) -> Result<(), Error> {
    let out = work.join("stdout");
    step.current_dir(work).stdin(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    step.stdout(File::create(&out).map_err(Error::file("create", &out))?);
    let mut child = step.spawn().map_err(spawn_error)?;
    let mut lines = BufReader::new(child.stderr.take().expect("stderr was asked to be a pipe")).lines();
    let mut messages = Vec::new();
    let mut tick = tokio::time::interval(progress.interval());
    loop {
        tokio::select! {
            line = lines.next_line() => match line {
                Ok(Some(line)) if progress.counts(&line) => {}
                Ok(Some(line)) => messages.push(line),
                Ok(None) | Err(_) => break,
            },
            _ = tick.tick() => progress.show(),
        }
    }
    match child.wait().await {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Error::Command { command: describe(&step), output: tail(&messages.join("\n")) }),
    }
}

/// Holds a lock on `path` for as long as the file returned is open. Waited for on a thread of its own, which
/// does not keep a process from ending as a blocking task would.
async fn lock(path: PathBuf) -> Result<File, Error> {
    let file = File::create(&path).map_err(Error::file("create", &path))?;
    if file.try_lock().is_ok() {
        return Ok(file);
    }
    eprintln!("Another process is building the control plane; waiting for it.");
    let (done, wait) = oneshot::channel();
    std::thread::spawn(move || done.send(file.lock().map(|()| file)));
    wait.await.expect("the thread sends before it ends").map_err(Error::file("lock", &path))
}

async fn go_version() -> Result<String, Error> {
    let output = go(&["version"]).output().await.map_err(spawn_error)?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Error::NoGo)
    }
}

/// The Go that is installed, and no other: a toolchain that it fetched would be a second wait, unannounced.
fn go(arguments: &[&str]) -> Command {
    let mut go = Command::new("go");
    go.args(arguments).env("GOTOOLCHAIN", "local").env("CGO_ENABLED", "0").env("GOWORK", "off");
    go
}

/// kubectl refuses a server that does not say its version; it is the one that go.mod requires.
fn version_flags() -> String {
    let version = kubernetes_version(SOURCES[1].1);
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let set = |name: &str, value: &str| format!("-X k8s.io/component-base/version.{name}={value}");
    format!("-s -w {} {} {}", set("gitVersion", version), set("gitMajor", major), set("gitMinor", minor))
}

fn kubernetes_version(go_mod: &str) -> &str {
    let required = go_mod.lines().find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes "));
    required.expect("go.mod requires k8s.io/kubernetes").trim()
}

fn key(go_version: &str) -> String {
    let mut hash = Sha256::new();
    for part in SOURCES.iter().map(|(_, text)| *text).chain([go_version]) {
        hash.update(part);
        hash.update([0]);
    }
    format!("{:x}", hash.finalize())[..16].to_owned()
}

fn describe(command: &Command) -> String {
    let arguments = command.as_std().get_args().map(|argument| argument.to_string_lossy());
    format!("go {}", arguments.collect::<Vec<_>>().join(" "))
}

fn spawn_error(source: std::io::Error) -> Error {
    match source.kind() {
        std::io::ErrorKind::NotFound => Error::NoGo,
        _ => Error::Spawn { program: "go".to_owned(), source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_says_the_version_that_go_mod_requires() {
        assert_eq!(kubernetes_version("require (\n\tk8s.io/kubernetes v1.40.2\n)"), "v1.40.2");
        let flags = version_flags();
        assert!(flags.contains(&format!("gitVersion={}", kubernetes_version(SOURCES[1].1))), "{flags}");
        assert!(flags.contains("gitMajor=1 "), "{flags}");
    }

    #[test]
    fn another_go_makes_another_key() {
        assert_ne!(key("go version go1.26.0"), key("go version go1.26.1"));
        assert_eq!(key("go version go1.26.0").len(), 16);
    }

    #[tokio::test]
    async fn a_step_that_fails_shows_its_command_and_the_end_of_what_it_wrote() {
        let dir = tempfile::tempdir().unwrap();
        let mut step = Command::new("sh");
        step.args(["-c", "echo 'go: downloading a v1' >&2; echo 'go: no network' >&2; exit 1"]);
        let error = run(step, dir.path(), &mut Progress::begin(dir.path())).await.unwrap_err();
        assert!(error.to_string().ends_with("failed:\ngo: no network"), "{error}");
    }

    #[tokio::test]
    async fn a_second_builder_waits_until_the_first_lets_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let first = lock(path.clone()).await.unwrap();
        let second = tokio::spawn(lock(path));
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        drop(first);
        second.await.unwrap().unwrap();
    }
}
