//! The measured controllers: ours and the naive one, each in a process of its own. Both run from this program, so that
//! both have a clock that can be set: a line `clock <time>` on stdin sets it, the end of stdin ends the process. Rows
//! without a jump of the clock use the real binary.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::process::Command;
use vestibule::cli::controller::{Config, Surroundings, run};
use vestibule::clock::SetClock;
use vestibule::cluster::lease::make_empty;
use vestibule::logging::{self, Format};
use vestibule::shutdown::Shutdown;

use crate::Fallible;
use crate::building::Building;
use crate::child::Running;
use crate::naive;
use crate::stage::Stage;

/// The first argument of a measured process.
pub(crate) const FLAG: &str = "--subject";

/// A controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Vestibule.
    Ours,
    /// The usual kube-rs controller.
    Naive,
}

impl Subject {
    /// Both, in the order of their runs.
    pub(crate) const BOTH: [Self; 2] = [Self::Ours, Self::Naive];

    /// Its name in tables and logs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Naive => "naive",
        }
    }

    /// Starts it on a building, with its clock at `now`.
    pub(crate) async fn start(self, stage: &Stage, building: &Building, now: Timestamp) -> Fallible<Running> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([FLAG, self.name()]).arg(stage.kubeconfig());
        command.args([&building.namespace, &now.to_string()]);
        let mut process = Running::start(command, &stage.out.join(format!("{}.log", building.namespace)))?;
        process.ready().await?;
        Ok(process)
    }
}

/// Starts the real binary on a building. It is ready when it leads and has listed all Visitors.
pub(crate) async fn start_binary(stage: &Stage, building: &Building, lease: &str) -> Fallible<Running> {
    let admin = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    let words = words(&building.namespace, &admin.to_string());
    command.arg("controller").args(words).args(["--lease-name", lease]);
    // Without this Lease the controller would wait for a former leader before its first write.
    make_empty(stage.client.clone(), &building.namespace, lease).await?;
    command.arg("--kubeconfig").arg(stage.kubeconfig());
    let process = Running::start(command, &stage.out.join(format!("{lease}.log")))?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    for _ in 0..6_000 {
        if has_listed(&http, &format!("http://{admin}/debug/state.json")).await.unwrap_or_default() {
            return Ok(process);
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    Err(format!("the controller was never ready; see {lease}.log in target/bench").into())
}

async fn has_listed(http: &reqwest::Client, page: &str) -> Fallible<bool> {
    let state: serde_json::Value = http.get(page).send().await?.json().await?;
    Ok(state["visitors"]["listed"] == true)
}

fn words(namespace: &str, admin: &str) -> Vec<String> {
    let level = std::env::var("SUBJECT_LOG").unwrap_or_else(|_| "info".to_owned());
    let words = ["--allow-loopback", "--log-level", &level, "--watch-namespaces", namespace]
        .into_iter()
        .chain(["--lease-namespace", namespace, "--admin-listen", admin]);
    words.map(str::to_owned).collect()
}

/// The main function of a measured process; `arguments` follow [`FLAG`].
pub(crate) async fn live(arguments: &[String]) -> Fallible {
    let [which, kubeconfig, namespace, now] = arguments else {
        return Err("a subject needs its name, a kubeconfig, a namespace and a time".into());
    };
    let clock = Arc::new(SetClock::starting_at(now.parse()?));
    if which == Subject::Naive.name() {
        let (jumped, jumps) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(obey(Arc::clone(&clock), move || {
            // The receiver may be dropped already when the process ends.
            let _ = jumped.send(());
        }));
        return naive::run(kubeconfig.as_ref(), namespace, clock, jumps).await;
    }
    let mut config = Config::from_words(words(namespace, "127.0.0.1:0"))?;
    config.kubeconfig = Some(PathBuf::from(kubeconfig));
    let level = logging::start(Format::Text, &config.log_level)?;
    let surroundings = Surroundings::of(&config, level).await?;
    make_empty(surroundings.client.clone(), namespace, &config.lease_name).await?;
    let (trigger, shutdown) = Shutdown::new();
    let surroundings = Surroundings { clock: clock.clone(), ..surroundings };
    let running = tokio::spawn(run(config, surroundings, shutdown));
    tokio::spawn(async move {
        obey(clock, || {}).await;
        trigger.request();
    });
    println!("ready");
    Ok(running.await??)
}

/// Sets the clock by the lines on stdin, until stdin ends.
async fn obey(clock: Arc<SetClock>, jumped: impl Fn()) {
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        // The receiver lives as long as the process.
        std::io::stdin().lines().map_while(Result::ok).all(|line| sender.send(line).is_ok())
    });
    while let Some(line) = lines.recv().await {
        if let Some(Ok(now)) = line.strip_prefix("clock ").map(str::parse) {
            clock.set(now);
            jumped();
        }
    }
}
