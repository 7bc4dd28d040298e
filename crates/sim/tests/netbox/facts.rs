//! The facts that tests hold, read off the first lines of the tests themselves, and those no test holds.
//!
//! `UPDATE_DOCS=1 cargo test -p vestibule-sim --test netbox facts` writes the table of `docs/simulators.md`.

use std::fs;
use std::path::Path;

/// Facts of the document that no test holds, and why.
const UNTESTED: &[(&str, &str, &str, &str)] = &[
    ("2.1", "DOC2", "NetBox Global: `/global/goforms/nbapi`", "another product; not simulated"),
    (
        "2.1",
        "DOC2",
        "photos: multipart POST `/nbws/goforms/upload`, read at `/upload/pics/`",
        "not simulated; GetPicture is",
    ),
    ("2.3", "DOC2", "MAC authentication", "the checksum is unpublished; not simulated"),
    (
        "2.3",
        "DOC2",
        "logins without logouts fill the disk of the box",
        "sessions are kept and shown; no disk fills",
    ),
    ("2.5", "DOC2", "nine parameters changed between API v1 and v2", "which ones is unknown"),
    ("2.7", "DOC2", "writes to fields synced from Active Directory are silently undone", "not simulated"),
    ("2.7", "DOC2", "TRACE and TRACEMESSAGE", "accepted and not acted on"),
    ("2.8", "DOC2", "CARDSTATUS and CARDEXPDATE do not exist on Global", "another product; not simulated"),
    ("2.8", "SITE", "at most 64 enabled card formats", "formats come from the seed only"),
    (
        "2.9",
        "DOC2",
        "threat levels, elevators, floors, locations, alarms, hardware",
        "known and refused, never APIERROR 6",
    ),
    (
        "2.7",
        "DOC2",
        "both level syntaxes mixed in one call",
        "undefined; here bare names replace, then blocks add",
    ),
    (
        "2.9",
        "DOC2",
        "`Portal not online or reachable`",
        "portals are always online; a fault of kind `fail` says it",
    ),
    (
        "2.10",
        "CODE",
        "StreamEvents: values of the fields for alarms, nodes, locations and threats",
        "the fields come and are empty",
    ),
    (
        "2.11",
        "LIVE",
        "`Failed to retrieve Activation and Expiration dates ...` of some 5.x",
        "a fault of kind `fail` says it",
    ),
    ("2.13", "INF", "reader groups may share the name space of portal groups", "they do not here"),
];

/// One test and the fact it holds.
struct Fact {
    section: String,
    mark: String,
    text: String,
    test: String,
    body: String,
}

fn sources() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/netbox");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// All tests whose doc comment begins with a section, in the order of sections.
fn facts() -> Vec<Fact> {
    let mut all: Vec<Fact> = sources().iter().flat_map(|source| read(source)).collect();
    all.sort_by_key(|fact| (order(&fact.section), fact.test.clone()));
    all
}

/// The sources of all tests, for whoever asks what they mention.
pub fn bodies() -> Vec<String> {
    sources().iter().flat_map(|source| tests(source)).map(|(_, body)| body).collect()
}

/// Every test of a file: the doc comment before it, and its text.
fn tests(source: &str) -> Vec<(String, String)> {
    let pieces: Vec<&str> = source.split("test]\n").collect();
    let doc = |piece: &str| {
        let lines = piece.lines().rev().skip(1).take_while(|line| line.starts_with("///"));
        let mut lines: Vec<&str> = lines.map(|line| line.trim_start_matches("///").trim()).collect();
        lines.reverse();
        lines.join(" ")
    };
    pieces.windows(2).map(|pair| (doc(pair[0]), pair[1].to_owned())).collect()
}

