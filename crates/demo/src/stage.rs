//! The parts of the demo, started in order and stopped in reverse order.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tokio::task::JoinHandle;
use vestibule::cli::controller::{self, RunError, Surroundings};
use vestibule::cli::{crds, examples};
use vestibule::clock::SetClock;
use vestibule::cluster::lease;
use vestibule::logging::LogLevel;
use vestibule::shutdown::{Shutdown, Trigger};
use vestibule_control_plane::kubectl::kubectl_path;
use vestibule_control_plane::{ControlPlane, Options, Origin};

use super::Error;
use super::screen::Screen;
use super::script::{BEGINNING, NAMESPACE, TIMEOUT};
use super::shell::Shell;
use super::simulator::Simulator;

/// The address of the simulator in the examples; the demo's simulator listens on any free port.
const EXAMPLE_URL: &str = "http://127.0.0.1:8089";

/// The directory of one demo.
#[derive(Clone, Debug)]
pub(super) struct Dir(PathBuf);

/// A Kubernetes, a NetBox and the controller between them.
#[derive(Debug)]
pub(super) struct Stage {
    control_plane: ControlPlane,
    /// Whether the cluster existed before. Then it is not stopped.
    foreign: bool,
    pub(super) controller: Controller,
    pub(super) props: Props,
}

/// The parts that the script uses.
#[derive(Debug)]
pub(super) struct Props {
    dir: Dir,
    pub(super) shell: Shell,
    pub(super) simulator: Simulator,
    clock: Arc<SetClock>,
}

/// The controller, in this process.
#[derive(Debug)]
pub(super) struct Controller {
    address: SocketAddr,
    stop: Trigger,
    running: JoinHandle<Result<(), RunError>>,
}

// === impl Dir ===

impl Dir {
    /// Creates a directory below that for temporary files. Only its user can read it, since it contains a kubeconfig.
    pub(super) fn create() -> Result<Self, Error> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = std::env::temp_dir().join(format!("vestibule-demo-{}", std::process::id()));
        // Left by an earlier process with the same id.
        if path.is_dir() {
            fs::remove_dir_all(&path).map_err(Error::file("remove", &path))?;
        }
        fs::DirBuilder::new().mode(0o700).create(&path).map_err(Error::file("create", &path))?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// A new file in it.
    pub(super) fn file(&self, name: &str) -> Result<fs::File, Error> {
        let path = self.0.join(name);
        fs::File::create(&path).map_err(Error::file("create", &path))
    }

    /// Writes a file in it, and the folder the file is in.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.0.join(name);
        let folder = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
        fs::write(&path, text).map_err(Error::file("write", &path))
    }

    pub(super) fn remove(self) -> Result<(), Error> {
        fs::remove_dir_all(&self.0).map_err(Error::file("remove", &self.0))
    }
}

// === impl Stage ===

impl Stage {
    /// Starts the parts, and reports each when it is ready.
    pub(super) async fn set(dir: Dir, log_level: LogLevel) -> Result<Self, Error> {
        let options = Options::from_env()?;
        let foreign = matches!(options.origin, Origin::Existing(_));
        let kubectl = kubectl_path(&options.cache).await?;
        let since = Instant::now();
        let control_plane = ControlPlane::start(&dir.path().join("control-plane"), &options).await?;
        Screen::ready("Kubernetes", since, control_plane.url());
        let since = Instant::now();
        let simulator = Simulator::start(BEGINNING, dir.path()).await?;
        Screen::ready("NetBox", since, &simulator.page());
        let clock = Arc::new(SetClock::starting_at(BEGINNING));
        let shell = Shell::new(kubectl, dir.path(), control_plane.kubeconfig());
        let props = Props { dir, shell, simulator, clock };
        props.write_manifests()?;
        props.define(foreign).await?;
        let since = Instant::now();
        let controller =
            Controller::start(control_plane.kubeconfig(), foreign, &props.clock, log_level).await?;
        Screen::ready("Controller", since, &controller.page("metrics"));
        Screen::line(&format!("Logs and manifests are in {}", props.dir.path().display()));
        Ok(Self { control_plane, foreign, controller, props })
    }

