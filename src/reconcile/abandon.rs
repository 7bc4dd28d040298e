//! Deletions that cannot continue, and the annotation with which a person gives up the remaining records.

use vestibule_core::status::Verdict;

use crate::api::annotation::ABANDON;
use crate::cluster::object::Meta;

/// The longest reason that leaves room for the remedy in one message, in characters.
const LONGEST_REASON: usize = 600;

/// Whether a person has given up the records of an object, or those of a whole integration or Property.
pub fn is_abandoned(meta: &Meta) -> bool {
    meta.annotations.get(ABANDON).is_some_and(|value| value == "true")
}

/// Whether the annotation has a value without effect.
pub fn is_misspelt(meta: &Meta) -> bool {
    meta.annotations.get(ABANDON).is_some_and(|value| value != "true")
}

/// The verdict on a deletion that cannot continue: why, and how `what` can be left in the system.
pub fn deletion_failed(why: &str, what: &str, misspelt: bool) -> Verdict {
    let why: String = why.trim_end_matches('.').chars().take(LONGEST_REASON).collect();
    let remedy = format!("{why}. To leave {what} there, annotate {ABANDON}: \"true\"");
    Verdict::deletion_failed(with_note(remedy, misspelt))
}

/// The verdict on a deletion in progress.
pub fn deleting(message: impl Into<String>, misspelt: bool) -> Verdict {
    Verdict::deleting(with_note(message.into(), misspelt))
}

/// Adds a note about an annotation with another value, which would otherwise be ignored silently.
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
