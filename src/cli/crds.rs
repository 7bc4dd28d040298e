//! `vestibule crds`: prints the definitions of our kinds, or writes them to a folder.

use std::path::Path;
use std::{fs, io};

use serde_json::Value;

use crate::api::publish;

const HEADER: &str = "# Made by `make generate` from src/api. Do not edit.\n";

/// Why the definitions cannot be printed or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A definition could not be made.
    #[error(transparent)]
    Publish(#[from] publish::Error),
    /// A definition could not be put into YAML.
    #[error("a definition cannot be written as YAML")]
    Yaml(#[from] serde_yaml::Error),
    /// A file could not be written.
    #[error("cannot write {path}")]
    Write {
        /// The file, or its folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
}

/// All definitions as one YAML stream.
pub fn stream() -> Result<String, Error> {
    let mut stream = String::new();
    for (_, text) in files()? {
        stream.push_str("---\n");
        stream.push_str(&text);
    }
    Ok(stream)
}

/// Name and text of each file of `crds/`.
pub fn files() -> Result<Vec<(String, String)>, Error> {
    publish::crds()?.iter().map(|crd| Ok((file_name(crd), text(crd)?))).collect()
}

/// Writes `crds/` below `root`, and takes away what no kind stands behind any more.
pub fn generate(root: &Path) -> Result<(), Error> {
    let folder = root.join("crds");
    let files = files()?;
    fs::create_dir_all(&folder).map_err(|source| failed(&folder, source))?;
    for (name, text) in &files {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|source| failed(&path, source))?;
    }
    for entry in fs::read_dir(&folder).map_err(|source| failed(&folder, source))?.flatten() {
        if !files.iter().any(|(name, _)| entry.file_name() == name.as_str()) {
            fs::remove_file(entry.path()).map_err(|source| failed(&entry.path(), source))?;
        }
    }
    Ok(())
}

fn file_name(crd: &Value) -> String {
    format!("{}.yaml", crd["spec"]["names"]["plural"].as_str().unwrap_or_default())
}

fn text(crd: &Value) -> Result<String, Error> {
    Ok(format!("{HEADER}{}", serde_yaml::to_string(crd)?))
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::Write { path: path.display().to_string(), source }
}
