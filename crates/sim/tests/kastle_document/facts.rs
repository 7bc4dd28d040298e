//! Docs are made from the tests: each names its facts, and each switch stands in one in all its positions.

use vestibule_sim::frame::Position;
use vestibule_sim::kastle::SWITCHES;

const SOURCES: &[&str] = &[
    include_str!("edits.rs"),
    include_str!("faults.rs"),
    include_str!("part_a.rs"),
    include_str!("part_b_calls.rs"),
    include_str!("part_b_visits.rs"),
    include_str!("part_b_wire.rs"),
    include_str!("switches.rs"),
    include_str!("switches_visits.rs"),
    include_str!("../kastle_storm.rs"),
];

/// Facts that no test holds, because nothing is simulated of them.
#[rustfmt::skip] // a table reads better with a row a line
const UNTESTED: &[(&str, &str, &str)] = &[
    ("2A.1", "confirmed", "CardFormatID of a credential (32 and 53 seen)"),
    ("2A.2", "confirmed", "PLAI agent: PSIA identity interoperability over LDAP v3"),
    ("2A.3", "confirmed", "The front desk sees one day; North America only"),
    ("2A.4", "confirmed", "RecurrenceModel repeats a visit (kept and read back, not expanded)"),
    ("2A.5", "confirmed", "The iCalendar request Kastle makes of the model"),
    ("2B.2", "inferred", "HTTPS only (the frame's `--tls`; plain HTTP is served too)"),
];

/// One test and the facts in its doc comment, `section [mark] fact`.
struct Test {
    name: &'static str,
    facts: Vec<(&'static str, &'static str, &'static str)>,
    body: &'static str,
}

fn fact(line: &'static str) -> Option<(&'static str, &'static str, &'static str)> {
    let (section, rest) = line.strip_prefix("/// 2")?.split_once(" [")?;
    let (mark, says) = rest.split_once("] ")?;
    let section = &line[4..5 + section.len()];
    Some((section, mark, says.trim_end_matches('.')))
}

/// All tests of sections, in the order of their names.
fn tests() -> Vec<Test> {
    let mut all = Vec::new();
    for source in SOURCES {
        let lines: Vec<&'static str> = source.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let Some(name) = line.trim_start_matches("async ").strip_prefix("fn s2") else { continue };
            let name = &line[line.len() - name.len() - 2..line.find('(').unwrap()];
            let above =
                lines[..index].iter().rev().take_while(|l| l.starts_with("///") || l.starts_with("#["));
            let facts = above.filter_map(|line| fact(line)).collect();
            let rest = &source[source.find(line).unwrap()..];
            let body = rest.split("\n}\n").next().unwrap();
            all.push(Test { name, facts, body });
        }
    }
    all.sort_by_key(|test| test.name);
    all
}

#[test]
fn every_test_of_a_section_names_its_facts_and_their_marks() {
    for test in tests() {
        assert!(!test.facts.is_empty(), "{} names no fact", test.name);
        for (section, mark, _) in &test.facts {
            assert!(["confirmed", "inferred", "unknown"].contains(mark), "{}: {mark}", test.name);
            assert!(section.starts_with("2A.") || section.starts_with("2B."), "{}: {section}", test.name);
        }
    }
}

#[test]
fn every_position_of_every_switch_stands_in_a_test_that_names_the_switch() {
    let tests = tests();
    for switch in SWITCHES {
        let named = format!("\"{}\"", switch.name);
        let bodies: Vec<&str> = tests.iter().map(|t| t.body).filter(|body| body.contains(&named)).collect();
        assert!(!bodies.is_empty(), "{} is in no test", switch.name);
        if switch.name.starts_with("rules.") {
            continue; // `ruled` goes through both positions
        }
        for position in switch.positions {
            let Position::Word(word) = position else { continue };
            let there = bodies.iter().any(|body| body.contains(&format!("\"{word}\"")));
            assert!(there || *word == switch.default, "{} in position {word} is in no test", switch.name);
        }
    }
}

/// Section, fact, mark, test; in the order of sections.
fn table() -> String {
    let tests = tests();
    let held = tests.iter().flat_map(|t| t.facts.iter().map(|(s, m, says)| (*s, *m, *says, t.name)));
    let mut rows: Vec<_> = held.chain(UNTESTED.iter().map(|(s, m, says)| (*s, *m, *says, ""))).collect();
    let number = |section: &str| {
        let digits = |text: &str| text.parse::<u32>().unwrap_or(0);
        let (part, row) = section.split_once(" #").unwrap_or((section, ""));
        (part.chars().nth(1), digits(part.split('.').nth(1).unwrap()), digits(row))
    };
    rows.sort_by_key(|(section, ..)| number(section));
    let row = |(section, mark, says, test): &(&str, &str, &str, &str)| {
        let test = if test.is_empty() { "none".to_owned() } else { format!("`{test}`") };
        format!("| {section} | {says} | {mark} | {test} |\n")
    };
    let top = "| section | fact | mark | test |\n| --- | --- | --- | --- |\n";
    top.to_owned() + &rows.iter().map(row).collect::<String>()
}

/// `UPDATE_DOCS=1` writes the tables anew.
#[test]
fn the_docs_hold_the_tables_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/simulators-kastle.md");
    let text = std::fs::read_to_string(path).unwrap();
    let text_now = put(&put(&text, "facts", &table()), "switches", &switches());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &text_now).unwrap();
    } else {
        assert!(
            text == text_now,
            "docs/simulators-kastle.md is not what the code says; UPDATE_DOCS=1 writes it"
        );
    }
}

/// The text with what stands between the marks of that name replaced.
fn put(text: &str, name: &str, table: &str) -> String {
    let (from, until) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (head, rest) = text.split_once(&from).expect("a mark");
    let (_, tail) = rest.split_once(&until).expect("an end mark");
    format!("{head}{from}{table}{until}{tail}")
}

fn switches() -> String {
    let row = |s: &vestibule_sim::frame::Switch| {
        let positions = s.positions_text().replace(" | ", "`, `");
        format!("| {} | `{}` | `{positions}` | {} |\n", s.source, s.name, s.about)
    };
    let head = "| source | switch | positions, default first | decides |\n| --- | --- | --- | --- |\n";
    head.to_owned() + &SWITCHES.iter().map(row).collect::<String>()
}
