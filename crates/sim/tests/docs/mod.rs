//! Pages made from tests: what the tests of a program say of themselves, as tables between two marks of a page. The
//! tests of each system include it, and say what their doc comments look like and which columns their page has.
//!
//! `UPDATE_DOCS=1 cargo test -p vestibule-sim --test netbox` writes the tables of NetBox, and so for the others.

#![allow(dead_code)] // each system takes what its page needs

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

/// What is read off a test.
pub struct Test {
    /// The name of its function.
    pub name: String,
    /// The lines of its doc comment.
    pub doc: Vec<String>,
    /// The text of its function.
    pub body: String,
}

/// A fact of a vendor's document and the test that holds it.
pub struct Fact {
    /// Where it stands in the document: `2.16 #9`.
    pub section: String,
    /// How sure the document is of it, as the tests write it: `LIVE][CODE`.
    pub mark: String,
    /// The fact.
    pub text: String,
    /// The name of the test.
    pub test: String,
}

/// A fact without a test: section, mark, fact and why.
pub type Untested = (&'static str, &'static str, &'static str, &'static str);

/// Marks of evidence, and what they mean in words.
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

/// The sources of this program of tests in the order of file names: its folder has its name.
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

/// The numbers and letters of a section: `2.16 #9` comes after `2.16 #2` and `2.2`, and `2B.1` after `2A.10`.
pub fn order(section: &str) -> Vec<u32> {
    let chars: Vec<char> = section.chars().collect();
    let runs = chars.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    let part = |run: &[char]| {
        let number = run.iter().collect::<String>().parse().ok();
        number.or_else(|| run.iter().find(|c| c.is_ascii_alphabetic()).map(|c| u32::from(*c)))
    };
    runs.filter_map(part).collect()
}

/// In the order of sections, then of the names of tests.
pub fn sorted(mut facts: Vec<Fact>) -> Vec<Fact> {
    facts.sort_by_cached_key(|fact| (order(&fact.section), fact.test.clone()));
    facts
}

/// Those of these sections of part 2 of which no fact has a test.
pub fn bare_sections(facts: &[Fact], sections: RangeInclusive<u32>) -> Vec<u32> {
    let held = |number: &u32| facts.iter().any(|fact| order(&fact.section).starts_with(&[2, *number]));
    sections.filter(|number| !held(number)).collect()
}

/// Marks in words; one that the document does not have is a slip of the test.
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

/// How many facts have a test, their table, and a table of those that have none.
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

/// Text for a cell; a mark in the middle of it stands there in words too.
pub fn cell(text: &str, marks: Marks) -> String {
    let spelt =
        |text: String, (mark, word): &(&str, &str)| text.replace(&format!("[{mark}]"), &format!("({word})"));
    marks.iter().fold(text.replace('|', "\\|"), spelt)
}

/// Sees that the tables of a page are these, or makes them so. `by` is the file whose test asks.
pub fn in_step(page: &str, by: &str, tables: &[(&str, String)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let found = fs::read_to_string(&path).unwrap();
    let wanted = tables.iter().fold(found.clone(), |page, (name, table)| put(&page, name, by, table));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, wanted).unwrap();
    } else {
        let how = concat!("UPDATE_DOCS=1 cargo test -p vestibule-sim --test ", env!("CARGO_CRATE_NAME"));
        assert!(found == wanted, "docs/{page} is not what the tests say; {how} writes it");
    }
}

/// The page with what stands between the marks of that name replaced.
fn put(page: &str, name: &str, by: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {name}: written by {by} -->\n"), format!("<!-- end of the {name} -->"));
    let (before, rest) = page.split_once(&begin).expect("the page has no place for the table");
    let (_, after) = rest.split_once(&end).expect("the table does not end");
    format!("{before}{begin}{table}{end}{after}")
}
