//! Everything around the leader's work, on an API server that has only leases: leadership, probes, the orderly end.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod fake_lease_server;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use fake_lease_server::Server;
use jiff::SignedDuration;
use tokio::task::JoinHandle;
use vestibule::cli::controller::{Config, RunError, Surroundings, run_around};
use vestibule::clock::{Clock as _, SetClock};
use vestibule::cluster::lease::Lost;
use vestibule::controller::{Context, ServeError};
use vestibule::logging::LogLevel;
use vestibule::metrics::Metrics;
use vestibule::shutdown::{Shutdown, Trigger};

/// A controller in a task, and its parts that a test needs.
struct Running {
    shutdown: Trigger,
    clock: Arc<SetClock>,
    address: SocketAddr,
    task: JoinHandle<Result<(), RunError>>,
}

/// An address that is free now. Another process may take it a moment later, a risk that only tests may take.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn surroundings(server: &Server, clock: &Arc<SetClock>) -> Surroundings {
    Surroundings {
        client: server.connect().0,
        clock: clock.clone(),
        steady_clock: clock.clone(),
        metrics: Metrics::new(),
        log_level: LogLevel::fixed("info"),
    }
}

/// Work that does nothing and ends when requested.
async fn idle(_: Context, shutdown: Shutdown) -> Result<(), ServeError> {
    shutdown.requested().await;
    Ok(())
}

fn start(server: &Server) -> Running {
    start_with(server, idle)
}

fn start_with<W, F>(server: &Server, work: W) -> Running
where
    W: FnOnce(Context, Shutdown) -> F + Send + 'static,
    F: Future<Output = Result<(), ServeError>> + Send + 'static,
{
    let address = free_address();
    let words = ["--lease-namespace=vestibule", "--pod-name=test", &format!("--admin-listen={address}")];
    let config = Config::from_words(words).unwrap();
    let clock = Arc::new(SetClock::starting_at("2026-11-22T10:00:00Z".parse().unwrap()));
    let (shutdown, stopping) = Shutdown::new();
    let task = tokio::spawn(run_around(work, config, surroundings(server, &clock), stopping));
    Running { shutdown, clock, address, task }
}

