//! The program itself: its reaction to signals, and which one works when two of it run.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use vestibule::cluster::lease::make_empty;

use crate::harness::{self, Namespace};

const PATIENCE: Duration = Duration::from_mins(1);

/// The lease of a controller without a configured name.
const LEASE: &str = "vestibule-controller";

/// `vestibule controller`, killed when dropped.
pub(crate) struct Controller {
    child: Child,
    address: SocketAddr,
}

impl Controller {
    async fn start(namespace: &Namespace) -> Self {
        Self::with(namespace, LEASE, &[]).await
    }

    /// One with this lease, which exists beforehand, and more arguments.
    pub(crate) async fn with(namespace: &Namespace, lease: &str, more: &[&str]) -> Self {
        make_empty(namespace.client(), namespace.name(), lease).await.unwrap();
        Self::without_lease(namespace, &[more, &["--lease-name", lease]].concat()).await
    }

    /// One whose lease does not exist beforehand.
    pub(crate) async fn without_lease(namespace: &Namespace, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_vestibule"))
            .args(["controller", "--admin-listen=127.0.0.1:0", "--log-format=json", "--pod-name=test"])
            .args(["--lease-namespace", namespace.name(), "--watch-namespaces", namespace.name()])
            .args(more)
            .arg("--kubeconfig")
            .arg(harness::cluster().control_plane().kubeconfig())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("it logs").unwrap();
            let line: serde_json::Value =
                serde_json::from_str(&line.expect("it runs")).expect("lines are JSON");
            if let Some(address) = line["address"].as_str() {
                break address.parse().unwrap();
            }
        };
        // Read to the end, since a full pipe would stop the program.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, address }
    }

    /// The answer of the admin server; empty if there is none.
    pub(crate) async fn page(&self, path: &str) -> String {
        let answer = reqwest::get(format!("http://{}{path}", self.address)).await;
        match answer {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    async fn wait_until_it_leads(&self) {
        let line = r#"leader_election_master_status{name="vestibule-controller"} 1"#;
        harness::wait_until("it leads", || async { self.page("/metrics").await.contains(line) }).await;
    }

    /// Kills it without warning.
    pub(crate) async fn kill(self) {
        self.end_by(Signal::KILL).await;
    }

    /// Sends the signal and returns the exit status of the process.
    async fn end_by(mut self, signal: Signal) -> Option<i32> {
        self.send(signal);
        self.end().await
    }

    pub(crate) fn send(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// The exit status of the process.
    pub(crate) async fn end(&mut self) -> Option<i32> {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends").unwrap().code()
    }
}

async fn holder(namespace: &Namespace) -> Option<String> {
    let lease = namespace.api::<Lease>().get(LEASE).await.unwrap();
    lease.spec.unwrap().holder_identity
}

#[tokio::test]
async fn it_leads_gives_the_lease_back_on_a_signal_and_ends_with_success() {
    let namespace = harness::namespace("process").await;
    for signal in [Signal::TERM, Signal::INT] {
        let controller = Controller::start(&namespace).await;
        controller.wait_until_it_leads().await;
        assert!(holder(&namespace).await.unwrap().starts_with("test-"));
        assert_eq!(controller.end_by(signal).await, Some(0));
        assert_eq!(holder(&namespace).await, None);
    }
}

#[tokio::test]
async fn a_second_one_stands_by_ready_and_takes_over_when_the_first_ends() {
    let namespace = harness::namespace("process").await;
    let first = Controller::start(&namespace).await;
    first.wait_until_it_leads().await;
    let leader = holder(&namespace).await;
    let second = Controller::start(&namespace).await;
    harness::wait_until("it is ready", || async { second.page("/readyz").await == "ready\n" }).await;
    assert_eq!(second.page("/healthz").await, "every loop moves\n");
    assert_eq!(holder(&namespace).await, leader);
    assert_eq!(first.end_by(Signal::TERM).await, Some(0));
    second.wait_until_it_leads().await;
    assert_ne!(holder(&namespace).await, leader);
}

#[tokio::test]
async fn the_log_level_is_read_and_set_at_run_time_by_the_bearer_of_the_token() {
    let namespace = harness::namespace("process").await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "secret\n").unwrap();
    let token = format!("--debug-token-file={}", file.path().display());
    let controller = Controller::with(&namespace, LEASE, &[&token]).await;
    let request = |method: &str, token: &str, body: &'static str| {
        let url = format!("http://{}/debug/log-level", controller.address);
        let request = reqwest::Client::new().request(method.parse().unwrap(), url);
        let request = request.bearer_auth(token).body(body);
        async move { request.send().await.unwrap() }
    };
    assert_eq!(request("PUT", "other", "off").await.status(), 401);
    assert_eq!(request("GET", "secret", "").await.text().await.unwrap(), "info\n");
    assert_eq!(request("PUT", "secret", "debug").await.text().await.unwrap(), "debug\n");
    for nonsense in ["loud=quiet", "inof"] {
        let refused = request("PUT", "secret", nonsense).await;
        assert_eq!(refused.status(), 400);
        assert!(refused.text().await.unwrap().contains("is not a log level"));
    }
    assert_eq!(request("GET", "secret", "").await.text().await.unwrap(), "debug\n");
}
