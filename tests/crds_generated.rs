//! The committed files are the generated ones.

#![allow(clippy::unwrap_used, reason = "a test ends where it is surprised")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use vestibule::cli::crds;

#[test]
fn the_committed_definitions_are_the_generated_ones() {
    let drift = crds::drift(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let names: Vec<_> = drift.into_iter().map(|(name, _)| name).collect();
    assert!(names.is_empty(), "run `make generate`: {names:?}");
}

#[test]
fn drift_reports_missing_changed_and_stray_files_and_generate_fixes_them() {
    let root = tempfile::tempdir().unwrap();
    crds::generate(root.path()).unwrap();
    let folder = root.path().join("crds");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 9);
    assert_eq!(crds::drift(root.path()).unwrap(), []);

    fs::write(folder.join("doors.yaml"), "stray: true\n").unwrap();
    fs::write(folder.join("tenants.yaml"), "changed: true\n").unwrap();
    fs::remove_file(folder.join("visitors.yaml")).unwrap();
    let drift = crds::drift(root.path()).unwrap();
    let drifted: BTreeSet<_> = drift.iter().map(|(name, text)| (name.as_str(), text.is_some())).collect();
    assert_eq!(
        drifted,
        BTreeSet::from([("doors.yaml", false), ("tenants.yaml", true), ("visitors.yaml", true)])
    );

    crds::generate(root.path()).unwrap();
    assert_eq!(crds::drift(root.path()).unwrap(), []);
}

#[test]
fn the_stream_holds_every_kind_once() {
    let stream = crds::stream().unwrap();
    let kinds: BTreeSet<String> = serde_yaml::Deserializer::from_str(&stream)
        .map(|document| serde_yaml::Value::deserialize(document).unwrap())
        .map(|crd| crd["spec"]["names"]["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds.len(), 9, "{kinds:?}");
    assert_eq!(stream.matches("\nkind: CustomResourceDefinition\n").count(), 9);
}
