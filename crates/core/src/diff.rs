//! Compares what should be with what was found, record by record.

use std::sync::Arc;

use jiff::Timestamp;

use crate::identity::RecordId;
use crate::model::{Card, DesiredRecord, Facts, Field, Misnamed, ObservedRecord};

/// One change of one record in one system: one call of its wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make the record, without its card.
    Create(Arc<DesiredRecord>),
    /// Set these fields of our own record, all others stay.
    Update {
        /// Which.
        id: RecordId,
        /// What it should hold.
        record: Arc<DesiredRecord>,
        /// What of it differs; never [`Field::Cards`].
        fields: Vec<Field>,
    },
    /// Set these fields of our own record to less than it holds, all others stay.
    Reduce {
        /// Which.
        id: RecordId,
        /// What it should hold.
        facts: Arc<Facts>,
        /// What of it is reduced: [`Field::Window`] or [`Field::Groups`].
        fields: Vec<Field>,
    },
    /// Give the record a credential.
    AssignCard {
        /// Which.
        id: RecordId,
        /// The credential.
        card: Card,
        /// When it ends.
        until: Timestamp,
    },
    /// Take a credential away.
    WithdrawCard {
        /// Which.
        id: RecordId,
        /// The credential.
        card: Card,
    },
    /// Remove the record; it opens nothing afterwards.
    Remove(RecordId),
    /// Remove a record that our own create made under another id than ours.
    RemoveMisnamed(Misnamed),
    /// The same for a record that the system does not remove: reduce it.
    ReduceMisnamed {
        /// Which.
        record: Misnamed,
        /// What it should hold.
        facts: Arc<Facts>,
        /// What of it is reduced: [`Field::Window`] or [`Field::Groups`].
        fields: Vec<Field>,
    },
}

impl Step {
    /// The record it is about.
    pub fn id(&self) -> RecordId {
        match self {
            Self::Create(record) => record.id,
            Self::Update { id, .. }
            | Self::Reduce { id, .. }
            | Self::AssignCard { id, .. }
            | Self::WithdrawCard { id, .. }
            | Self::Remove(id) => *id,
            Self::RemoveMisnamed(record) | Self::ReduceMisnamed { record, .. } => record.id,
        }
    }

    /// The word in logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Create(_) => "create",
            Self::Update { .. } => "update",
            Self::Reduce { .. } => "reduce",
            Self::AssignCard { .. } => "assign-card",
            Self::WithdrawCard { .. } => "withdraw-card",
            Self::Remove(_) => "remove",
            Self::RemoveMisnamed(_) => "remove-misnamed",
            Self::ReduceMisnamed { .. } => "reduce-misnamed",
        }
    }

    /// Whether it only takes away: such steps come first and go on when opening is stopped (design 3, third rule).
    pub const fn revokes(&self) -> bool {
        matches!(
            self,
            Self::Remove(_)
                | Self::RemoveMisnamed(_)
                | Self::ReduceMisnamed { .. }
                | Self::WithdrawCard { .. }
                | Self::Reduce { .. }
        )
    }
}

/// The fields in which a living record differs from what it should be; empty exactly when it satisfies it.
pub fn differences(record: &DesiredRecord, observed: &ObservedRecord) -> Vec<Field> {
    record.facts().differences(&observed.facts)
}

/// The steps that make `observed` what `record` says, what takes away first. Nothing observed, or a dead record: it is
/// made anew under the id that `record` carries.
pub fn diff(record: &Arc<DesiredRecord>, observed: Option<&ObservedRecord>) -> Vec<Step> {
    let id = record.id;
    let assign = |card: &Card| Step::AssignCard { id, card: card.clone(), until: record.window.until };
    let Some(observed) = observed.filter(|found| !found.dead) else {
        let card = record.card.iter().map(assign);
        return std::iter::once(Step::Create(Arc::clone(record))).chain(card).collect();
    };
    let (wanted, found) = (record.facts(), &observed.facts);
    let surplus = found.cards.iter().filter(|(card, until)| wanted.cards.get(card) != Some(until));
    let missing = wanted.cards.iter().filter(|(card, until)| found.cards.get(card) != Some(until));
    let mut steps: Vec<Step> =
        surplus.map(|(card, _)| Step::WithdrawCard { id, card: card.clone() }).collect();
    let mut fields = wanted.differences(found);
    fields.retain(|field| *field != Field::Cards);
    if !fields.is_empty() {
        steps.push(Step::Update { id, record: Arc::clone(record), fields });
    }
    steps.extend(missing.map(|(card, _)| assign(card)));
    steps
}
