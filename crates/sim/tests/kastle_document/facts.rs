//! The lists that docs are made from: every fact and every switch names a test that is there.

use vestibule_sim::frame::Position;
use vestibule_sim::kastle::{FACTS, SWITCHES, table};

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

/// The text of a test function.
fn body(test: &str) -> Option<&'static str> {
    let start = format!("fn {test}(");
    SOURCES.iter().find_map(|source| {
        let from = source.find(&start)?;
        let rest = &source[from..];
        Some(rest.find("\n}\n").map_or(rest, |end| &rest[..end]))
    })
}

#[test]
fn every_fact_names_a_test_that_is_there() {
    for fact in FACTS.iter().filter(|fact| !fact.test.is_empty()) {
        assert!(body(fact.test).is_some(), "{}: no test {}", fact.section, fact.test);
        assert!(["confirmed", "inferred", "unknown"].contains(&fact.mark), "{}", fact.says);
    }
}

#[test]
fn every_test_of_a_section_holds_a_fact() {
    let held = |name: &str| FACTS.iter().any(|fact| fact.test == name);
    for name in SOURCES.iter().flat_map(|source| source.split("fn ").skip(1)) {
        let name = name.split('(').next().unwrap();
        assert!(!name.starts_with("s2") || held(name), "{name} holds no fact of the list");
    }
}

#[test]
fn every_position_of_every_switch_stands_in_a_test_that_names_the_switch() {
    for switch in SWITCHES {
        let named = format!("\"{}\"", switch.name);
        let bodies: Vec<&str> =
            FACTS.iter().filter_map(|f| body(f.test)).filter(|body| body.contains(&named)).collect();
        assert!(!bodies.is_empty(), "{} is in no test", switch.name);
        if switch.name.starts_with("rules.") {
            continue; // `ruled` goes through both positions
        }
        for position in switch.positions {
            let Position::Word(word) = position else { continue };
            let there =
                *word == switch.default || bodies.iter().any(|body| body.contains(&format!("\"{word}\"")));
            assert!(there, "{} in position {word} is in no test", switch.name);
        }
    }
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
