//! The outlook of a Visitor: whether it can get a record on its coming days, according to the declarations. It is
//! computed from the row, without a call and without the object, so that a Visitor of next week is refused today and
//! not at its midnight (design 3.4).

use vestibule_core::adapt::check;
use vestibule_core::person_flags::PersonFlags;
use vestibule_core::status::{Verdict, conditions};

use super::plan::Phase;
use super::row_state::PlacementState;
use super::status_compute::{Failure, FailureKind, and_what_stays};
use super::withheld;
use crate::reconcile::declared::{Declared, DeclaredGrant, Doors, Reference};

/// Whether a Visitor can get a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// No obstacle is known.
    Clear,
    /// It is not known yet: an integration is not ready, or was not asked for its names. The sentence says which.
    Unknown(String),
    /// An integration that should hold the record is not ready; the sentence says which.
    Unready(String),
    /// A declared name does not exist; the sentence says what to do.
    Waits(String),
    /// A person must change something; the sentence says what.
    Refused(String),
}

/// The facts about a Visitor's records.
#[derive(Clone, Copy, Debug)]
pub struct OutlookInput<'a> {
    /// The state in each integration.
    pub states: &'a [PlacementState],
    /// The failure of one of them.
    pub failure: Option<&'a Failure>,
    /// Whether a system is known to hold one.
    pub holds: bool,
}

impl OutlookInput<'_> {
    /// The sentence why no record is created as declared, with the access that an existing record gives meanwhile.
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

/// The effect of an outlook on the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saying {
    /// It has this verdict.
    Verdict(Verdict),
    /// Nothing yet: the status stays as it is.
    Nothing,
    /// It depends on the records in the systems.
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

/// Why an integration cannot hold a person, whatever groups and formats its system has.
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
    /// The effect of this outlook on the status of a Visitor. `more_days`: another window follows the present or last
    /// one.
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

    /// Why a new Visitor waits, in a sentence.
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
