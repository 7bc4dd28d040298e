//! The lists of people on a page: a search box, the rows it finds, and a note if there are more than a page shows.

use super::Request;
use super::html::{escape, table};

/// The number of people a page shows; the search finds the others.
const SHOWN: usize = 100;

/// The text in the search box of a page.
pub struct Search {
    text: String,
    needle: String,
}

impl Search {
    /// The search of a request, `?q=`.
    pub fn of(request: &Request) -> Self {
        let text = request.query_value("q").unwrap_or_default();
        Self { needle: text.trim().to_lowercase(), text }
    }

    /// The search box; `searched` names the fields that are searched.
    pub fn form(&self, searched: &str) -> String {
        format!(
            "<form><input name=q value=\"{}\" placeholder=\"{}\" aria-label=\"Find people\">\
             <button>Find</button></form>",
            escape(&self.text),
            escape(searched)
        )
    }

    /// True when one of the texts contains the searched text, or the search is empty.
    pub fn finds<T: AsRef<str>>(&self, texts: impl IntoIterator<Item = T>) -> bool {
        let contains = |text: T| text.as_ref().to_lowercase().contains(&self.needle);
        self.needle.is_empty() || texts.into_iter().any(contains)
    }
}

/// The first rows of a list as a table, after a note of how many there are if not all are shown.
pub fn first_rows<T>(heads: &[&str], all: &[T], row: impl FnMut(&T) -> Vec<String>) -> String {
    first(heads, all, SHOWN, row)
}

/// The same for a list that shows fewer rows.
pub fn first<T>(heads: &[&str], all: &[T], most: usize, row: impl FnMut(&T) -> Vec<String>) -> String {
    let rows: Vec<Vec<String>> = all.iter().take(most).map(row).collect();
    let (shown, count) = (rows.len(), all.len());
    let note = if count > shown { format!("<p class=quiet>{shown} of {count}.</p>") } else { String::new() };
    note + &table(heads, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(text: &str) -> Search {
        Search { text: text.to_owned(), needle: text.trim().to_lowercase() }
    }

    #[test]
    fn a_search_ignores_case_and_finds_everyone_when_empty() {
        assert!(search(" ADA ").finds(["ada@example.org", "x"]));
        assert!(!search("ada").finds(["Grace"]));
        assert!(search(" ").finds(Vec::<String>::new()));
        assert!(
            search("\"<b>").form("a & b").contains("value=\"&quot;&lt;b&gt;\" placeholder=\"a &amp; b\"")
        );
    }

    #[test]
    fn a_list_that_is_cut_says_how_many_there_are() {
        let row = |n: &u8| vec![n.to_string()];
        assert!(first(&["N"], &[1, 2, 3], 2, row).starts_with("<p class=quiet>2 of 3.</p><table>"));
        assert!(first_rows(&["N"], &[1, 2, 3], row).starts_with("<table>"));
    }
}