    /// Prints how to continue from here.
    pub(super) fn invite(&self, screen: Screen) {
        screen.step("Everything keeps running. In another terminal:");
        screen.command(&format!("export KUBECONFIG={}", self.control_plane.kubeconfig().display()));
        screen.command(&format!("kubectl -n {NAMESPACE} get access"));
        Screen::line("");
        Screen::line(&format!("The NetBox:      {}", self.props.simulator.page()));
        Screen::line(&format!(
            "The controller:  {} and {}",
            self.controller.page("metrics"),
            self.controller.page("debug/state.json")
        ));
        Screen::line(&format!(
            "Logs:            {}/{{controller,netbox,control-plane/control-plane}}.log",
            self.props.dir.path().display()
        ));
        Screen::line(&if self.foreign {
            format!(
                "The controller watches the namespace {NAMESPACE} only: objects in another one get no status."
            )
        } else {
            "The controller watches every namespace.".to_owned()
        });
        Screen::line("Ctrl-C ends all of it.");
    }

    /// Stops the parts, each after those that need it.
    pub(super) async fn strike(self) -> Result<(), Error> {
        let Self { control_plane, foreign, controller, props: Props { dir: _, shell, simulator, clock: _ } } =
            self;
        if foreign {
            shell.quietly(&["delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=60s"]).await?;
        }
        let controller = controller.stop().await;
        let simulator = simulator.stop().await;
        control_plane.stop().await?;
        controller.and(simulator)
    }
}

// === impl Props ===

impl Props {
    /// Writes `crds/` and `examples/` as in the repository, except for the port of the NetBox.
    fn write_manifests(&self) -> Result<(), Error> {
        for (name, text) in crds::files()? {
            self.dir.write(&format!("crds/{name}"), &text)?;
        }
        for (name, text) in examples::BUILDING {
            self.dir.write(&format!("examples/{name}"), &text.replace(EXAMPLE_URL, self.simulator.url()))?;
        }
        Ok(())
    }

    /// Applies the definitions. On a cluster that existed before, none of its objects is changed.
    async fn define(&self, foreign: bool) -> Result<(), Error> {
        let namespace = ["get", "namespace", NAMESPACE];
        if foreign && self.shell.quietly(&namespace).await?.status.success() {
            return Err(Error::NamespaceTaken(NAMESPACE));
        }
        let since = Instant::now();
        self.shell.done(&["apply", "-f", "crds/"]).await?;
        self.shell.done(&["wait", "--for=condition=Established", "-f", "crds/", TIMEOUT]).await?;
        Screen::ready("Nine kinds", since, "kubectl apply -f crds/");
        Ok(())
    }

    /// Writes one more manifest.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        self.dir.write(name, text)
    }

    /// Sets both clocks: first that of the NetBox, which evaluates dates at each request.
    pub(super) async fn jump(&self, to: Timestamp) -> Result<(), Error> {
        self.simulator.set_clock(to).await?;
        self.clock.set(to);
        Ok(())
    }
}

// === impl Controller ===

impl Controller {
    /// A controller for the demo's namespaces: all of its own cluster, one of an existing cluster.
    async fn start(
        kubeconfig: &Path,
        foreign: bool,
        clock: &Arc<SetClock>,
        log_level: LogLevel,
    ) -> Result<Self, Error> {
        let address = free_address().map_err(Error::Process)?;
        let (lease_namespace, lease_name) = ("default", "vestibule-demo");
        let config = controller::Config {
            kubeconfig: Some(kubeconfig.to_owned()),
            watch_namespaces: foreign.then(|| NAMESPACE.to_owned()).into_iter().collect(),
            lease_namespace: Some(lease_namespace.to_owned()),
            lease_name: lease_name.to_owned(),
            admin_listen: address,
            allow_loopback: true,
            ..controller::Config::default()
        };
        let surroundings =
            Surroundings { clock: clock.clone(), ..Surroundings::of(&config, log_level).await? };
        // Without it the first controller of a cluster waits for a possible former holder.
        lease::make_empty(surroundings.client.clone(), lease_namespace, lease_name)
            .await
            .map_err(Error::Lease)?;
        let (stop, stopping) = Shutdown::new();
        let running = tokio::spawn(controller::run(config, surroundings, stopping));
        Ok(Self { address, stop, running })
    }

    fn page(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }

    /// Returns when the controller ends without a request to stop.
    pub(super) async fn ended(&mut self) -> Result<(), Error> {
        (&mut self.running).await.map_err(Error::Broken)??;
        Err(Error::ControllerGone)
    }

    async fn stop(self) -> Result<(), Error> {
        self.stop.request();
        if self.running.is_finished() {
            return Ok(()); // `ended` has returned the reason.
        }
        Ok(self.running.await.map_err(Error::Broken)??)
    }
}

/// An address that is free now. The controller binds it a moment later.
fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