fn read(source: &str) -> Vec<Fact> {
    let fact = |(doc, body): (String, String)| {
        let name = body.split("fn ").nth(1)?.split('(').next()?.to_owned();
        if !name.starts_with("s2_") {
            return None;
        }
        let (head, text) = doc.split_once("] ").unwrap_or_else(|| panic!("{name} has no mark"));
        let (section, mark) = head.split_once(" [").unwrap_or_else(|| panic!("{name} has no section"));
        let (section, mark) = (section.trim().to_owned(), mark.replace("][", ", "));
        Some(Fact { section, mark, text: text.to_owned(), test: name, body })
    };
    tests(source).into_iter().filter_map(fact).collect()
}

/// `2.16 #9` after `2.16 #2` and `2.2`.
fn order(section: &str) -> Vec<u32> {
    section.split(['.', ' ', '#', 'P']).filter_map(|number| number.parse().ok()).collect()
}

/// The evidence marks of the document in words.
fn words(marks: &str) -> String {
    let word = |mark: &str| match mark {
        "LIVE" => "measured",
        "DOC2" => "vendor's guide, retold",
        "CODE" => "clients in use",
        "SITE" => "vendor's or integrator's page",
        "INF" => "inferred",
        "?" => "unknown: a switch",
        other => panic!("there is no mark {other}"),
    };
    marks.split(", ").map(word).collect::<Vec<_>>().join("; ")
}

/// Text for a cell; a mark in the middle of it stands there in words too.
fn cell(text: &str) -> String {
    let spelt = |text: String, mark: &str| text.replace(&format!("[{mark}]"), &format!("({})", words(mark)));
    ["LIVE", "DOC2", "CODE", "SITE", "INF", "?"].into_iter().fold(text.replace('|', "\\|"), spelt)
}

fn table() -> String {
    let facts = facts();
    let mut out = format!("{} facts have a test; {} have none.\n\n", facts.len(), UNTESTED.len());
    out.push_str("| section | fact | mark | test |\n| --- | --- | --- | --- |\n");
    for Fact { section, mark, text, test, .. } in &facts {
        out.push_str(&format!("| {section} | {} | {} | `{test}` |\n", cell(text), words(mark)));
    }
    out.push_str("\nWithout a test:\n\n| section | fact | mark | why |\n| --- | --- | --- | --- |\n");
    let mut untested = UNTESTED.to_vec();
    untested.sort_by_key(|(section, ..)| order(section));
    for (section, mark, text, why) in untested {
        out.push_str(&format!("| {section} | {} | {} | {} |\n", cell(text), words(mark), cell(why)));
    }
    out
}

const BEGIN: &str = "<!-- facts of NetBox: written by crates/sim/tests/netbox/facts.rs -->\n";
const END: &str = "<!-- end of the facts of NetBox -->";

#[test]
fn the_table_of_facts_in_the_docs_is_in_step_with_the_tests() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/simulators.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has no place for the table");
    let (found, after) = rest.split_once(END).expect("the table does not end");
    let wanted = table();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
    } else {
        assert_eq!(found, wanted, "UPDATE_DOCS=1 cargo test -p vestibule-sim --test netbox facts");
    }
}

#[test]
fn the_name_of_every_test_begins_with_the_section_of_its_fact() {
    for fact in facts() {
        let numbers: Vec<String> = order(&fact.section).iter().map(u32::to_string).collect();
        // `2.7` is s2_7; part 1 is s2_1; a row of 2.16 stands under s2_16.
        let section = numbers.get(1).filter(|_| numbers[0] == "2").unwrap_or(&numbers[0]);
        assert!(fact.test.starts_with(&format!("s2_{section}_")), "{} {}", fact.section, fact.test);
        assert!(!fact.body.is_empty());
    }
}

#[test]
fn every_section_of_the_wire_has_a_test() {
    let facts = facts();
    for number in 1..=17 {
        let section = format!("2.{number}");
        assert!(
            facts.iter().any(|fact| fact.section.split(' ').next() == Some(section.as_str())),
            "{section}"
        );
    }
}
