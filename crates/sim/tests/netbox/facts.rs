//! The facts with a test, read from the doc comments of the tests, and the facts without one.

use crate::support::docs::{self, Fact, Marks, Untested, cell, order, table, words};

/// The evidence marks of the document in words.
const MARKS: Marks = &[
    ("LIVE", "measured"),
    ("DOC2", "vendor's guide, retold"),
    ("CODE", "clients in use"),
    ("SITE", "vendor's or integrator's page"),
    ("INF", "inferred"),
    ("?", "unknown: a switch"),
];

/// Facts of the document without a test, and the reason.
#[rustfmt::skip] // a table reads better with a row a line
const UNTESTED: &[Untested] = &[
    ("2.1", "DOC2", "NetBox Global: `/global/goforms/nbapi`", "another product; not simulated"),
    ("2.1", "DOC2", "photos: multipart POST `/nbws/goforms/upload`, read at `/upload/pics/`", "not simulated; GetPicture is"),
    ("2.3", "DOC2", "MAC authentication", "the checksum is unpublished; not simulated"),
    ("2.3", "DOC2", "logins without logouts fill the disk", "sessions are kept and shown; no disk fills"),
    ("2.5", "DOC2", "nine parameters changed between API v1 and v2", "the parameters are unknown"),
    ("2.7", "DOC2", "writes to fields synced from Active Directory are silently undone", "not simulated"),
    ("2.7", "DOC2", "TRACE and TRACEMESSAGE", "accepted and not acted on"),
    ("2.8", "DOC2", "CARDSTATUS and CARDEXPDATE do not exist on Global", "another product; not simulated"),
    ("2.8", "SITE", "at most 64 enabled card formats", "formats come from the seed only"),
    ("2.9", "DOC2", "threat levels, locations, alarms, hardware", "known and refused, never APIERROR 6"),
    ("2.7", "DOC2", "both level syntaxes mixed in one call", "undefined; here bare names replace, then blocks add"),
    ("2.9", "DOC2", "`Portal not online or reachable`", "portals are always online; a fault of kind `fail` gives it"),
    ("2.10", "CODE", "StreamEvents: values of the fields for alarms, nodes, locations and threats", "the fields may be requested and are omitted"),
    ("2.11", "LIVE", "`Failed to retrieve Activation and Expiration dates ...` of some 5.x", "a fault of kind `fail` gives it"),
    ("2.13", "INF", "reader groups may share the name space of portal groups", "they do not here"),
];

/// `a7_...`: a test of a row of the addendum.
fn is_of_addendum(name: &str) -> bool {
    let number = name.strip_prefix('a').and_then(|rest| rest.split_once('_'));
    number.is_some_and(|(number, _)| number.parse::<u32>().is_ok())
}

/// The fact of each test: `2.10 [LIVE] The fact.`, `A7 [CODE] The fact.`
fn facts() -> Vec<Fact> {
    let tests = docs::tests(&docs::sources());
    let tests = tests.iter().filter(|test| test.name.starts_with("s2_") || is_of_addendum(&test.name));
    let fact =
        |doc: &str, name: &str| Fact::read(doc, name).unwrap_or_else(|| panic!("{name} names no fact"));
    docs::sorted(tests.map(|test| fact(&test.doc.join(" "), &test.name)).collect())
}

#[test]
fn the_table_of_facts_in_the_docs_is_in_step_with_the_tests() {
    let facts = facts();
    let row = |Fact { section, mark, text, test }: &Fact| {
        vec![section.clone(), cell(text, MARKS), words(mark, MARKS), format!("`{test}`")]
    };
    let tested = table(&["section", "fact", "mark", "test"], facts.iter().map(row));
    let page = docs::with_untested(facts.len(), &tested, UNTESTED, MARKS);
    docs::in_step("simulators.md", file!(), &[("facts of NetBox", page)]);
}

#[test]
fn the_name_of_every_test_begins_with_the_section_of_its_fact() {
    for Fact { section, test, .. } in facts() {
        // `2.7` is s2_7; part 1 is s2_1; a row of 2.16 is s2_16; `A7` is a7.
        let numbers = order(&section);
        let prefix = match (section.strip_prefix('A'), numbers[0]) {
            (Some(row), _) => format!("a{row}_"),
            (None, 2) => format!("s2_{}_", numbers[1]),
            (None, part) => format!("s2_{part}_"),
        };
        assert!(test.starts_with(&prefix), "{section} {test}");
    }
}

#[test]
fn every_section_of_the_wire_has_a_test() {
    assert_eq!(docs::bare_sections(&facts(), 1..=17), Vec::<u32>::new());
}

#[test]
fn every_row_of_the_addendum_has_a_test() {
    docs::check_addendum(&facts(), 11);
}
