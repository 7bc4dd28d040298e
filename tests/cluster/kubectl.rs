//! The kubectl of the demo talks to the cluster of the demo.

use tokio::process::Command;
use vestibule_control_plane::Options;
use vestibule_control_plane::kubectl::kubectl_path;

use crate::harness::cluster;

#[tokio::test]
async fn kubectl_lists_the_namespaces() {
    let kubectl = kubectl_path(&Options::from_env().unwrap().cache).await.unwrap();
    let kubeconfig = cluster().control_plane().kubeconfig();
    let mut command = Command::new(kubectl);
    command.args(["get", "namespaces", "-o", "name"]).env("KUBECONFIG", kubeconfig);
    let output = command.output().await.unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    assert!(listed.contains("namespace/kube-system"), "{listed}{}", String::from_utf8_lossy(&output.stderr));
}
