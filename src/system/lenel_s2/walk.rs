//! Reads lists page by page (systems/lenel-s2.md 2.12). A walk ends where the NetBox says so. A walk that repeats a
//! page is an error, since an incomplete list proves nothing.

use super::errors;
use crate::system::{Cursor, ErrorKind, SystemError};

/// A position in a walk: the key of the next page, and one earlier key to detect a cycle (Brent: the earlier key moves
/// up at every power of two, so that a cycle of any length is found).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Walk {
    pages: u64,
    earlier: String,
    /// Where the next page starts.
    pub(super) key: String,
}

impl Walk {
    /// The position that a cursor represents.
    pub(super) fn at(operation: &'static str, cursor: &Cursor) -> Result<Self, SystemError> {
        Self::parse(&cursor.0).ok_or_else(|| {
            SystemError::new(
                ErrorKind::Terminal,
                operation,
                format!("{operation}: this cursor is of another walk"),
            )
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let (pages, rest) = text.split_once(':')?;
        let (length, keys) = rest.split_once(':')?;
        let (earlier, key) = keys.split_at_checked(length.parse().ok()?)?;
        Some(Self { pages: pages.parse().ok()?, earlier: earlier.to_owned(), key: key.to_owned() })
    }

    /// The cursor of this position.
    pub(super) fn cursor(&self) -> Cursor {
        Cursor(format!("{}:{}:{}{}", self.pages, self.earlier.len(), self.earlier, self.key))
    }

    /// The position after a page, reached from `here`, that named `next`. `-1`, an empty text or none is the end.
    pub(super) fn step(
        operation: &'static str,
        here: Option<&Self>,
        next: String,
    ) -> Result<Option<Self>, SystemError> {
        if next.is_empty() || next == "-1" {
            return Ok(None);
        }
        let Some(here) = here else {
            return Ok(Some(Self { pages: 1, earlier: next.clone(), key: next }));
        };
        if next == here.key || next == here.earlier {
            return Err(errors::incomplete(operation, "a page that leads back to one already read"));
        }
        let pages = here.pages + 1;
        let earlier = if pages.is_power_of_two() { next.clone() } else { here.earlier.clone() };
        Ok(Some(Self { pages, earlier, key: next }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks keys, where the index in the list is the page. Returns the number of pages read, or `None` if the walk
    /// failed.
    fn walk(next_of: impl Fn(&str) -> String) -> Option<usize> {
        let (mut here, mut pages) = (None::<Walk>, 0);
        loop {
            pages += 1;
            let key = here.as_ref().map_or("0", |walk| walk.key.as_str());
            match Walk::step("X", here.as_ref(), next_of(key)).ok()? {
                None => return Some(pages),
                Some(next) => here = Some(Walk::at("X", &next.cursor()).unwrap()),
            }
        }
    }

    #[test]
    fn a_walk_ends_at_minus_one_or_where_no_key_is_named() {
        for end in ["-1", ""] {
            let next = |key: &str| {
                if key == "30" { end.to_owned() } else { (key.parse::<u32>().unwrap() + 10).to_string() }
            };
            assert_eq!(walk(next), Some(4));
        }
    }

    #[test]
    fn circles_of_every_length_are_errors_wherever_they_begin() {
        for tail in 0..12_u32 {
            for length in 1..12_u32 {
                let next = |key: &str| {
                    let at = key.parse::<u32>().unwrap() + 1;
                    (if at >= tail + length { tail } else { at }).to_string()
                };
                assert_eq!(walk(next), None, "tail {tail}, circle {length}");
            }
        }
    }

    #[test]
    fn keys_with_any_text_survive_the_cursor() {
        let walk = Walk { pages: 3, earlier: "a:b ü".to_owned(), key: "7:c\n".to_owned() };
        assert_eq!(Walk::at("X", &walk.cursor()), Ok(walk));
        assert!(Walk::at("X", &Cursor("nonsense".to_owned())).is_err());
    }
}
