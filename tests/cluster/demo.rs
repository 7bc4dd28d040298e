//! The demo, as `make demo DEMO_EXIT=1` plays it: each of its steps checks what it shows.

use tokio::process::Command;

use crate::harness::cluster;

#[tokio::test]
async fn every_step_of_the_demo_shows_what_it_says() {
    let kubeconfig = cluster().control_plane().kubeconfig();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    demo.args(["demo", "--exit"]).env("KUBECONFIG_FOR_TESTS", kubeconfig).kill_on_drop(true);
    let output = demo.output().await.unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{shown}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(shown.matches('✓').count(), 6, "{shown}");
}
