//! The part of `vestibule generate` that writes into `docs/`: tables of names that are API, generated from the code.
//!
//! Pages are written by hand, except for the text between two marks: `<!-- made by make generate: NAME -->` and
//! `<!-- end -->`.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use vestibule_core::status::conditions::{REASONS, TYPES};

use crate::metrics::{FamilyDescription, catalogue};

/// The pages with a table, below the root of the repository.
const PAGES: [&str; 2] = ["docs/status.md", "docs/monitoring.md"];
const BEGIN: &str = "<!-- made by make generate: ";
const END: &str = "<!-- end -->";

/// Why a page cannot be generated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A page could not be read or written.
    #[error("cannot reach {path}: {source}")]
    File {
        /// The page.
        path: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A mark has no end, or names a table that does not exist.
    #[error("{path}: the mark {mark:?} has no end, or there is no such table")]
    Mark {
        /// The page.
        path: &'static str,
        /// The text of the mark.
        mark: String,
    },
}

/// Writes the tables below `root`.
pub fn generate(root: &Path) -> Result<(), Error> {
    for (path, text) in drift(root)? {
        fs::write(root.join(path), text).map_err(|source| Error::File { path, source })?;
    }
    Ok(())
}

/// The pages below `root` with tables that differ from the generated ones, with the text they should have.
pub fn drift(root: &Path) -> Result<Vec<(&'static str, String)>, Error> {
    let mut drift = Vec::new();
    for path in PAGES {
        let found = fs::read_to_string(root.join(path)).map_err(|source| Error::File { path, source })?;
        let wanted = in_step(&found).map_err(|mark| Error::Mark { path, mark })?;
        if wanted != found {
            drift.push((path, wanted));
        }
    }
    Ok(drift)
}

/// The page with generated tables, or the mark that is wrong.
fn in_step(page: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, marked)) = rest.split_once(BEGIN) {
        let broken = || marked.lines().next().unwrap_or_default().to_owned();
        let (name, old) = marked.split_once(" -->\n").ok_or_else(broken)?;
        let table = table(name).ok_or_else(broken)?;
        let (_, after) = old.split_once(END).ok_or_else(broken)?;
        text.push_str(&[before, BEGIN, name, " -->\n", &table, END].concat());
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

fn table(name: &str) -> Option<String> {
    match name {
        "types" => Some(names("type", "says", TYPES)),
        "metrics" => Some(metrics()),
        "reasons" => Some(names("reason", "given when", REASONS)),
        _ => None,
    }
}

fn names(name: &str, says: &str, rows: &[(&str, &str)]) -> String {
    let mut table = format!("| {name} | {says} |\n| --- | --- |\n");
    for (name, says) in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| `{name}` | {says} |");
    }
    table
}

fn metrics() -> String {
    let mut table = "| metric | type | labels | what it says |\n| --- | --- | --- | --- |\n".to_owned();
    for FamilyDescription { name, kind, labels, help } in catalogue() {
        let labels = labels.join("`, `");
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| `{name}` | {kind} | `{labels}` | {help} |");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_between_the_marks_is_replaced_and_the_rest_stays() {
        let page = format!("before\n{BEGIN}types -->\nstale words\n{END}\nafter\n");
        let text = in_step(&page).unwrap();
        assert!(text.starts_with("before\n") && text.ends_with("\n<!-- end -->\nafter\n"));
        assert!(!text.contains("stale") && text.contains("| `Ready` | The summary"), "{text}");
        assert_eq!(in_step(&text).unwrap(), text);
    }

    #[test]
    fn a_wrong_mark_is_reported() {
        assert_eq!(in_step(&format!("{BEGIN}nothing -->\n{END}")).unwrap_err(), "nothing -->");
        assert_eq!(in_step(&format!("{BEGIN}types -->\n")).unwrap_err(), "types -->");
    }
}
