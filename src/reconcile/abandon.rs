//! Deletions that cannot go on, and the annotation by which a person gives up on what is left.

use vestibule_core::status::Verdict;

use crate::api::annotation::ABANDON;
use crate::cluster::object::Meta;

/// The longest reason that leaves room for the way out in one message, in characters.
const LONGEST_REASON: usize = 600;

/// Whether a person gave up on the records of an object, or of all objects of an integration or a Property.
pub fn is_abandoned(meta: &Meta) -> bool {
    meta.annotations.get(ABANDON).is_some_and(|value| value == "true")
}

/// Whether the annotation is there with a value that does nothing.
pub fn is_misspelt(meta: &Meta) -> bool {
    meta.annotations.get(ABANDON).is_some_and(|value| value != "true")
}

/// A deletion that cannot go on: why, and how `what` can be left in the system.
pub fn deletion_failed(why: &str, what: &str, misspelt: bool) -> Verdict {
    let why: String = why.trim_end_matches('.').chars().take(LONGEST_REASON).collect();
    let way_out = format!("{why}. To leave {what} there, annotate {ABANDON}: \"true\"");
    Verdict::deletion_failed(with_note(way_out, misspelt))
}

/// A deletion that is under way.
pub fn deleting(message: impl Into<String>, misspelt: bool) -> Verdict {
    Verdict::deleting(with_note(message.into(), misspelt))
}

/// An annotation with another value would otherwise be ignored without a word.
fn with_note(message: String, misspelt: bool) -> String {
    if misspelt {
        format!(
            "{message}. The annotation {ABANDON} has another value now, which does nothing: it must be \"true\""
        )
    } else {
        message
    }
}

#[cfg(test)]
#[path = "abandon_tests.rs"]
mod tests;
