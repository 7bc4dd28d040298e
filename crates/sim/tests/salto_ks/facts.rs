//! The facts with a test, read from the names of the tests and the mark before each, and the facts without one.

use vestibule_sim::frame::Switch;
use vestibule_sim::salto_ks::SWITCHES;

use crate::support::docs::{self, Fact, Marks, Test, Untested, table, words};

/// The evidence marks of the document in words.
const MARKS: Marks = &[
    ("M", "measured"),
    ("V", "vendor's word"),
    ("C", "integrators' code"),
    ("I", "inferred"),
    ("?", "unknown: a switch or a choice"),
];

/// Facts of the document without a test, and the reason.
#[rustfmt::skip] // a table reads better with a row a line
const UNTESTED: &[Untested] = &[
    ("2.1", "?", "other regions, accept unavailable for hours", "the caller chooses URLs; `refuse` and `http` faults"),
    ("2.2", "?", "effect of two-factor authentication on the password grant", "not simulated"),
    ("2.2", "V", "activation of a client can take days", "clients are in the seed"),
    ("2.3", "V", "2204-2209, 2211, 2213-2219, 2221-2223 in normal operation", "only as a fault of kind `error`"),
    ("2.3", "C", "the filter `device_uid eq 'x'`", "the list is unknown; 1102 everywhere"),
    ("2.6", "?", "resend invitation, invitation state, phone in the create body", "no such call is known"),
    ("2.6", "M", "`data_removal_expires_at`", "meaning unknown; always null"),
    ("2.9", "V", "a user with no means to open may show as not subscribed", "not simulated"),
    ("2.9", "V", "offline keys go on working after the site's subscription ended", "only while the IQ is offline"),
    ("2.10", "M", "locked_state other than locked, IQ tree, replacement, migration", "not simulated"),
    ("2.11", "V", "categories easy_office_mode, privacy_mode, office_mode; the incidents hub", "the simulator never produces them"),
    ("2.11", "V", "WebSocket transport of the hub, drops", "server-sent events only; `truncate` cuts other answers"),
    ("2.12", "?", "list and assign calls of tags", "unknown; tags come from the seed, `tag_id` links one"),
    ("2.13", "I", "mapping and client rules", "for clients, not for a simulator"),
];

fn facts() -> Vec<Fact> {
    docs::sorted(docs::tests(&docs::sources()).iter().filter_map(fact).collect())
}

/// The mark is the doc comment, `[M]`; the rest is the name, such as `s2_6_a_guest_is_201` or, for a row of the
/// addendum, `a2_roles_have_the_measured_labels`.
fn fact(test: &Test) -> Option<Fact> {
    let (section, text) = addendum(&test.name).or_else(|| in_part_2(&test.name))?;
    let mark = test.doc.last().and_then(|line| line.strip_prefix('[')?.strip_suffix(']'));
    let mark = mark.unwrap_or_else(|| panic!("{} has no mark", test.name)).to_owned();
    Some(Fact { section, mark, text, test: test.name.clone() })
}

fn in_part_2(name: &str) -> Option<(String, String)> {
    let words: Vec<&str> = name.strip_prefix("s2_")?.split('_').collect();
    let row = words.get(1).filter(|row| words[0] == "15" && row.parse::<u32>().is_ok());
    let section = row.map_or_else(|| format!("2.{}", words[0]), |row| format!("2.15 #{row}"));
    Some((section, words[if row.is_some() { 2 } else { 1 }..].join(" ")))
}

fn addendum(name: &str) -> Option<(String, String)> {
    let (row, text) = name.strip_prefix('a')?.split_once('_')?;
    row.parse::<u32>().ok()?;
    Some((format!("A{row}"), text.replace('_', " ")))
}

fn facts_table() -> String {
    let facts = facts();
    let row =
        |Fact { section, mark, text, .. }: &Fact| vec![section.clone(), text.clone(), words(mark, MARKS)];
    let columns = ["section", "fact, test `s2_<section>_<fact>` or `a<row>_<fact>`", "mark"];
    docs::with_untested(facts.len(), &table(&columns, facts.iter().map(row)), UNTESTED, MARKS)
}

fn switches_table() -> String {
    let row = |s: &Switch| {
        let positions = s.positions_text().replace('|', "\\|");
        let texts = [s.default, s.source, s.about].map(str::to_owned);
        [vec![format!("`{}`", s.name), positions], texts.to_vec()].concat()
    };
    table(&["switch", "positions", "default", "section", "decides"], SWITCHES.iter().map(row))
}

#[test]
fn the_tables_in_the_docs_are_in_step_with_tests_and_switches() {
    let tables = [("facts of SALTO KS", facts_table()), ("switches of SALTO KS", switches_table())];
    docs::in_step("simulators-salto-ks.md", file!(), &tables);
}

#[test]
fn every_section_of_the_wire_but_the_rules_for_clients_has_a_test() {
    assert_eq!(docs::bare_sections(&facts(), 1..=16), [13]);
}

#[test]
fn every_row_of_the_addendum_has_a_test() {
    docs::check_addendum(&facts(), 14);
}
