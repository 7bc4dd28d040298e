//! The controller under test, in this process.

use std::sync::Arc;

use tokio::sync::watch;
use vestibule::cli::controller::{Config, RunError, Surroundings, run};
use vestibule::clock::SetClock;
use vestibule::cluster::client::{Whereabouts, connect};
use vestibule::cluster::lease::{SteadyClock, make_empty};
use vestibule::logging::LogLevel;
use vestibule::metrics::{Exposition, Metrics};
use vestibule::shutdown::{Shutdown, Trigger};

use super::DEADLINE;
use crate::harness::{Namespace, cluster};

/// See the module's documentation.
pub(crate) struct Running {
    trigger: Trigger,
    ended: watch::Receiver<Option<String>>,
    metrics: Arc<Metrics>,
}

impl Running {
    /// A controller of one namespace, with its own lease and clock.
    pub(super) async fn start(namespace: &Namespace, clock: Arc<SetClock>) -> Self {
        let words = [
            "--allow-loopback",
            "--admin-listen=127.0.0.1:0",
            // Not in the namespace of the test, which one test deletes.
            "--lease-namespace=default",
            &format!("--lease-name={}", namespace.name()),
            &format!("--watch-namespaces={}", namespace.name()),
        ];
        let metrics = Metrics::new();
        let kubeconfig = Some(cluster().control_plane().kubeconfig().to_owned());
        let client = connect(&Whereabouts { kubeconfig, context: None }, metrics.clone()).await.unwrap();
        // Without it the first controller of a namespace waits for a possible former holder.
        make_empty(client.clone(), "default", namespace.name()).await.unwrap();
        let surroundings = Surroundings {
            client,
            clock,
            steady_clock: Arc::new(SteadyClock::start()),
            metrics: metrics.clone(),
            log_level: LogLevel::fixed("off"),
        };
        let (trigger, shutdown) = Shutdown::new();
        let task = tokio::spawn(run(Config::from_words(words).unwrap(), surroundings, shutdown));
        let (tell, ended) = watch::channel(None);
        tokio::spawn(async move {
            tell.send_replace(Some(match task.await {
                Ok(result) => words_of(&result),
                Err(error) => error.to_string(),
            }));
        });
        Self { trigger, ended, metrics }
    }

    /// Stops it in an orderly way.
    pub(super) async fn stop(self) {
        self.trigger.request();
        let ended = tokio::time::timeout(DEADLINE, self.ended()).await.expect("it ends when asked to");
        assert_eq!(ended, "in order");
    }

    /// Waits for its end and returns the result.
    pub(crate) async fn ended(&self) -> String {
        let mut ended = self.ended.clone();
        let said = ended.wait_for(Option::is_some).await.map(|said| said.clone().unwrap_or_default());
        said.unwrap_or_default()
    }

    /// Its metrics, in the format of readers that do not ask for `OpenMetrics`.
    pub(crate) fn metrics(&self) -> String {
        Exposition::Classic.of(self.metrics.encode(jiff::Timestamp::now()))
    }

    /// How many calls of these methods it has made to the API server.
    pub(crate) fn api_calls(&self, methods: &[&str]) -> u64 {
        let text = self.metrics();
        let of_these = |line: &&str| methods.iter().any(|it| line.contains(&format!("method=\"{it}\"")));
        let lines = text.lines().filter(|line| line.starts_with("rest_client_requests_total{"));
        lines.filter(of_these).filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }
}

fn words_of(result: &Result<(), RunError>) -> String {
    result.as_ref().map_or_else(ToString::to_string, |()| "in order".to_owned())
}
