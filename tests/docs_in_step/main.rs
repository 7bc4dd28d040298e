//! The documentation matches the code, and every citation in the code exists.
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

mod citations;
mod index;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use citations::{Citation, home};
use index::Index;
use vestibule::cli::docs;

/// Folders of the repository whose files a page may name.
const OURS: [&str; 7] = ["src/", "crates/", "tests/", "examples/", "hack/", "docs/", "benches/"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files below these folders with one of these endings, by their path from the root.
fn files(folders: &[&str], endings: &[&str]) -> Vec<(String, String)> {
    let mut folders: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| endings.iter().any(|ending| it == *ending)) {
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                files.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    files
}

/// Every page, with its text.
fn pages() -> Vec<(String, String)> {
    let mut pages = files(&["docs"], &["md"]);
    for name in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        pages.push((name.to_owned(), fs::read_to_string(root().join(name)).unwrap()));
    }
    pages
}

/// The files that a text names in code spans.
fn paths_named(text: &str) -> Vec<&str> {
    let marked = text.split('`').skip(1).step_by(2);
    let ours = marked.filter(|word| OURS.iter().any(|folder| word.starts_with(folder)));
    ours.filter(|path| !path.contains([' ', '*', '<', '{'])).collect()
}

/// Everything that can be cited.
struct Library {
    pages: BTreeMap<String, Index>,
    decisions: BTreeSet<u32>,
}

impl Library {
    fn open() -> Self {
        let docs = files(&["docs"], &["md"]);
        let number = |name: &str| name.strip_prefix("docs/decisions/")?.split('-').next()?.parse().ok();
        let decisions = docs.iter().filter_map(|(name, _)| number(name)).collect();
        let page = |(name, text): &(String, String)| (name["docs/".len()..].to_owned(), Index::of(text));
        Self { pages: docs.iter().map(page).collect(), decisions }
    }

    /// Whether a citation exists. A page is named from the root, from docs/, from docs/systems/ or from the file that
    /// names it.
    fn has(&self, citation: &Citation, from: &str) -> bool {
        match citation {
            Citation::Section { page, section, row } => {
                self.pages.get(*page).is_some_and(|page| page.has(section, row.as_deref()))
            }
            Citation::Page(name) => {
                let beside = root().join(from);
                let folders =
                    [beside.parent().unwrap(), root(), &root().join("docs"), &root().join("docs/systems")];
                folders.iter().any(|folder| folder.join(name).exists())
            }
            Citation::Decision(number) => self.decisions.contains(number),
            Citation::Elsewhere(_) => false,
        }
    }

    /// The citations of a text that do not exist.
    fn missing(&self, text: &str, from: &str) -> Vec<Citation> {
        let mut cited = citations::read(text, home(from));
        cited.retain(|citation| !self.has(citation, from));
        cited
    }
}

#[test]
fn tables_in_docs_match_the_code() {
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
            assert!(root().join(&page).parent().unwrap().join(file).exists(), "{page}: {target}");
        }
    }
}

/// A path of the repository in a code span, such as `src/engine/full_sync.rs`, exists.
#[test]
fn every_named_path_of_the_repository_exists() {
    for (page, text) in pages() {
        let missing: Vec<_> =
            paths_named(&text).into_iter().filter(|path| !root().join(path).exists()).collect();
        assert!(missing.is_empty(), "{page} names files that do not exist: {missing:?}");
    }
}

#[test]
fn paths_are_read_in_code_marks_and_patterns_are_left_out() {
    let text = "See `src/a.rs` and `docs/b.md`, `cargo test`, `src/*.rs`, src/c.rs and `crates/sim/`.";
    assert_eq!(paths_named(text), ["src/a.rs", "docs/b.md", "crates/sim/"]);
}

#[test]
fn every_citation_in_a_comment_leads_to_a_heading_a_row_or_a_page() {
    let library = Library::open();
    let mut missing = Vec::new();
    for (file, source) in files(&["src", "crates", "tests", "benches"], &["rs", "yaml"]) {
        // The sample texts of this program's own tests are not citations.
        if file.starts_with("tests/docs_in_step/") {
            continue;
        }
        let mark = if Path::new(&file).extension().is_some_and(|it| it == "rs") { "//" } else { "#" };
        for comment in sources::comments(&source, mark) {
            let cited = library.missing(&comment.text, &file);
            missing.extend(cited.into_iter().map(|it| format!("{file}:{}: {it:?}", comment.line)));
        }
    }
    assert!(missing.is_empty(), "these lead nowhere in docs/:\n{}", missing.join("\n"));
}

#[test]
fn every_citation_in_a_page_leads_to_a_heading_a_row_or_a_page() {
    let library = Library::open();
    for (page, text) in pages() {
        // A link consists of its words and its page.
        assert_eq!(library.missing(&text.replace("](", " "), &page), [], "{page}");
    }
}

#[test]
fn every_switch_of_a_simulator_has_its_question_in_the_page_of_its_system() {
    let library = Library::open();
    let systems = [
        ("netbox", vestibule_sim::netbox::SWITCHES),
        ("kastle", vestibule_sim::kastle::SWITCHES),
        ("salto_ks", vestibule_sim::salto_ks::SWITCHES),
    ];
    for (system, switches) in systems {
        for switch in switches {
            assert_eq!(library.missing(switch.source, system), [], "{system}: {}", switch.name);
        }
    }
}

#[test]
fn a_citation_without_a_target_is_found() {
    let library = Library::open();
    let lacks = |text: &str| !library.missing(text, "src/system/lenel_s2/map.rs").is_empty();
    assert!(!lacks("design 3.12, 2.16 no. 5, decision 4 and docs/status.md"));
    let gone = [
        "design 3.99",
        "(2.99)",
        "2.16 no. 99",
        "A99",
        "decision 99",
        "kubernetes.md 1.5",
        "lessons B2",
        "S2/P99",
    ];
    assert_eq!(gone.into_iter().filter(|text| !lacks(text)).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn the_support_matrix_names_every_switch_for_an_unknown() {
    let matrix = fs::read_to_string(root().join("docs/support-matrix.md")).unwrap();
    let named: BTreeSet<&str> = matrix.split('`').skip(1).step_by(2).collect();
    for switch in vestibule_sim::netbox::SWITCHES.iter().filter(|switch| switch.source.starts_with("2.16")) {
        let family = format!("{}.*", switch.name.split('.').next().unwrap_or_default());
        assert!(named.contains(switch.name) || named.contains(family.as_str()), "{}", switch.name);
    }
}
