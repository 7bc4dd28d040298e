//! Where the Kubernetes comes from, and how it is run.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::Error;

pub(super) const BINARY: &str = "VESTIBULE_CONTROL_PLANE";
pub(super) const ASSETS: &str = "KUBEBUILDER_ASSETS";
pub(super) const EXISTING: &str = "KUBECONFIG_FOR_TESTS";

/// Where the Kubernetes comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built from `hack/control-plane`, once, and kept in the cache.
    Build,
    /// A binary of `hack/control-plane` that was built before (`VESTIBULE_CONTROL_PLANE`).
    Binary(PathBuf),
    /// A directory with etcd and kube-apiserver (`KUBEBUILDER_ASSETS`). These two bring no controllers: namespaces
    /// under deletion stay, and nothing is garbage-collected.
    Assets(PathBuf),
    /// A cluster that is there already, by its kubeconfig (`KUBECONFIG_FOR_TESTS`).
    Existing(PathBuf),
}

/// How a control plane is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it comes from.
    pub origin: Origin,
    /// Where programs that were built or fetched are kept, outside of any checkout.
    pub cache: PathBuf,
    /// The port of the API on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// Whether etcd waits for the disk: much slower, and only a power cut shows the difference.
    pub durable: bool,
    /// How long it may take to answer.
    pub ready_within: Duration,
    /// More flags for kube-apiserver.
    pub api_server_flags: Vec<String>,
}

// === impl Options ===

impl Options {
    /// What the environment asks for; an existing cluster goes before a binary, and that before a directory.
    pub fn from_env() -> Result<Self, Error> {
        let options = Self::from_vars(|name| std::env::var_os(name).filter(|value| !value.is_empty()));
        options.check()?;
        Ok(options)
    }

    fn from_vars(var: impl Fn(&str) -> Option<OsString>) -> Self {
        let path = |name| var(name).map(PathBuf::from);
        let origin = path(EXISTING)
            .map(Origin::Existing)
            .or_else(|| path(BINARY).map(Origin::Binary))
            .or_else(|| path(ASSETS).map(Origin::Assets))
            .unwrap_or(Origin::Build);
        let cache = path("XDG_CACHE_HOME")
            .or_else(|| path("HOME").map(|home| home.join(".cache")))
            .unwrap_or_else(std::env::temp_dir)
            .join("vestibule");
        Self {
            origin,
            cache,
            port: 0,
            durable: false,
            ready_within: Duration::from_mins(2),
            api_server_flags: Vec::new(),
        }
    }

    fn check(&self) -> Result<(), Error> {
        let (variable, path) = match &self.origin {
            Origin::Build => return Ok(()),
            Origin::Binary(path) => (BINARY, path.clone()),
            Origin::Assets(dir) => (ASSETS, dir.join("kube-apiserver")),
            Origin::Existing(path) => (EXISTING, path.clone()),
        };
        if path.is_file() { Ok(()) } else { Err(Error::Missing { variable, path }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(vars: &[(&str, &str)]) -> Options {
        Options::from_vars(|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn without_any_variable_it_is_built_and_kept_under_home() {
        let options = options(&[("HOME", "/home/me")]);
        assert_eq!(options.origin, Origin::Build);
        assert_eq!(options.cache, PathBuf::from("/home/me/.cache/vestibule"));
    }

    #[test]
    fn the_cache_follows_the_variable_made_for_it() {
        let options = options(&[("HOME", "/home/me"), ("XDG_CACHE_HOME", "/var/cache")]);
        assert_eq!(options.cache, PathBuf::from("/var/cache/vestibule"));
    }

    #[test]
    fn an_existing_cluster_goes_before_a_binary_and_a_binary_before_a_directory() {
        let all = [(ASSETS, "/assets"), (BINARY, "/binary"), (EXISTING, "/kubeconfig")];
        assert_eq!(options(&all).origin, Origin::Existing("/kubeconfig".into()));
        assert_eq!(options(&all[..2]).origin, Origin::Binary("/binary".into()));
        assert_eq!(options(&all[..1]).origin, Origin::Assets("/assets".into()));
    }

    #[test]
    fn a_variable_that_names_nothing_is_reported_by_its_name() {
        let error = options(&[(BINARY, "/no/such/file")]).check().unwrap_err();
        assert_eq!(error.to_string(), "VESTIBULE_CONTROL_PLANE names /no/such/file, which is not there.");
    }
}
