//! `vestibule crds`: prints the definitions of all kinds, or writes them to a folder.

use std::path::Path;
use std::{fs, io};

use serde_json::Value;

use crate::api::publish;

/// The folder of the definitions, below the root of the repository.
const FOLDER: &str = "crds";
const HEADER: &str = "# Made by `make generate` from src/api. Do not edit.\n";

/// Why the definitions cannot be printed or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A definition could not be created.
    #[error(transparent)]
    Publish(#[from] publish::Error),
    /// A definition could not be written as YAML.
    #[error("a definition cannot be written as YAML")]
    Yaml(#[from] serde_yaml::Error),
    /// A file could not be read, written or removed.
    #[error("cannot reach {path}")]
    File {
        /// The file, or its folder.
        path: String,
        /// The error of the operating system.
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

/// Writes `crds/` below `root`, and removes files of kinds that do not exist any more.
pub fn generate(root: &Path) -> Result<(), Error> {
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder).map_err(|source| failed(&folder, source))?;
    for (name, text) in drift(root)? {
        let path = folder.join(name);
        let done = match text {
            Some(text) => fs::write(&path, text),
            None => fs::remove_file(&path),
        };
        done.map_err(|source| failed(&path, source))?;
    }
    Ok(())
}

/// The files of `crds/` below `root` that differ from the generated ones, with the text they should have. A file that
/// should not exist has no text.
pub fn drift(root: &Path) -> Result<Vec<(String, Option<String>)>, Error> {
    let folder = root.join(FOLDER);
    let mut drift = Vec::new();
    let files = files()?;
    for entry in fs::read_dir(&folder).map_err(|source| failed(&folder, source))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !files.iter().any(|(known, _)| *known == name) {
            drift.push((name, None));
        }
    }
    let wrong =
        |(name, text): &(String, String)| !fs::read(folder.join(name)).is_ok_and(|it| it == text.as_bytes());
    drift.extend(files.into_iter().filter(wrong).map(|(name, text)| (name, Some(text))));
    Ok(drift)
}

fn file_name(crd: &Value) -> String {
    format!("{}.yaml", crd["spec"]["names"]["plural"].as_str().unwrap_or_default())
}

fn text(crd: &Value) -> Result<String, Error> {
    Ok(format!("{HEADER}{}", serde_yaml::to_string(crd)?))
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::File { path: path.display().to_string(), source }
}