impl Running {
    /// Waits until the page has the expected content.
    async fn wait_for(&self, path: &str, wanted: impl Fn(u16, &str) -> bool) -> reqwest::header::HeaderMap {
        let mut last = String::new();
        for _ in 0..500 {
            if let Ok(answer) = reqwest::get(format!("http://{}{path}", self.address)).await {
                let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
                last = answer.text().await.unwrap_or_default();
                if wanted(status, &last) {
                    return headers;
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{path} never had the expected content; last: {last}");
    }

    async fn leads(&self, leads: bool) -> reqwest::header::HeaderMap {
        let line =
            format!(r#"leader_election_master_status{{name="vestibule-controller"}} {}"#, i32::from(leads));
        self.wait_for("/metrics", |_, text| text.contains(&line)).await
    }

    async fn end(self) -> Result<(), RunError> {
        self.shutdown.request();
        tokio::time::timeout(Duration::from_secs(10), self.task).await.expect("it ends").unwrap()
    }
}

#[tokio::test]
async fn a_leader_answers_probes_and_gives_the_lease_back_at_the_end() {
    let server = Server::default();
    let controller = start(&server);
    let headers = controller.leads(true).await;
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
    controller.wait_for("/healthz", |status, _| status == 200).await;
    controller.wait_for("/debug/state.json", |_, text| text.contains(r#""leads":true"#)).await;
    let holder = server.lease().spec.unwrap().holder_identity.unwrap();
    assert!(holder.starts_with("test-"), "{holder}");
    controller.end().await.unwrap();
    assert_eq!(server.lease().spec.unwrap().holder_identity, None);
}

#[tokio::test]
async fn a_standby_is_healthy_and_ready_and_leaves_the_lease_alone() {
    let server = Server::default();
    let leader = start(&server);
    leader.leads(true).await;
    let standby = start(&server);
    standby.leads(false).await;
    standby.wait_for("/readyz", |status, _| status == 200).await;
    standby.wait_for("/healthz", |status, _| status == 200).await;
    standby.end().await.unwrap();
    leader.leads(true).await;
    leader.end().await.unwrap();
}

#[tokio::test]
async fn a_standby_takes_over_when_the_leader_ends_in_order() {
    let server = Server::default();
    let leader = start(&server);
    leader.leads(true).await;
    let standby = start(&server);
    standby.leads(false).await;
    leader.end().await.unwrap();
    let before = standby.clock.now();
    standby.leads(true).await;
    assert!(standby.clock.now().duration_since(before) < SignedDuration::from_secs(20), "not by expiry");
    standby.end().await.unwrap();
}

#[tokio::test]
async fn losing_the_lease_ends_the_process_with_an_error() {
    let server = Server::default();
    let controller = start(&server);
    controller.leads(true).await;
    server.take_by_force("intruder");
    controller.clock.set(controller.clock.now() + SignedDuration::from_secs(12));
    let ended =
        tokio::time::timeout(Duration::from_secs(10), controller.task).await.expect("it ends").unwrap();
    let error = ended.expect_err("another replica has the lease");
    assert!(matches!(&error, RunError::Lost(Lost::Taken { holder }) if holder == "intruder"), "{error}");
}

#[tokio::test]
async fn an_address_that_is_taken_ends_the_process_with_a_sentence() {
    let server = Server::default();
    let first = start(&server);
    first.leads(true).await;
    let config = Config::from_words([format!("--admin-listen={}", first.address)]).unwrap();
    let ended = run_around(idle, config, surroundings(&server, &first.clock), Shutdown::new().1).await;
    let error = ended.expect_err("the address is taken").to_string();
    assert!(error.contains("--admin-listen"), "{error}");
    first.end().await.unwrap();
}

#[tokio::test]
async fn work_that_fails_gives_the_lease_back_and_ends_the_process_with_its_sentence() {
    let server = Server::default();
    let failing = |_, _| async { Err(ServeError("namespace kube-system could not be read".into())) };
    let controller = start_with(&server, failing);
    let ended =
        tokio::time::timeout(Duration::from_secs(10), controller.task).await.expect("it ends").unwrap();
    assert_eq!(ended.expect_err("it failed").to_string(), "namespace kube-system could not be read");
    assert_eq!(server.lease().spec.unwrap().holder_identity, None);
}

#[tokio::test]
async fn work_that_ends_without_a_request_is_an_error() {
    let server = Server::default();
    let controller = start_with(&server, |_, _| async { Ok(()) });
    let ended =
        tokio::time::timeout(Duration::from_secs(10), controller.task).await.expect("it ends").unwrap();
    assert!(matches!(ended, Err(RunError::Stopped)), "{ended:?}");
}

#[tokio::test]
async fn the_fence_is_open_during_the_work_and_shut_after_it() {
    let server = Server::default();
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let controller = start_with(&server, |context: Context, shutdown: Shutdown| async move {
        let _ = sender.send((context.fence.held(), context.fence));
        shutdown.requested().await;
        Ok(())
    });
    let (held, fence) = receiver.await.unwrap();
    assert!(held);
    controller.end().await.unwrap();
    assert!(!fence.held(), "work that still runs writes nothing any more");
}

/// The output of the program and its exit status.
fn fails_with(words: &[&str]) -> Vec<String> {
    let program = env!("CARGO_BIN_EXE_vestibule");
    let ended = std::process::Command::new(program).arg("controller").args(words).output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stdout.is_empty());
    String::from_utf8(ended.stderr).unwrap().lines().map(ToOwned::to_owned).collect()
}

#[test]
fn every_line_of_a_log_in_json_is_json_the_last_one_of_a_failure_too() {
    for (words, said) in [
        (["--log-format=json", "--kubeconfig=/nowhere/config"], "/nowhere/config"),
        (["--log-format=json", "--log-level=inof"], "is not a log level"),
    ] {
        let lines = fails_with(&words);
        let lines: Vec<serde_json::Value> =
            lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let last = lines.last().unwrap();
        assert_eq!(last["level"], "ERROR");
        assert!(last["message"].as_str().unwrap().contains(said), "{last}");
    }
    let lines = fails_with(&["--log-level=inof"]);
    assert!(lines.len() == 1 && lines[0].starts_with("vestibule: \"inof\" is not a log level"), "{lines:?}");
}

#[tokio::test]
async fn a_debug_token_that_cannot_be_read_ends_the_process_with_a_sentence() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    for (file, said) in [("/nowhere/token", "No such file"), (empty.path().to_str().unwrap(), "it is empty")]
    {
        let words = ["--admin-listen=127.0.0.1:0".to_owned(), format!("--debug-token-file={file}")];
        let config = Config::from_words(words).unwrap();
        let clock = Arc::new(SetClock::starting_at("2026-11-22T10:00:00Z".parse().unwrap()));
        let surroundings = surroundings(&Server::default(), &clock);
        let error = run_around(idle, config, surroundings, Shutdown::new().1).await.unwrap_err().to_string();
        assert!(error.contains(file) && error.contains(said), "{error}");
    }
}
