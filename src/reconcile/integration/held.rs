//! Messages about held removals and their release.

use vestibule_core::status::Verdict;

use super::Situation;
use crate::engine::HeldBack;
use crate::reconcile::counted::counted;

/// The verdict on removals that wait for a person.
pub(super) fn held(held: &HeldBack, release: Option<&str>) -> Verdict {
    let unmarked = match held.unmarked {
        0 => String::new(),
        some => {
            let have = counted(
                some,
                "of them has lost the mark that names its object",
                "of them have lost the mark that names their object",
            );
            format!("; {have}, so that only a person can tell that it is gone")
        }
    };
    let misnamed = match held.misnamed {
        0 => String::new(),
        some => format!(
            "; {}",
            counted(
                some,
                "of them stands under an id that the system made of ours",
                "of them stand under ids that the system made of ours"
            )
        ),
    };
    let wrong = release
        .filter(|release| *release != held.hash)
        .map(|release| format!("; the annotation names {}, which is another set", short(release)));
    Verdict::deletions_held(format!(
        "{} held: {}{unmarked}{misnamed}{}. Look in the system, then annotate access.vestibule.dev/release-deletions: {} to \
         release what is held",
        counted(
            held.count,
            "removal of a record without an object is",
            "removals of records without an object are"
        ),
        names(held),
        wrong.unwrap_or_default(),
        held.hash
    ))
}

/// The names of the first held records, as many as fit into a sentence.
fn names(held: &HeldBack) -> String {
    let more = held.count.saturating_sub(held.names.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", held.names.join(", "))
}

/// The beginning of a user's text, for a message.
fn short(written: &str) -> String {
    let start: String = written.chars().take(20).collect();
    format!("{start:?}{}", if start.len() < written.len() { " and more" } else { "" })
}

/// A note about a release that has no held removals and was not used before.
pub(super) fn idle_release(situation: &Situation<'_>) -> Option<String> {
    let used = situation.state.and_then(|state| state.used_release.as_deref()).or(situation.released);
    let release = situation.release.filter(|release| Some(*release) != used)?;
    Some(format!(
        ". No removals are held: access.vestibule.dev/release-deletions names {} and releases nothing, remove it",
        short(release)
    ))
}
