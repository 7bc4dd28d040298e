//! The page is made from the tests: each test names its facts, and each position of a switch is in a test.

use vestibule_sim::frame::Switch;
use vestibule_sim::kastle::SWITCHES;

use crate::support::docs::{self, Fact, Test, order, table};

/// Facts without a test, because they are not simulated.
#[rustfmt::skip] // a table reads better with a row a line
const UNTESTED: &[(&str, &str, &str)] = &[
    ("2A.1", "confirmed", "CardFormatID of a credential (32 and 53 seen)"),
    ("2A.2", "confirmed", "PLAI agent: PSIA identity interoperability over LDAP v3"),
    ("2A.3", "confirmed", "The front desk sees one day; North America only"),
    ("2A.4", "confirmed", "RecurrenceModel repeats a visit (kept and read back, not expanded)"),
    ("2A.5", "confirmed", "The iCalendar request Kastle makes of the model"),
    ("2B.2", "inferred", "HTTPS only (the frame's `--tls`; plain HTTP is served too)"),
];

/// A test of a section of part 2, or of a row of the addendum.
fn is_of_the_document(name: &str) -> bool {
    let row = name.strip_prefix('a').and_then(|rest| rest.split_once('_'));
    name.starts_with("s2") || row.is_some_and(|(row, _)| row.parse::<u32>().is_ok())
}

/// All tests of sections.
fn tests() -> Vec<Test> {
    let tests = docs::tests(&docs::sources()).into_iter();
    tests.filter(|test| is_of_the_document(&test.name)).collect()
}

/// The facts in the doc comment of a test, one a line: `2B.8 [inferred] The fact.`
fn facts(test: &Test) -> Vec<Fact> {
    test.doc.iter().filter_map(|line| Fact::read(line.trim_end_matches('.'), &test.name)).collect()
}

#[test]
fn every_test_of_a_section_names_its_facts_and_their_marks() {
    for test in tests() {
        let facts = facts(&test);
        assert!(!facts.is_empty(), "{} names no fact", test.name);
        for Fact { section, mark, .. } in facts {
            assert!(["confirmed", "inferred", "unknown"].contains(&mark.as_str()), "{}: {mark}", test.name);
            let known = ["2A.", "2B.", "A"].iter().any(|part| section.starts_with(part));
            assert!(known, "{}: {section}", test.name);
        }
    }
}

#[test]
fn every_position_of_every_switch_is_in_a_test_that_names_the_switch() {
    let switches: Vec<&Switch> = SWITCHES.iter().collect();
    let mut unused = docs::unexercised(&switches, &tests(), str::to_owned);
    // `ruled` sets both positions of a rule.
    unused.retain(|position| !(position.starts_with("rules.") && position.ends_with("=accepted")));
    assert_eq!(unused, Vec::<String>::new());
}

/// Facts with and without a test in the order of sections; those without come last in a section.
fn facts_table() -> String {
    let held = docs::sorted(tests().iter().flat_map(facts).collect());
    let held = held.into_iter().map(|it| vec![it.section, it.text, it.mark, format!("`{}`", it.test)]);
    let bare = UNTESTED
        .iter()
        .map(|(section, mark, fact)| [section, fact, mark, "none"].map(str::to_owned).to_vec());
    let mut rows: Vec<_> = held.chain(bare).collect();
    rows.sort_by_key(|row| order(&row[0]));
    table(&["section", "fact", "mark", "test"], rows)
}

fn switches_table() -> String {
    let row = |s: &Switch| {
        let positions = s.positions_text().replace(" | ", "`, `");
        vec![s.source.to_owned(), format!("`{}`", s.name), format!("`{positions}`"), s.about.to_owned()]
    };
    table(&["source", "switch", "positions, default first", "decides"], SWITCHES.iter().map(row))
}

#[test]
fn the_tables_of_the_page_are_those_of_the_code() {
    let tables = [("facts of Kastle", facts_table()), ("switches of Kastle", switches_table())];
    docs::in_step("simulators-kastle.md", file!(), &tables);
}

#[test]
fn every_row_of_the_addendum_has_a_test() {
    docs::check_addendum(&tests().iter().flat_map(facts).collect::<Vec<_>>(), 2);
}
