//! Pages made from tests: the facts that tests name, as tables between two marks of a page. The tests of each system
//! define the form of their doc comments and the columns of their page.
//!
//! `UPDATE_DOCS=1 cargo test -p vestibule-sim --test netbox` writes the tables of NetBox; the others work alike.

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use vestibule_sim::frame::{Position, Switch};

/// A test, read from its source.
pub struct Test {
    /// The name of its function.
    pub name: String,
    /// The lines of its doc comment.
    pub doc: Vec<String>,
    /// The text of its function.
    pub body: String,
}

/// A fact of a vendor's document and the test of it.
pub struct Fact {
    /// Its section in the document: `2.16 #9`.
    pub section: String,
    /// Its marks of evidence, as the tests write them: `LIVE][CODE`.
    pub mark: String,
    /// The fact.
    pub text: String,
    /// The name of the test.
    pub test: String,
}

/// A fact without a test: section, mark, fact and reason.
pub type Untested = (&'static str, &'static str, &'static str, &'static str);

/// Marks of evidence, and their meaning in words.
pub type Marks = &'static [(&'static str, &'static str)];

impl Fact {
    /// Reads `2.16 #9 [LIVE][CODE] The fact.` from the doc comment of this test.
    pub fn read(text: &str, test: &str) -> Option<Self> {
        let (head, text) = text.split_once("] ")?;
        let (section, mark) = head.split_once(" [")?;
        let [section, mark, text, test] = [section, mark, text, test].map(str::to_owned);
        Some(Self { section, mark, text, test })
    }
}

// === the tests ===

/// The sources of this test crate, whose folder has its name, in the order of file names.
pub fn sources() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(env!("CARGO_CRATE_NAME"));
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// Every test of these sources.
pub fn tests(sources: &[String]) -> Vec<Test> {
    sources.iter().flat_map(|source| tests_of(source)).collect()
}

fn tests_of(source: &str) -> Vec<Test> {
    let lines: Vec<&str> = source.lines().collect();
    let test = |(at, line): (usize, &&str)| {
        let name = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?.split('(').next()?;
        let above = |line: &&&str| line.starts_with("///") || line.starts_with("#[");
        let head = lines[..at].iter().rev().take_while(above).count();
        let head = &lines[at - head..at];
        head.iter().find(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))?;
        let doc = head.iter().filter_map(|line| Some(line.strip_prefix("///")?.trim().to_owned())).collect();
        let body: Vec<&str> = lines[at..].iter().take_while(|line| **line != "}").copied().collect();
        Some(Test { name: name.to_owned(), doc, body: body.join("\n") })
    };
    lines.iter().enumerate().filter_map(test).collect()
}

// === the facts ===

/// The numbers and letters of a section, for its order: `2.16 #9` after `2.16 #2` and `2.2`, `2B.1` after `2A.10`.
pub fn order(section: &str) -> Vec<u32> {
    let chars: Vec<char> = section.chars().collect();
    let runs = chars.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    let part = |run: &[char]| {
        let number = run.iter().collect::<String>().parse().ok();
        number.or_else(|| run.iter().find(|c| c.is_ascii_alphabetic()).map(|c| u32::from(*c)))
    };
    runs.filter_map(part).collect()
}

/// Facts in the order of sections, then of the names of tests.
pub fn sorted(mut facts: Vec<Fact>) -> Vec<Fact> {
    facts.sort_by_cached_key(|fact| (order(&fact.section), fact.test.clone()));
    facts
}

/// The sections of part 2 without a test.
pub fn bare_sections(facts: &[Fact], sections: RangeInclusive<u32>) -> Vec<u32> {
    let held = |number: &u32| facts.iter().any(|fact| order(&fact.section).starts_with(&[2, *number]));
    sections.filter(|number| !held(number)).collect()
}

/// Checks that each of these first rows of the addendum has a test.
pub fn check_addendum(facts: &[Fact], rows: u32) {
    for row in (1..=rows).map(|row| format!("A{row}")) {
        assert!(facts.iter().any(|fact| fact.section == row), "{row}");
    }
}

/// Positions that no test uses. A test uses a position when its text has the switch and the position in quotes; the
/// default position and kinds of positions need the switch alone. `written` is the text of a switch in the tests.
pub fn unexercised(switches: &[&Switch], tests: &[Test], written: impl Fn(&str) -> String) -> Vec<String> {
    let used = |switch: &Switch, position: &Position| {
        let name = format!("\"{}\"", written(switch.name));
        let word = match position {
            Position::Word(word) if *word != switch.default => format!("\"{word}\""),
            _ => String::new(),
        };
        tests.iter().any(|test| test.body.contains(&name) && test.body.contains(&word))
    };
    let row = |switch: &&Switch| -> Vec<String> {
        let unused = switch.positions.iter().filter(|position| !used(switch, position));
        unused.map(|position| format!("{}={}", switch.name, position.text())).collect()
    };
    switches.iter().flat_map(row).collect()
}

/// Marks in words.
pub fn words(marks: &str, known: Marks) -> String {
    let word = |mark| known.iter().find(|(it, _)| *it == mark).map(|(_, word)| *word);
    let word = |mark| word(mark).unwrap_or_else(|| panic!("there is no mark {mark}"));
    marks.split("][").map(word).collect::<Vec<_>>().join("; ")
}

// === the page ===

/// A table in Markdown.
pub fn table(columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head = columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>();
    let line = vec!["---".to_owned(); columns.len()];
    [head, line].into_iter().chain(rows).map(|cells| row(&cells)).collect()
}

/// The number of facts with and without a test, and the tables of both.
pub fn with_untested(count: usize, tested: &str, untested: &[Untested], marks: Marks) -> String {
    let mut untested = untested.to_vec();
    untested.sort_by_key(|(section, ..)| order(section));
    let row = |(section, mark, text, why): &Untested| {
        vec![(*section).to_owned(), cell(text, marks), words(mark, marks), cell(why, marks)]
    };
    let without = table(&["section", "fact", "mark", "why"], untested.iter().map(row));
    let none = untested.len();
    format!("{count} facts have a test; {none} have none.\n\n{tested}\nWithout a test:\n\n{without}")
}

/// Text for a cell, with marks in words.
pub fn cell(text: &str, marks: Marks) -> String {
    let spelt =
        |text: String, (mark, word): &(&str, &str)| text.replace(&format!("[{mark}]"), &format!("({word})"));
    marks.iter().fold(text.replace('|', "\\|"), spelt)
}

/// Checks that the tables of a page are these, or writes them. `by` is the file of the test that checks.
pub fn in_step(page: &str, by: &str, tables: &[(&str, String)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let found = fs::read_to_string(&path).unwrap();
    let wanted = tables.iter().fold(found.clone(), |page, (name, table)| put(&page, name, by, table));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, wanted).unwrap();
    } else {
        let how = concat!("UPDATE_DOCS=1 cargo test -p vestibule-sim --test ", env!("CARGO_CRATE_NAME"));
        assert!(found == wanted, "docs/{page} differs from the tests; {how} writes it");
    }
}

/// The page with a new table between the marks of that name.
fn put(page: &str, name: &str, by: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {name}: written by {by} -->\n"), format!("<!-- end of the {name} -->"));
    let (before, rest) = page.split_once(&begin).expect("the page has no place for the table");
    let (_, after) = rest.split_once(&end).expect("the table does not end");
    format!("{before}{begin}{table}{end}{after}")
}
