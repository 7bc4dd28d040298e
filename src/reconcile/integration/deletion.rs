//! Computes the verdict on an AccessIntegration that is being deleted.

use vestibule_core::status::Verdict;

use super::Refusal;
use super::status::{ONCE_MORE, Situation, at_address, unremoved};
use crate::engine::ConnectionState;
use crate::reconcile::abandon;

/// The remedy for a rejected login if the Secret was deleted with its namespace: no Secret can be created there.
const ONCE_MORE_WITHOUT_SECRET: &str = "It is not tried again by itself, since systems lock accounts, and no Secret can be made in a \
    namespace that is being deleted: correct the account in the system, then annotate this AccessIntegration with a new \
    value of access.vestibule.dev/sync-requested-at to have the same login tried once more";

/// The verdict on a deletion. An open session needs no Secret, but the spec must say whether the records are to be
/// removed.
pub(super) fn deleting(situation: &Situation<'_>) -> Verdict {
    let once_more = if situation.lost_with_namespace { ONCE_MORE_WITHOUT_SECRET } else { ONCE_MORE };
    let down = situation.state.and_then(|state| match &state.condition {
        ConnectionState::Rejected(why) => Some(format!("{why}. {once_more}")),
        ConnectionState::Misconfigured(why) | ConnectionState::Unreachable(why) => {
            Some(at_address(why, situation))
        }
        ConnectionState::Unchecked | ConnectionState::Connected => None,
    });
    let missing = situation.refusal.and_then(|refusal| match refusal {
        Refusal::Unreadable(why) => Some(format!("{why}. Correct it: deletionPolicy may say that they stay")),
        Refusal::Invalid(_, why) | Refusal::Missing(why) => situation.state.is_none().then(|| why.clone()),
    });
    let unremoved = situation.state.and_then(|state| state.unremoved.as_ref()).map(unremoved);
    match missing.or(down).or(unremoved) {
        None => abandon::deleting("its records are being removed from the system", situation.misspelt),
        Some(sentence) => {
            let why = format!("its records cannot be removed: {sentence}");
            abandon::deletion_failed(&why, "them", situation.misspelt)
        }
    }
}
