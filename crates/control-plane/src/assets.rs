//! A control plane from a directory with etcd and kube-apiserver, as kubebuilder's tools install them.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use super::process::Process;
use super::{ControlPlane, Error, Options, create_dir};

/// Runs `"$@"` until stdin ends: these two programs do not watch it themselves. An API server whose etcd went first
/// would never finish, so an order that is not followed becomes a kill.
const UNTIL_STDIN_ENDS: &str = r#"exec 3<&0; "$@" 3<&- </dev/null & pid=$!
{ cat <&3 >/dev/null; kill -TERM $pid; sleep 5; kill -KILL $pid; } 2>/dev/null & wait $pid; kill $!"#;

/// Starts etcd and, on it, kube-apiserver.
pub(super) async fn start(assets: &Path, dir: &Path, options: &Options) -> Result<ControlPlane, Error> {
    create_dir(&dir.join("certs"))?;
    let access = Access::prepare(dir, options.port).await?;
    let client = format!("http://127.0.0.1:{}", free_port()?);
    let etcd = spawn(assets, "etcd", etcd_flags(dir, &client, options.durable)?, dir)?;
    let mut flags = access.api_server_flags(&client);
    flags.extend(options.api_server_flags.iter().cloned());
    let mut api_server = spawn(assets, "kube-apiserver", flags, dir)?;
    api_server.until(access.answers(), options.ready_within).await?;
    access.write_kubeconfig()?;
    Ok(ControlPlane { kubeconfig: access.kubeconfig(), url: access.url, processes: vec![api_server, etcd] })
}

fn spawn(assets: &Path, name: &str, flags: Vec<String>, dir: &Path) -> Result<Process, Error> {
    let mut command = Command::new("sh");
    command.args(["-c", UNTIL_STDIN_ENDS, "sh"]).arg(assets.join(name)).args(flags);
    Process::spawn(command, dir.join(format!("{name}.log")))
}

fn etcd_flags(dir: &Path, client: &str, durable: bool) -> Result<Vec<String>, Error> {
    let peer = format!("http://127.0.0.1:{}", free_port()?);
    let mut flags = vec![
        format!("--data-dir={}", dir.join("etcd").display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
        "--log-level=warn".to_owned(),
    ];
    if !durable {
        flags.push("--unsafe-no-fsync".to_owned());
    }
    Ok(flags)
}

/// How an administrator gets in: the address, a token, and files under `dir`.
struct Access {
    dir: PathBuf,
    port: u16,
    url: String,
    token: String,
}

// === impl Access ===

impl Access {
    async fn prepare(dir: &Path, port: u16) -> Result<Self, Error> {
        let port = if port == 0 { free_port()? } else { port };
        let token = rand::random::<[u8; 24]>().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let access = Self { dir: dir.to_owned(), port, url: format!("https://127.0.0.1:{port}"), token };
        access.write("tokens.csv", &format!("{},admin,admin,\"system:masters\"\n", access.token))?;
        access.make_signing_key().await?;
        Ok(access)
    }

    /// kube-apiserver wants a key to sign the tokens of service accounts with, and makes none itself.
    async fn make_signing_key(&self) -> Result<(), Error> {
        let mut command = Command::new("openssl");
        command.args(["genrsa", "-out"]).arg(self.dir.join("service-account.key")).arg("2048");
        let spawned = command.output().await;
        let output = spawned.map_err(|source| Error::Spawn { program: "openssl".to_owned(), source })?;
        if output.status.success() {
            return Ok(());
        }
        let output = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(Error::Command { command: "openssl genrsa".to_owned(), output })
    }

    fn api_server_flags(&self, etcd: &str) -> Vec<String> {
        let key = self.dir.join("service-account.key");
        vec![
            format!("--etcd-servers={etcd}"),
            "--bind-address=127.0.0.1".to_owned(),
            "--advertise-address=127.0.0.1".to_owned(),
            format!("--secure-port={}", self.port),
            "--endpoint-reconciler-type=none".to_owned(),
            format!("--cert-dir={}", self.dir.join("certs").display()),
            format!("--token-auth-file={}", self.dir.join("tokens.csv").display()),
            "--authorization-mode=RBAC".to_owned(),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-key-file={}", key.display()),
            format!("--service-account-signing-key-file={}", key.display()),
            "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
            "--shutdown-watch-termination-grace-period=1s".to_owned(),
        ]
    }

    /// Waits until the API says that it is ready. Its certificate is not known before it has made one, and it is
    /// on loopback.
    async fn answers(&self) {
        let client = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).build();
        let client = client.expect("a client without a certificate of its own can be built");
        let ready = format!("{}/readyz", self.url);
        loop {
            let answer = client.get(&ready).bearer_auth(&self.token).send().await;
            if answer.is_ok_and(|response| response.status().is_success()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn kubeconfig(&self) -> PathBuf {
        self.dir.join("kubeconfig")
    }

    fn write_kubeconfig(&self) -> Result<(), Error> {
        let config = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "local",
            "clusters": [{"name": "local", "cluster": {
                "server": self.url, "certificate-authority": self.dir.join("certs/ca.crt")
            }}],
            "users": [{"name": "admin", "user": {"token": self.token}}],
            "contexts": [{"name": "local", "context": {"cluster": "local", "user": "admin"}}],
        });
        self.write("certs/ca.crt", &self.authority()?)?;
        self.write("kubeconfig", &config.to_string())
    }

    /// kube-apiserver writes its certificate, and after it the one that signed it, to one file.
    fn authority(&self) -> Result<String, Error> {
        let path = self.dir.join("certs/apiserver.crt");
        let chain = std::fs::read_to_string(&path).map_err(Error::file("read", &path))?;
        let last = chain.rfind("-----BEGIN").unwrap_or_default();
        Ok(chain[last..].to_owned())
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.dir.join(name);
        std::fs::write(&path, text).map_err(Error::file("write", &path))
    }
}

fn free_port() -> Result<u16, Error> {
    let bound = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    bound.map(|address| address.port()).map_err(Error::file("find a free port on", Path::new("127.0.0.1")))
}
