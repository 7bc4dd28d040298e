//! Reads citations from a text: a rule (`design 3.12`, `rule 3.12`), a section of a system's page
//! (`systems/lenel-s2.md 2.7`, in that system's folders `2.7`), a row of one (`2.16 no. 5`, `2B.10 #3`, `A4`), a decision,
//! a page by its name.

use std::path::Path;

/// A citation of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Citation {
    /// A section of a page in docs/, and a row or a numbered rule in it.
    Section { page: &'static str, section: String, row: Option<String> },
    /// A page by its name, as it is written.
    Page(String),
    /// A decision by its number.
    Decision(u32),
    /// Notes that are not in the repository.
    Elsewhere(String),
}

/// The page of the rules.
pub const ARCHITECTURE: &str = "architecture.md";
const LENEL_S2: &str = "systems/lenel-s2.md";
const KASTLE: &str = "systems/kastle.md";
const SALTO_KS: &str = "systems/salto-ks.md";

/// The rows of clients in use, `A1` and on, are below this heading.
pub const ADDENDUM: &str = "Addendum";

/// Working notes that were cited earlier. They are not part of the project, so no citation may name them.
const NOTES: [&str; 2] = ["lessons", "bones"];

/// The page whose sections are meant in a file that names no page.
pub fn home(path: &str) -> Option<&'static str> {
    let pages = [
        ("lenel_s2", LENEL_S2),
        ("lenel-s2", LENEL_S2),
        ("netbox", LENEL_S2),
        ("kastle", KASTLE),
        ("salto_ks", SALTO_KS),
        ("salto-ks", SALTO_KS),
        ("docs/simulators.md", LENEL_S2),
        ("docs/support-matrix.md", LENEL_S2),
        ("docs/architecture.md", ARCHITECTURE),
    ];
    pages.into_iter().find(|(part, _)| path.contains(part)).map(|(_, page)| page)
}

/// The table of unknowns in a system's page: `no. 5` alone means a row of it.
fn unknowns(page: &str) -> &'static str {
    match page {
        KASTLE => "2B.10",
        SALTO_KS => "2.15",
        _ => "2.16",
    }
}

/// All citations of a text in a file with this home.
pub fn read(text: &str, home: Option<&'static str>) -> Vec<Citation> {
    let words: Vec<&str> = text.split_whitespace().flat_map(parts).collect();
    let mut reader = Reader { home, page: None, found: Vec::new(), has_section: false };
    for (position, word) in words.iter().enumerate() {
        let before = position.checked_sub(1).map(|before| words[before]).unwrap_or_default();
        let after = |distance| words.get(position + distance).copied().unwrap_or_default();
        reader.read(before, word, [after(1), after(2)]);
    }
    reader.found
}

/// A word without its surrounding punctuation; a range such as `2.1-2.3` is two.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let word = word.trim_start_matches(['(', '[', '`', '"', '\'', '*']);
    let is_range = word.split_once('-').is_some_and(|(from, to)| is_section(from) && is_section(bare(to)));
    let cut = if is_range { word.find('-') } else { None };
    let (first, second) = cut.map_or((word, None), |cut| (&word[..cut], Some(&word[cut + 1..])));
    std::iter::once(first).chain(second)
}

