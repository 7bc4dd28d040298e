//! The arguments of `vestibule controller`, and the values derived from them.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use jiff::SignedDuration;
use kube::Client;

use super::RunError;
use crate::admin::DebugToken;
use crate::cluster::client::Whereabouts;
use crate::cluster::lease::{LeaseName, Terms};
use crate::logging::Format;

/// Runs the controller: writes the records that the cluster declares to the access systems.
#[derive(Clone, Debug, clap::Args)]
pub struct Config {
    /// Kubeconfig file [default: $KUBECONFIG, ~/.kube/config, the pod's service account].
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// Context of the kubeconfig [default: its current one].
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,

    /// Namespaces to watch, separated by commas [default: all].
    #[arg(long = "watch-namespaces", value_name = "NAMES", value_delimiter = ',')]
    pub watch_namespaces: Vec<String>,

    /// Namespace of the leader's lease [default: the pod's, else the context's].
    #[arg(long, value_name = "NAME", env = "POD_NAMESPACE")]
    pub lease_namespace: Option<String>,

    /// Name of the leader's lease. Of all controllers with the same name, one works.
    #[arg(long, value_name = "NAME", default_value = "vestibule-controller")]
    pub lease_name: String,

    /// Seconds that the leader's claim lasts after its last renewal. It must be the same for all replicas of one lease.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(6..=600))]
    pub lease_duration: u32,

    /// Name of this replica, to which a random suffix is added [default: the host's].
    #[arg(long, value_name = "NAME", env = "POD_NAME")]
    pub pod_name: Option<String>,

    /// Address of probes and metrics. Kubelet probes need the pod's address, so use 0.0.0.0:8080 in a pod. Port 0 takes
    /// any free port, which the log names.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub admin_listen: SocketAddr,

    /// File with the token that requests to /debug/ must bear. Without it the log level cannot be changed there.
    #[arg(long, value_name = "FILE")]
    pub debug_token_file: Option<PathBuf>,

    /// Format of log lines.
    #[arg(long, value_enum, default_value_t)]
    pub log_format: Format,

    /// Log level: off, error, warn, info, debug, trace, or directives such as info,kube=debug.
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log_level: String,

    /// Let integrations connect to this machine's own addresses, for the demo and for tests.
    #[arg(long)]
    pub allow_loopback: bool,
}

// === impl Config ===

impl Default for Config {
    /// The values of a command line without arguments.
    fn default() -> Self {
        Self::from_words([] as [&str; 0]).expect("every argument has a default")
    }
}

impl Config {
    /// Parses the arguments that follow `vestibule controller`.
    pub fn from_words<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> Result<Self, clap::Error> {
        #[derive(Parser)]
        struct Alone {
            #[command(flatten)]
            config: Config,
        }
        let words = words.into_iter().map(|word| word.as_ref().to_owned());
        Ok(Alone::try_parse_from(std::iter::once("controller".to_owned()).chain(words))?.config)
    }

    pub(super) fn whereabouts(&self) -> Whereabouts {
        Whereabouts { kubeconfig: self.kubeconfig.clone(), context: self.context.clone() }
    }

    pub(super) fn debug_token(&self) -> Result<Option<DebugToken>, RunError> {
        let Some(path) = &self.debug_token_file else { return Ok(None) };
        let refused = |said| RunError::DebugToken { path: path.clone(), said };
        let text = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
        DebugToken::new(&text).map(Some).ok_or_else(|| refused("it is empty".to_owned()))
    }

    pub(super) fn terms(&self) -> Terms {
        Terms::lasting(SignedDuration::from_secs(self.lease_duration.into()))
    }

    pub(super) fn lease(&self, client: &Client) -> LeaseName {
        let namespace = self.lease_namespace.clone().filter(|name| !name.is_empty());
        let pod = self.pod_name.clone().filter(|name| !name.is_empty());
        LeaseName {
            namespace: namespace.unwrap_or_else(|| client.default_namespace().to_owned()),
            name: self.lease_name.clone(),
            identity: LeaseName::identity(&pod.unwrap_or_else(hostname)),
        }
    }
}

fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
