//! The demo as `make demo DEMO_EXIT=1` runs it: each of its steps checks its own result.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it is surprised")]

use std::path::Path;
use std::process::Output;

use tokio::process::Command;
use tokio::sync::{Mutex, MutexGuard};
use vestibule_control_plane::kubectl::kubectl_path;
use vestibule_control_plane::{ControlPlane, Options};

/// One demo at a time: on a cluster of `KUBECONFIG_FOR_TESTS`, two would declare the same building.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

fn demo() -> Command {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_vestibule-demo"));
    demo.arg("--exit").kill_on_drop(true);
    demo
}

/// Both outputs of a program.
fn written(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

fn assert_all_was_shown(output: &Output) {
    let written = written(output);
    assert!(output.status.success(), "{written}");
    assert_eq!(written.matches('✓').count(), 6, "{written}");
}

async fn kubectl(kubeconfig: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(kubectl_path(&Options::from_env().unwrap().cache).await.unwrap());
    command.args(arguments).env("KUBECONFIG", kubeconfig);
    written(&command.output().await.unwrap())
}

#[tokio::test]
async fn every_step_of_the_demo_has_the_announced_result() {
    let _alone = alone().await;
    assert_all_was_shown(&demo().output().await.unwrap());
}

#[tokio::test]
async fn on_an_existing_cluster_the_demo_removes_its_namespace_and_changes_no_existing_one() {
    let _alone = alone().await;
    let dir = tempfile::tempdir().unwrap();
    let control_plane = ControlPlane::start(dir.path(), &Options::from_env().unwrap()).await.unwrap();
    let kubeconfig = control_plane.kubeconfig();
    let there = || demo_on(kubeconfig);
    assert_all_was_shown(&there().output().await.unwrap());
    let phase =
        kubectl(kubeconfig, &["get", "namespace", "building", "-o", "jsonpath={.status.phase}"]).await;
    assert!(phase == "Terminating" || phase.contains("not found"), "{phase}");
    if phase.contains("not found") {
        kubectl(kubeconfig, &["create", "namespace", "building"]).await;
        let refused = written(&there().output().await.unwrap());
        assert!(refused.contains("the cluster has a namespace building already"), "{refused}");
        kubectl(kubeconfig, &["delete", "namespace", "building"]).await;
    }
    control_plane.stop().await.unwrap();
}

fn demo_on(kubeconfig: &Path) -> Command {
    let mut demo = demo();
    demo.env("KUBECONFIG_FOR_TESTS", kubeconfig);
    demo
}
