//! The program `vestibule-sim`.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::frame::{Kit, Options, Running, Switches, Tls, clock, limits, start};

/// All systems.
pub const KITS: &[&Kit] = &[&crate::netbox::KIT, &crate::kastle::KIT, &crate::salto_ks::KIT];

#[derive(Debug, Parser)]
#[command(name = "vestibule-sim", version, about = "Simulators of LenelS2 NetBox, Kastle and SALTO KS")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// `LenelS2` NetBox (NBAPI)
    Netbox(Serve),
    /// Kastle
    Kastle(Serve),
    /// SALTO KS
    SaltoKs(Serve),
    /// List the switches of a system: positions, default, section of the document that leaves it open
    Switches {
        /// netbox, kastle or salto-ks
        system: String,
    },
}

#[derive(Args, Debug)]
#[allow(clippy::struct_excessive_bools)] // flags of a command line are bools
struct Serve {
    /// Address to listen on; port 0 means a free port
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Address of the identity host (SALTO KS only)
    #[arg(long)]
    identity_listen: Option<SocketAddr>,
    /// Speak TLS, with an authority that the simulator makes (GET /_sim/ca.pem) unless files are given
    #[arg(long)]
    tls: bool,
    /// Certificate chain in PEM
    #[arg(long, requires = "key", requires = "tls")]
    cert: Option<PathBuf>,
    /// Private key in PEM
    #[arg(long, requires = "cert", requires = "tls")]
    key: Option<PathBuf>,
    /// The records at the start, in YAML
    #[arg(long)]
    seed: Option<PathBuf>,
    /// Hold the clock at this instant; it changes only through the side door
    #[arg(long)]
    clock: Option<Timestamp>,
    /// Start the clock at --clock and let it run
    #[arg(long, requires = "clock")]
    clock_runs: bool,
    /// Set a switch (repeatable; see `vestibule-sim switches SYSTEM`)
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Allow other addresses than loopback to use the side door under /_sim/
    #[arg(long)]
    side_door_open: bool,
    /// End when standard input ends, so that the simulator does not outlive its parent
    #[arg(long)]
    exit_with_stdin: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Runs the program; an error is a sentence on standard error and status 2.
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Netbox(serve) => serve.run("netbox"),
        Command::Kastle(serve) => serve.run("kastle"),
        Command::SaltoKs(serve) => serve.run("salto-ks"),
        Command::Switches { system } => kit(&system).and_then(list),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("vestibule-sim: {sentence}");
            ExitCode::from(2)
        }
    }
}

fn kit(name: &str) -> Result<&'static Kit, String> {
    let names: Vec<&str> = KITS.iter().map(|kit| kit.name).collect();
    let found = KITS.iter().copied().find(|kit| kit.name == name);
    found.ok_or_else(|| format!("`{name}` is not simulated; the simulated systems are {}", names.join(", ")))
}

fn list(kit: &'static Kit) -> Result<(), String> {
    let listing = Switches::new(&[limits::SWITCHES, kit.switches]).listing();
    print(&listing)
}

/// Prints and flushes, because a reader waits for the line and not for a full buffer.
fn print(text: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    let done = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    done.map_err(|e| format!("standard output is closed: {e}"))
}

impl Serve {
    fn run(&self, name: &str) -> Result<(), String> {
        run(kit(name)?, self)
    }
}

fn options(serve: &Serve) -> Result<Options, String> {
    let tls = match (serve.tls, &serve.cert, &serve.key) {
        (false, ..) => None,
        (true, Some(cert), Some(key)) => Some(Tls::Files { cert: cert.clone(), key: key.clone() }),
        (true, ..) => Some(Tls::OwnAuthority),
    };
    let seed = serve.seed.as_ref().map(std::fs::read_to_string).transpose();
    let clock = match (serve.clock, serve.clock_runs) {
        (None, _) => clock::Start::Real,
        (Some(at), false) => clock::Start::Held(at),
        (Some(at), true) => clock::Start::Running(at),
    };
    Ok(Options {
        listen: serve.listen,
        listen_more: serve.identity_listen.map(|at| (IDENTITY, at)).into_iter().collect(),
        tls,
        seed: seed.map_err(|e| format!("the seed cannot be read: {e}"))?,
        clock,
        set: serve.set.clone(),
        side_door_open: serve.side_door_open,
    })
}

/// The name of the listener of `--identity-listen`.
const IDENTITY: &str = "identity";

fn check_listeners(kit: &Kit, serve: &Serve) -> Result<(), String> {
    if serve.identity_listen.is_none() || kit.listeners.contains(&IDENTITY) {
        return Ok(());
    }
    let name = kit.name;
    Err(format!(
        "--identity-listen is for salto-ks only; {name} has no identity host, and --listen is the address of its API"
    ))
}

fn run(kit: &'static Kit, serve: &Serve) -> Result<(), String> {
    check_listeners(kit, serve)?;
    let options = options(serve)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|e| format!("the runtime cannot be started: {e}"))?;
    let done = runtime.block_on(async {
        let running = start(kit, options).await?;
        announce(kit, &running)?;
        until_ended(serve.exit_with_stdin).await
    });
    runtime.shutdown_background();
    done
}

/// `ready URL` for the only listener, `ready URL name` for each of several, then how to log in. All lines are written at
/// once: a harness may close the pipe when it has read `ready`.
fn announce(kit: &Kit, running: &Running) -> Result<(), String> {
    let ready = |(name, url): &(&str, String)| match kit.listeners.len() {
        1 => format!("ready {url}\n"),
        _ => format!("ready {url} {name}\n"),
    };
    let logins = running.frame.system.logins().into_iter().map(|line| line + "\n");
    print(&running.urls.iter().map(ready).chain(logins).collect::<String>())
}

/// Returns on SIGTERM, SIGINT or, if `with_stdin`, the end of standard input.
async fn until_ended(with_stdin: bool) -> Result<(), String> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate()).map_err(|e| format!("signals cannot be received: {e}"))?;
    let (ended, end) = oneshot::channel::<()>();
    // A plain thread: a thread of tokio would keep the runtime from ending while it waits in read.
    let _reader = with_stdin.then(|| std::thread::spawn(move || drain_stdin(ended)));
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
        Ok(()) = end => {}
    }
    Ok(())
}

fn drain_stdin(ended: oneshot::Sender<()>) {
    let mut buffer = [0; 1024];
    let mut stdin = std::io::stdin().lock();
    while matches!(stdin.read(&mut buffer), Ok(n) if n > 0) {}
    // The receiver is dropped only when the program ends.
    let _dropped = ended.send(());
}
