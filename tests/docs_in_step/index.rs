//! The parts of a page that can be cited: its numbered headings, and the rows below them.

use std::collections::{BTreeMap, BTreeSet};

use super::citations::ADDENDUM;

/// The sections of a page by number, each with the first cells of its tables.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Index(BTreeMap<String, BTreeSet<String>>);

impl Index {
    /// Reads a page.
    pub fn of(page: &str) -> Self {
        let (mut index, mut here, mut in_code) = (Self::default(), None, false);
        for line in page.lines() {
            in_code ^= line.starts_with("```");
            if in_code {
                continue;
            }
            if line.starts_with('#') {
                here = section(line).or_else(|| here.filter(|_| line.starts_with("###")));
                if let Some(here) = &here {
                    index.0.entry(String::clone(here)).or_default();
                }
            }
            let cell = line.strip_prefix("| ").and_then(|row| row.split(" |").next());
            if let (Some(rows), Some(cell)) = (here.as_ref().and_then(|here| index.0.get_mut(here)), cell) {
                rows.insert(cell.trim().to_owned());
            }
        }
        index
    }

    /// Whether the section exists and, if a row is named, the row in it.
    pub fn has(&self, section: &str, row: Option<&str>) -> bool {
        self.0.get(section).is_some_and(|rows| row.is_none_or(|row| rows.contains(row)))
    }
}

/// The number of a heading: `## 2A.4 Visit model`, `## 1. Terms`.
fn section(heading: &str) -> Option<String> {
    let text = heading.trim_start_matches('#').trim_start();
    let number = text.split_whitespace().next()?.trim_end_matches(['.', ':']);
    let is_number = number.starts_with(|first: char| first.is_ascii_digit());
    (is_number || number == ADDENDUM).then(|| number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Page\n\n## 2.16 Unknowns\n\n| no. | what |\n| --- | --- |\n| 5 | levels |\n\n### Beside it\n\n\
                        | 6 | more |\n\n## Sources\n\n| 7 | none |\n\n## Addendum: more\n\n| A1 | fact |\n";

    #[test]
    fn a_section_and_its_rows_are_found_and_no_others() {
        let index = Index::of(PAGE);
        assert!(index.has("2.16", None) && index.has("2.16", Some("5")) && index.has("2.16", Some("6")));
        assert!(index.has(ADDENDUM, Some("A1")));
        assert!(!index.has("2.16", Some("7")) && !index.has("2.17", None) && !index.has("2.1", None));
    }

    #[test]
    fn headings_in_code_are_none() {
        assert_eq!(Index::of("```\n# 2.1 Comment\n```\n"), Index::default());
    }
}
