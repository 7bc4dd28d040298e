//! The NetBox's own words, made safe to show: they help to configure the NetBox, but may name people (design 3.18).

use super::envelope::{Command, printable};

/// The maximum length of the NetBox's own words that is shown.
const MAX_WORDS: usize = 160;

/// Words of the NetBox's own errors. Any other capitalised word may be a name and is not shown.
const VOCABULARY: &[&str] = &[
    "a",
    "access",
    "activation",
    "active",
    "already",
    "at",
    "be",
    "bit",
    "by",
    "can",
    "cannot",
    "card",
    "character",
    "characters",
    "command",
    "count",
    "credential",
    "data",
    "database",
    "date",
    "dates",
    "delete",
    "disabled",
    "does",
    "elevator",
    "encoded",
    "error",
    "exceed",
    "exist",
    "exists",
    "expdate",
    "expiration",
    "actdate",
    "failed",
    "file",
    "for",
    "format",
    "found",
    "group",
    "hotstamp",
    "id",
    "in",
    "internal",
    "invalid",
    "is",
    "key",
    "last",
    "first",
    "length",
    "level",
    "levels",
    "limit",
    "login",
    "longer",
    "maximum",
    "may",
    "missing",
    "more",
    "must",
    "name",
    "no",
    "not",
    "number",
    "of",
    "on",
    "only",
    "output",
    "parameter",
    "partition",
    "password",
    "person",
    "portal",
    "range",
    "reader",
    "referenced",
    "required",
    "role",
    "selected",
    "session",
    "sessions",
    "site",
    "specified",
    "state",
    "status",
    "system",
    "the",
    "this",
    "time",
    "to",
    "too",
    "udf",
    "unable",
    "unknown",
    "use",
    "user",
    "username",
    "valid",
    "value",
    "wiegand",
];

/// The NetBox's words in quotes, without anything that may belong to a person (design 3.18).
pub(super) fn quoted(command: &Command, words: &str) -> String {
    let safe = safe_words(command, words);
    if safe.is_empty() { "nothing more".to_owned() } else { format!("\"{safe}\"") }
}

/// Keeps lower-case words, the vocabulary, and the names of levels and formats in the request. A name, a number or an
/// address of a person becomes an ellipsis.
fn safe_words(command: &Command, words: &str) -> String {
    let texts = command.texts();
    let is_public =
        |name: &str| matches!(name, "ACCESSLEVEL" | "ACCESSLEVELNAME" | "CARDFORMAT" | "PARTITIONKEY");
    let (public, private): (Vec<_>, Vec<_>) = texts.into_iter().partition(|(name, _)| is_public(name));
    let holds = |set: &[(&str, &str)], word: &str| {
        set.iter().any(|(_, text)| text.split_whitespace().any(|part| bare(part).eq_ignore_ascii_case(word)))
    };
    let mut safe = String::new();
    for word in printable(words).split_whitespace() {
        let plain = bare(word);
        let shown = holds(&public, plain) || (is_ordinary(plain) && !holds(&private, plain));
        let next = if shown { word } else { "..." };
        if safe.len() + next.len() >= MAX_WORDS {
            break;
        }
        if !safe.is_empty() {
            safe.push(' ');
        }
        safe.push_str(next);
    }
    safe
}

/// A word that cannot be a name: in lower case, in the vocabulary, or the name of an element.
fn is_ordinary(word: &str) -> bool {
    let element = word.chars().all(|c| c.is_ascii_uppercase())
        && ["KEY", "NAME", "DATE", "NUM"].iter().any(|end| word.ends_with(end));
    element
        || word.chars().all(|c| c.is_ascii_lowercase())
        || VOCABULARY.contains(&word.to_lowercase().as_str())
}

/// A word without the punctuation around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| c.is_ascii_punctuation())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add_person() -> Command {
        Command::new("AddPerson")
            .with("LASTNAME", "Byron")
            .with("CONTACTEMAIL", "ada@example.org")
            .with("ACCESSLEVEL", "Floor 4")
    }

    #[test]
    fn known_texts_of_the_netbox_are_shown_as_they_are() {
        for text in
            ["Missing Last Name", "Encoded number is too large for selected format", "Invalid PERSONKEY"]
        {
            assert_eq!(safe_words(&add_person(), text), text);
        }
        assert_eq!(
            safe_words(&add_person(), "Access level Floor 4 not found"),
            "Access level Floor 4 not found"
        );
    }

    #[test]
    fn nothing_of_a_person_survives_in_an_error() {
        for text in ["byron", "Byron", "Smith", "ada@example.org", "47110815", "BYRON", "Zoë", "O'Neil"] {
            let said = safe_words(&add_person(), &format!("Card already assigned to {text}, sorry"));
            assert!(!said.to_lowercase().contains(&text.to_lowercase()), "{said}");
        }
    }

    #[test]
    fn long_words_are_cut_and_control_characters_are_removed() {
        let said = safe_words(&add_person(), &"too\u{7} large\n".repeat(500));
        assert!(said.len() <= MAX_WORDS && !said.contains(char::is_control), "{said}");
    }
}
