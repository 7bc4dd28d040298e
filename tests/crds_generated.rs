//! What is committed is what the code prints.

#![allow(clippy::unwrap_used, reason = "a test ends where it is surprised")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;
use vestibule::cli::crds;

fn committed() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crds");
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .collect()
}

#[test]
fn the_committed_definitions_are_what_the_code_prints() {
    let printed: BTreeMap<_, _> = crds::files().unwrap().into_iter().collect();
    assert_eq!(
        printed.keys().collect::<Vec<_>>(),
        committed().keys().collect::<Vec<_>>(),
        "run `make generate`"
    );
    for (name, text) in committed() {
        assert!(printed[&name] == text, "crds/{name} is not what the code prints: run `make generate`");
    }
}

#[test]
fn generate_writes_the_same_files_and_takes_away_strangers() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("crds")).unwrap();
    fs::write(root.path().join("crds/doors.yaml"), "gone: true\n").unwrap();
    crds::generate(root.path()).unwrap();
    let written: Vec<_> = crds::files().unwrap();
    assert_eq!(fs::read_dir(root.path().join("crds")).unwrap().count(), written.len());
    for (name, text) in written {
        assert_eq!(fs::read_to_string(root.path().join("crds").join(name)).unwrap(), text);
    }
}

#[test]
fn the_stream_holds_every_kind_once() {
    let stream = crds::stream().unwrap();
    let kinds: BTreeSet<String> = serde_yaml::Deserializer::from_str(&stream)
        .map(|document| serde_yaml::Value::deserialize(document).unwrap())
        .map(|crd| crd["spec"]["names"]["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds.len(), 9, "{kinds:?}");
}
