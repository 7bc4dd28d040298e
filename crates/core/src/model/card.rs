//! Cards, and the comparison of cards.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// A credential number and the format in which it is read.
///
/// Two cards are equal if a reader cannot distinguish them. So leading zeros of a number do not count: they may be printed
/// on the card, typed by a user or dropped by a system that stores numbers.
#[derive(Clone)]
pub struct Card {
    /// The number as it was declared or as a system shows it.
    pub number: String,
    /// Name of the card format in the system; empty if the system has no formats.
    pub format: String,
}

impl Card {
    /// The number in the form in which numbers are compared.
    pub fn number_key(&self) -> &str {
        card_number_key(&self.number)
    }

    /// Whether both have the same number. Their formats may differ.
    pub fn has_number_of(&self, other: &Self) -> bool {
        self.number_key() == other.number_key()
    }

    fn key(&self) -> (&str, &str) {
        (self.number_key(), &self.format)
    }
}

/// A credential number in the form in which numbers are compared: without surrounding blanks and, if it has digits only,
/// without leading zeros. A number of zeros only becomes "0".
pub fn card_number_key(number: &str) -> &str {
    let number = number.trim();
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return number;
    }
    match number.trim_start_matches('0') {
        "" => "0",
        significant => significant,
    }
}

impl PartialEq for Card {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Card {}

impl PartialOrd for Card {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Card {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl Hash for Card {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Card").field("number", &"***").field("format", &self.format).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(number: &str) -> Card {
        Card { number: number.to_owned(), format: "26 bit".to_owned() }
    }

    #[test]
    fn cards_that_differ_in_leading_zeros_only_are_equal() {
        for (one, other) in [("7002", "0007002"), ("0", "00000"), (" 12", "12 "), ("A-09", "A-09")] {
            assert_eq!(card(one), card(other), "{one} {other}");
            assert_eq!(card(one).cmp(&card(other)), Ordering::Equal);
        }
        for (one, other) in [("7002", "70020"), ("0", "10"), ("", "0"), ("09A", "9A"), ("", "00")] {
            assert_ne!(card(one), card(other), "{one} {other}");
        }
    }

    #[test]
    fn another_format_makes_another_card_with_the_same_number() {
        let wide = Card { format: "37 bit".to_owned(), ..card("007") };
        assert_ne!(wide, card("7"));
        assert!(wide.has_number_of(&card("7")));
    }
}
