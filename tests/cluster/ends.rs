//! No control plane outlives the process that started it, however that process ends.
//!
//! This binary runs itself as the process that dies.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use vestibule_control_plane::{ControlPlane, Options, Origin};

use crate::harness::{in_use, wait_until};

const DIR: &str = "VESTIBULE_TEST_DIR";
const ENDING: &str = "VESTIBULE_TEST_ENDING";
/// One at a time: each has its own control plane.
static TURN: Mutex<()> = Mutex::const_new(());

/// Not a test: the process that dies.
#[tokio::test]
#[ignore = "run by the tests beside it"]
async fn holder() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let options = Options::from_env().unwrap();
    println!("\nstarting");
    let _control_plane = ControlPlane::start(Path::new(&dir), &options).await.unwrap();
    println!("\nready");
    match std::env::var(ENDING).unwrap().as_str() {
        "exits" => std::process::exit(0),
        "panics" => panic!("as requested"),
        _ => std::future::pending().await,
    }
}

struct Holder {
    child: Child,
    dir: tempfile::TempDir,
}

// === impl Holder ===

impl Holder {
    /// Starts a process that starts a control plane, and waits until it says `line`.
    async fn start(ending: &str, line: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "ends::holder", "--ignored", "--nocapture"]);
        command.env(DIR, dir.path()).env(ENDING, ending);
        command.stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while lines.next_line().await.unwrap().expect("the holder ended too early") != line {}
        Self { child, dir }
    }

    async fn signal(&self, name: &str) {
        let group = format!("-{}", self.child.id().unwrap());
        let status = Command::new("kill").args(["-s", name, "--", &group]).status().await.unwrap();
        assert!(status.success());
    }

    /// Waits for the end of the process and of the control plane, which holds a lock as long as it runs.
    async fn leaves_nothing(mut self) {
        self.child.wait().await.unwrap();
        let dir: PathBuf = self.dir.path().to_owned();
        assert!(dir.join("lock").exists(), "there was no control plane to outlive anything");
        wait_until("the control plane is gone", || async { !in_use(&dir) }).await;
    }
}

/// Only the project's own program watches its stdin and locks its directory. An existing cluster is not started at all.
fn is_ours() -> bool {
    matches!(Options::from_env().unwrap().origin, Origin::Build | Origin::Binary(_))
}

#[tokio::test]
async fn a_killed_process_leaves_no_control_plane() {
    let _turn = TURN.lock().await;
    if is_ours() {
        let holder = Holder::start("waits", "ready").await;
        assert!(in_use(holder.dir.path()));
        holder.signal("KILL").await;
        holder.leaves_nothing().await;
    }
}

#[tokio::test]
async fn a_process_killed_while_it_starts_one_leaves_no_control_plane() {
    let _turn = TURN.lock().await;
    if is_ours() {
        let holder = Holder::start("waits", "starting").await;
        wait_until("the control plane has begun", || async { in_use(holder.dir.path()) }).await;
        holder.signal("KILL").await;
        holder.leaves_nothing().await;
    }
}

#[tokio::test]
async fn an_interrupted_process_leaves_no_control_plane() {
    let _turn = TURN.lock().await;
    if is_ours() {
        let holder = Holder::start("waits", "ready").await;
        holder.signal("INT").await;
        holder.leaves_nothing().await;
    }
}

#[tokio::test]
async fn a_process_that_exits_or_panics_leaves_no_control_plane() {
    let _turn = TURN.lock().await;
    if is_ours() {
        Holder::start("exits", "ready").await.leaves_nothing().await;
        Holder::start("panics", "ready").await.leaves_nothing().await;
    }
}
