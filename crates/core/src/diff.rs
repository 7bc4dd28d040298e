//! Compares desired and observed records, one by one.

use std::sync::Arc;

use jiff::Timestamp;

use crate::identity::RecordId;
use crate::model::{Card, DesiredRecord, Facts, Field, Misnamed, ObservedRecord};

/// One change of one record in one system: one call of its protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Create the record, without its card.
    Create(Arc<DesiredRecord>),
    /// Set these fields of our own record. All other fields stay.
    Update {
        /// The id of the record.
        id: RecordId,
        /// The desired content.
        record: Arc<DesiredRecord>,
        /// The fields that differ; never [`Field::Cards`].
        fields: Vec<Field>,
    },
    /// Reduce these fields of our own record. All other fields stay.
    Reduce {
        /// The id of the record.
        id: RecordId,
        /// The content after the reduction.
        facts: Arc<Facts>,
        /// The fields that are reduced: [`Field::Window`] or [`Field::Groups`].
        fields: Vec<Field>,
    },
    /// Give the record a credential.
    AssignCard {
        /// The id of the record.
        id: RecordId,
        /// The credential.
        card: Card,
        /// The end of the credential.
        until: Timestamp,
    },
    /// Remove a credential from the record.
    WithdrawCard {
        /// The id of the record.
        id: RecordId,
        /// The credential.
        card: Card,
    },
    /// Remove the record; it opens nothing afterwards.
    Remove(RecordId),
    /// Remove a record that our own create made under another id than ours.
    RemoveMisnamed(Misnamed),
    /// Reduce a record under another id than ours that the system does not remove.
    ReduceMisnamed {
        /// The record.
        record: Misnamed,
        /// The content after the reduction.
        facts: Arc<Facts>,
        /// The fields that are reduced: [`Field::Window`] or [`Field::Groups`].
        fields: Vec<Field>,
    },
}

impl Step {
    /// The id of the record that the step changes.
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

    /// Whether the step only revokes access. Such steps come first, and continue while no new access is granted (design 3,
    /// third rule).
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

/// The fields in which a living record differs from the desired one. It is empty exactly when both are equal.
pub fn differences(record: &DesiredRecord, observed: &ObservedRecord) -> Vec<Field> {
    record.facts().differences(&observed.facts)
}

/// The steps that turn `observed` into `record`, revocations first. If no record or a dead record is observed, the record
/// is created under the id in `record`.
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
