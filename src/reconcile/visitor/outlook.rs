//! Whether a visitor can be let in on the days to come, by what is declared: known from its row, with no call and without
//! the object. A Visitor of next week is refused today, not at its midnight (design 3.4).

use vestibule_core::adapt::check;
use vestibule_core::person_flags::PersonFlags;
use vestibule_core::status::{Verdict, conditions};

use super::plan::Phase;
use super::row_state::PlacementState;
use super::status_compute::{Failure, FailureKind, and_what_stays};
use super::withheld;
use crate::reconcile::declared::{Declared, DeclaredGrant, Doors, Reference};

/// What there is to expect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// Nothing that is known stands in the way.
    Clear,
    /// It is not known yet: an integration is not ready, or was not asked for its names. The sentence says which.
    Unknown(String),
    /// An integration that should let the visitor in is not ready; the sentence says which.
    Unready(String),
    /// Something that is named does not exist; the sentence says what to do.
    Waits(String),
    /// A person must change something; the sentence says what.
    Refused(String),
}

/// What is known of a visitor's records.
#[derive(Clone, Copy, Debug)]
pub struct OutlookInput<'a> {
    /// In each integration.
    pub states: &'a [PlacementState],
    /// What is the matter with one of them.
    pub failure: Option<&'a Failure>,
    /// A system is known to hold one.
    pub holds: bool,
}

impl OutlookInput<'_> {
    /// Why no record is made as declared, and what the one that may be there opens meanwhile.
    fn with_what_is_left(&self, sentence: &str) -> String {
        if withheld::kept_open(self.states).is_some() {
            return and_what_stays(sentence, self.states, None);
        }
        let judged = self.failure.is_some_and(|it| matches!(it.kind, FailureKind::Dependency));
        let is_reduced =
            |state: &PlacementState| state.is_present() || matches!(state, PlacementState::Withheld(..));
        let reduced = judged || self.states.iter().any(is_reduced);
        match self.holds {
            true if reduced => {
                format!("{sentence}; until then its former record opens only what is still declared")
            }
            true => and_what_stays(sentence, self.states, self.failure),
            false if judged => format!("{sentence}; until then it opens no door"),
            false => sentence.to_owned(),
        }
    }
}

/// What there is to say because of an outlook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saying {
    /// This.
    Verdict(Verdict),
    /// Nothing yet: the status stays as it is.
    Nothing,
    /// Whatever the records in the systems say.
    ByRecords,
}

/// The outlook of a person in a tenant.
pub fn outlook(person: PersonFlags, declared: &Declared) -> Outlook {
    match &declared.doors {
        Doors::NoGroups(sentence) => return Outlook::Refused(sentence.clone()),
        Doors::NoIntegration(sentence) => return Outlook::Waits(sentence.clone()),
        Doors::Declared => {}
    }
    let refused = declared.grants.iter().find_map(|grant| refusal(person, grant));
    if let Some(sentence) = refused {
        return Outlook::Refused(sentence);
    }
    let references =
        || declared.grants.iter().flat_map(|grant| references(person, grant).map(move |it| (grant, it)));
    let missing = references().find_map(|(_, reference)| reference.missing());
    if let Some(sentence) = declared.missing.first().map(String::as_str).or(missing) {
        return Outlook::Waits(sentence.to_owned());
    }
    if let Some(sentence) = declared.unready.first() {
        return Outlook::Unready(sentence.clone());
    }
    match references().find(|(_, reference)| **reference == Reference::Unknown) {
        Some((grant, _)) => Outlook::Unknown(not_looked_into(grant)),
        None => Outlook::Clear,
    }
}

/// Why an integration cannot hold a person, whatever its system has.
fn refusal(person: PersonFlags, grant: &DeclaredGrant) -> Option<String> {
    let refusal = check(person, grant.groups.len(), grant.capabilities.as_deref()?).err()?;
    Some(format!("{refusal} (AccessIntegration {})", grant.integration))
}

fn references(person: PersonFlags, grant: &DeclaredGrant) -> impl Iterator<Item = &Reference> {
    [Some(&grant.group), person.has_card().then_some(&grant.card_format)].into_iter().flatten()
}

fn not_looked_into(grant: &DeclaredGrant) -> String {
    format!(
        "waits for AccessIntegration {}: the access groups and card formats of its system have not been read yet",
        grant.integration
    )
}

impl Outlook {
    /// What there is to say of a visitor with this outlook. `more_days`: after the window that is on or over there is
    /// another one.
    pub fn says(&self, phase: &Phase, more_days: bool, seen: &OutlookInput<'_>) -> Saying {
        match phase {
            Phase::Today => self.says_today(seen),
            Phase::Scheduled if !seen.states.iter().any(|state| state.may_hold()) => {
                self.says_ahead(Saying::Nothing)
            }
            Phase::Over if more_days && withheld::kept_open(seen.states).is_none() => {
                self.says_ahead(Saying::ByRecords)
            }
            _ => Saying::ByRecords,
        }
    }

    fn says_today(&self, seen: &OutlookInput<'_>) -> Saying {
        let stalled = seen.failure.is_some_and(|failure| matches!(failure.kind, FailureKind::Stalled(_)));
        match self {
            Self::Refused(sentence) => refused(&seen.with_what_is_left(sentence)),
            Self::Waits(sentence) if !stalled => waits(&seen.with_what_is_left(sentence)),
            Self::Unready(sentence) if seen.failure.is_none() => waits(sentence),
            _ => Saying::ByRecords,
        }
    }

    /// An unknown outlook is no verdict: a Visitor that is Scheduled stays so while a system is not connected.
    fn says_ahead(&self, unknown: Saying) -> Saying {
        match self {
            Self::Refused(sentence) => refused(sentence),
            Self::Waits(sentence) => waits(sentence),
            Self::Unready(_) | Self::Unknown(_) => unknown,
            Self::Clear => Saying::ByRecords,
        }
    }

    /// What a visitor who is new waits for.
    pub fn awaited(&self) -> Option<&str> {
        match self {
            Self::Unready(sentence) | Self::Unknown(sentence) => Some(sentence),
            Self::Clear | Self::Waits(_) | Self::Refused(_) => None,
        }
    }
}

fn refused(sentence: &str) -> Saying {
    Saying::Verdict(Verdict::stalled(conditions::INVALID_SPEC, sentence))
}

fn waits(sentence: &str) -> Saying {
    Saying::Verdict(Verdict::dependency_not_ready(sentence).validated())
}

#[cfg(test)]
#[path = "outlook_tests.rs"]
mod tests;
