//! The facts that tests hold, read off the names of the tests and the mark before each, and those no test holds.
//!
//! `UPDATE_DOCS=1 cargo test -p vestibule-sim --test salto_ks table` writes the tables of the docs.

use std::fs;
use std::path::{Path, PathBuf};

use vestibule_sim::salto_ks::SWITCHES;

/// Facts of the document that no test holds, and why.
const UNTESTED: &[(&str, &str, &str, &str)] = &[
    (
        "2.1",
        "?",
        "other regions, accept being down for hours",
        "URLs are the caller's; `refuse` and `http` faults",
    ),
    ("2.2", "?", "effect of two-factor authentication on the password grant", "not simulated"),
    ("2.2", "V", "activation of a client can take days", "clients stand in the seed"),
    (
        "2.3",
        "V",
        "2204-2209, 2211, 2213-2219, 2221-2223 arise by themselves",
        "only as a fault of kind `error`",
    ),
    ("2.3", "C", "the filter `device_uid eq 'x'`", "of which list is not said; 1102 everywhere"),
    ("2.6", "?", "resend invitation, invitation state, phone in the create body", "no such call is known"),
    ("2.6", "M", "`data_removal_expires_at`", "meaning unknown; always null"),
    ("2.9", "V", "a user with no means to open may show as not subscribed", "not simulated: `may`"),
    (
        "2.9",
        "V",
        "offline keys go on working after the site's subscription ended",
        "only while the IQ is offline",
    ),
    ("2.10", "M", "locked_state other than locked, IQ tree, replacement, migration", "not simulated"),
    (
        "2.11",
        "V",
        "categories easy_office_mode, privacy_mode, office_mode; the incidents hub",
        "nothing makes them happen",
    ),
    (
        "2.11",
        "V",
        "WebSocket transport of the hub, drops",
        "server-sent events only; `truncate` cuts other answers",
    ),
    ("2.12", "?", "list and assign calls of tags", "unknown; tags come from the seed, `tag_id` links one"),
    ("2.13", "I", "mapping and client rules", "for clients, not for a simulator"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/salto_ks")
}

/// The sources of all tests, in the order of file names.
pub fn sources() -> Vec<String> {
    let mut paths: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// One test and the fact it holds.
struct Fact {
    section: Vec<u32>,
    mark: String,
    text: String,
    test: String,
}

fn facts() -> Vec<Fact> {
    let mut all: Vec<Fact> = sources().iter().flat_map(|source| read(source)).collect();
    all.sort_by_key(|fact| (fact.section.clone(), fact.test.clone()));
    all
}

/// `/// [M]`, then the attribute, then a name such as `s2_6_a_guest_is_201`.
fn read(source: &str) -> Vec<Fact> {
    let lines: Vec<&str> = source.lines().collect();
    let fact = |at: usize| {
        let name = lines[at].split("fn ").nth(1)?.split('(').next()?;
        let rest = name.strip_prefix("s2_")?;
        let mark = lines[at - 2].strip_prefix("/// [").and_then(|m| m.strip_suffix(']'));
        let mark = mark.unwrap_or_else(|| panic!("{name} has no mark"));
        let words: Vec<&str> = rest.split('_').collect();
        let section: Vec<u32> =
            words.iter().map_while(|w| w.parse().ok()).take(if words[0] == "15" { 2 } else { 1 }).collect();
        let text = words[section.len()..].join(" ");
        Some(Fact { section, mark: mark.to_owned(), text, test: name.to_owned() })
    };
    (2..lines.len()).filter(|at| lines[at - 1].ends_with("test]")).filter_map(fact).collect()
}

/// The evidence marks of the document in words.
fn words(marks: &str) -> String {
    let word = |mark: &str| match mark {
        "M" => "measured",
        "V" => "vendor's word",
        "C" => "integrators' code",
        "I" => "inferred",
        "?" => "unknown: a switch or a choice",
        other => panic!("there is no mark {other}"),
    };
    marks.split("][").map(word).collect::<Vec<_>>().join("; ")
}

fn facts_table() -> String {
    let facts = facts();
    let mut out = format!("{} facts have a test; {} have none.\n\n", facts.len(), UNTESTED.len());
    out.push_str("| section | fact, test `s2_<section>_<fact>` | mark |\n| --- | --- | --- |\n");
    for Fact { section, mark, text, .. } in &facts {
        let row = section.get(1).map(|row| format!(" #{row}")).unwrap_or_default();
        out.push_str(&format!("| 2.{}{row} | {text} | {} |\n", section[0], words(mark)));
    }
    out.push_str("\nWithout a test:\n\n| section | fact | mark | why |\n| --- | --- | --- | --- |\n");
    for (section, mark, text, why) in UNTESTED {
        out.push_str(&format!("| {section} | {text} | {} | {why} |\n", words(mark)));
    }
    out
}

fn switches_table() -> String {
    let mut out =
        "| switch | positions | default | section | decides |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for s in SWITCHES {
        let positions = s.positions_text().replace('|', "\\|");
        out.push_str(&format!(
            "| `{}` | {positions} | {} | {} | {} |\n",
            s.name, s.default, s.source, s.about
        ));
    }
    out
}

/// The table between these two lines of the docs equals `wanted`, or is made so.
fn in_step(name: &str, wanted: &str) {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let own = docs.join("simulators-salto-ks.md");
    // The final merge may join the page into the common one.
    let path = if own.exists() { own } else { docs.join("simulators.md") };
    let page = fs::read_to_string(&path).unwrap();
    let begin = format!("<!-- {name} of SALTO KS: written by crates/sim/tests/salto_ks/table.rs -->\n");
    let end = format!("<!-- end of the {name} of SALTO KS -->");
    let (before, rest) = page.split_once(&begin).expect("the page has no place for the table");
    let (found, after) = rest.split_once(&end).expect("the table does not end");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{begin}{wanted}{end}{after}")).unwrap();
    } else {
        assert_eq!(found, wanted, "UPDATE_DOCS=1 cargo test -p vestibule-sim --test salto_ks table");
    }
}

#[test]
fn the_tables_in_the_docs_are_in_step_with_tests_and_switches() {
    in_step("facts", &facts_table());
    in_step("switches", &switches_table());
}

#[test]
fn every_section_of_the_wire_has_a_test() {
    let facts = facts();
    for section in (1..=16).filter(|section| *section != 13) {
        assert!(facts.iter().any(|fact| fact.section[0] == section), "2.{section}");
    }
}
