//! The documentation says what the code says.
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use vestibule::cli::docs;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page, with its text.
fn pages() -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().join("docs")];
    let mut pages: Vec<PathBuf> =
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].iter().map(|name| root().join(name)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "md") {
                pages.push(path);
            }
        }
    }
    pages.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn tables_in_docs_are_what_the_code_says() {
    let drift: Vec<_> = docs::drift(root()).unwrap().into_iter().map(|(path, _)| path).collect();
    assert!(drift.is_empty(), "run make generate: {drift:?}");
}

#[test]
fn every_link_to_a_file_leads_somewhere() {
    for (page, text) in pages() {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || target.contains("://") {
                continue;
            }
            assert!(page.parent().unwrap().join(file).exists(), "{}: {target}", page.display());
        }
    }
}

/// A path of ours in code marks, such as `src/engine/sync.rs`, exists.
#[test]
fn every_path_of_ours_that_is_named_exists() {
    let ours = ["src/", "crates/", "tests/", "examples/", "hack/", "docs/", "benches/"];
    for (page, text) in pages() {
        let named =
            text.split('`').skip(1).step_by(2).filter(|word| ours.iter().any(|it| word.starts_with(it)));
        for path in named.filter(|path| !path.contains([' ', '*', '<', '{'])) {
            assert!(root().join(path).exists(), "{}: {path}", page.display());
        }
    }
}

#[test]
fn the_support_matrix_names_every_switch_that_settles_an_unknown() {
    let matrix = fs::read_to_string(root().join("docs/support-matrix.md")).unwrap();
    let named: BTreeSet<&str> = matrix.split('`').skip(1).step_by(2).collect();
    for switch in vestibule_sim::netbox::SWITCHES.iter().filter(|switch| switch.source.starts_with("2.16")) {
        let family = format!("{}.*", switch.name.split('.').next().unwrap_or_default());
        assert!(named.contains(switch.name) || named.contains(family.as_str()), "{}", switch.name);
    }
}