fn bare(word: &str) -> &str {
    let word = word.trim_end_matches([')', ']', ',', ';', ':', '.', '`', '"', '\'', '*', '|']);
    word.strip_suffix("'s").unwrap_or(word)
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// `2.16`, `2B.10`, `3.4`; sections count from 1.
fn is_section(word: &str) -> bool {
    word.split_once('.').is_some_and(|(chapter, section)| {
        let is_chapter = is_number(chapter.strip_suffix(['A', 'B']).unwrap_or(chapter));
        is_chapter && is_number(section) && !section.starts_with('0')
    })
}

/// `docs/status.md`.
fn is_page(word: &str) -> bool {
    Path::new(word).extension().is_some_and(|ending| ending == "md")
}

/// A letter and a number: `A4`, `P18`.
fn is_coded(word: &str, letter: char) -> bool {
    word.strip_prefix(letter).is_some_and(is_number)
}

struct Reader {
    home: Option<&'static str>,
    /// The page that was just named.
    page: Option<&'static str>,
    found: Vec<Citation>,
    /// Whether the last words were a section: a number after it is a row of that section.
    has_section: bool,
}

impl Reader {
    fn read(&mut self, before: &str, word: &str, after: [&str; 2]) {
        let had_section = std::mem::take(&mut self.has_section);
        let (name, next) = (bare(word), bare(after[0]));
        if is_page(name) {
            return self.page(name);
        }
        if matches!(name, "design" | "Design" | "rule" | "rules" | "Rule" | "Rules") {
            return self.rule(name, if next == "section" { bare(after[1]) } else { next }, had_section);
        }
        if let Some((vendor, promise)) = name.split_once('/').filter(|(_, promise)| is_coded(promise, 'P')) {
            return self.promise(vendor, promise);
        }
        let row = name.strip_prefix('#').filter(|number| is_number(number));
        match name {
            _ if is_section(name) => self.section(name),
            _ if row.is_some() => self.row(name[1..].to_owned(), had_section),
            _ if announces_row(word) && is_number(next) => self.has_section = had_section,
            _ if is_number(name) && is_row(before, word, had_section) => {
                self.row(name.to_owned(), had_section);
            }
            "and" | "to" | "or" | "section" => self.has_section = had_section,
            "decision" | "Decision" => self.found.extend(next.parse().ok().map(Citation::Decision)),
            _ if NOTES.contains(&name) && next.contains(|c: char| c.is_ascii_digit()) => {
                self.found.push(Citation::Elsewhere(format!("{name} {next}")));
            }
            _ if is_coded(name, 'A') => self.at_home(ADDENDUM, name),
            _ if is_coded(name, 'P') && bare(before) == "1" => self.at_home("1", name),
            _ => self.page = None,
        }
    }

    fn page(&mut self, name: &str) {
        let known = [ARCHITECTURE, LENEL_S2, KASTLE, SALTO_KS];
        let file = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        self.page = known.into_iter().find(|page| file(page) == file(name));
        self.found.push(Citation::Page(name.to_owned()));
    }

    fn rule(&mut self, word: &str, number: &str, had_section: bool) {
        if had_section && is_number(number) {
            self.has_section = true;
            return;
        }
        let is_one = is_section(number) || (word.eq_ignore_ascii_case("design") && is_number(number));
        self.page = is_one.then_some(ARCHITECTURE);
        if is_one && !is_section(number) {
            self.push(ARCHITECTURE, number, None);
        }
    }

    fn promise(&mut self, vendor: &str, promise: &str) {
        let page = match vendor {
            "S2" => LENEL_S2,
            "Kastle" => KASTLE,
            "SALTO" => SALTO_KS,
            _ => return,
        };
        self.push(page, "1", Some(promise.to_owned()));
    }

    fn section(&mut self, section: &str) {
        // A version is a number, too: only chapters that the pages have count.
        let is_rule = section.starts_with("3.");
        let is_of_wire = ["2.", "2A.", "2B."].iter().any(|chapter| section.starts_with(chapter));
        let fits = |page: &&str| if *page == ARCHITECTURE { is_rule } else { is_of_wire };
        let Some(page) = self.page.into_iter().chain(self.home).find(fits) else { return };
        self.push(page, section, None);
        self.has_section = true;
    }

    /// A row of the section before it, or of the unknowns if there is none.
    fn row(&mut self, number: String, had_section: bool) {
        self.has_section = had_section;
        match self.found.last_mut() {
            Some(Citation::Section { row, .. }) if had_section && row.is_none() => *row = Some(number),
            Some(Citation::Section { page, section, .. }) if had_section => {
                let (page, section) = (*page, section.clone());
                self.push(page, &section, Some(number));
            }
            _ => {
                let page = self.page.into_iter().chain(self.home).find(|page| *page != ARCHITECTURE);
                if let Some(page) = page {
                    self.push(page, unknowns(page), Some(number));
                }
            }
        }
    }

    fn at_home(&mut self, section: &str, row: &str) {
        if let Some(home) = self.home.filter(|home| *home != ARCHITECTURE) {
            self.push(home, section, Some(row.to_owned()));
        }
    }

    fn push(&mut self, page: &'static str, section: &str, row: Option<String>) {
        self.found.push(Citation::Section { page, section: section.to_owned(), row });
    }
}

/// Whether a number names a row: it follows `no.` or `row`, or a section and closes the parenthesis (`2.9 3)`).
fn is_row(before: &str, word: &str, had_section: bool) -> bool {
    let goes_on = had_section && matches!(bare(before), "and" | "to" | "rule");
    announces_row(before) || goes_on || (had_section && word.contains(')'))
}

fn announces_row(word: &str) -> bool {
    matches!(word, "no." | "row" | "rows")
}

#[cfg(test)]
#[path = "citations_tests.rs"]
mod tests;
