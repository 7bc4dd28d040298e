//! The actions for one object in one system, as one unit. This module fixes their order and withholds those that the mode
//! forbids. Mode Observe reports the plan, the other modes apply it (design 3.11).

use std::sync::Arc;

use jiff::Timestamp;

use crate::entitlement::Entitlement;
use crate::identity::RecordId;
use crate::model::{DesiredRecord, Mode};

/// The desired state of one object in one system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DesiredState {
    /// Exactly this record.
    Record(Arc<DesiredRecord>),
    /// No record.
    Nothing,
    /// The window is over: a record that still opens is removed, one that opens nothing stays until midnight, and none is
    /// created.
    Ended,
    /// Existing records stay unchanged and none is created, because the desired record is not known.
    Keep,
    /// Existing records stay but open no more than this, and none is created. The desired record is known in part, or cannot
    /// be created.
    AtMost(Arc<Entitlement>),
}

impl DesiredState {
    /// The most that a record of the object may open; `None` if no record may stay, or nothing is known.
    pub fn entitlement(&self) -> Option<Entitlement> {
        match self {
            Self::Record(record) => Some(Entitlement::of(record)),
            Self::AtMost(entitlement) => Some((**entitlement).clone()),
            Self::Nothing | Self::Ended | Self::Keep => None,
        }
    }
}

/// A living record of the object, as the snapshot holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExistingRecord {
    /// Its id. It is never a record of another owner.
    pub id: RecordId,
    /// The fingerprint of its content.
    pub fingerprint: u64,
    /// The time after which the record opens nothing; `None` if its access has no end.
    pub until: Option<Timestamp>,
}

impl ExistingRecord {
    /// Whether the record opens doors at `now`, or may do so later.
    pub fn opens(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// One action for the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Remove this record.
    Remove(RecordId),
    /// Create the record. The search for an unused number starts at its id.
    Create(Arc<DesiredRecord>),
    /// The record was changed in the system: read it, compare it, and correct it.
    Repair(RecordId, Arc<DesiredRecord>),
}

/// Why an action is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Withheld {
    /// The mode forbids it.
    Mode(Mode),
    /// The new record would exist beside an old one that the mode does not allow to be removed.
    Beside(Mode),
    /// The integration or its Property is suspended: new access waits, revocations continue.
    Suspended,
}

impl Withheld {
    /// The mode that forbids the action.
    pub const fn mode(self) -> Option<Mode> {
        match self {
            Self::Mode(mode) | Self::Beside(mode) => Some(mode),
            Self::Suspended => None,
        }
    }
}

/// The combined effect of actions on a visitor's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The record is created.
    Make,
    /// The record is removed.
    Remove,
    /// The record is replaced by another one.
    Replace,
    /// The record is corrected.
    Repair,
    /// The record is reduced to the access that is still declared.
    Reduce,
}

/// The actions for one object, removals first, and the actions that are withheld.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionPlan {
    /// The actions to carry out, in this order.
    pub actions: Vec<Action>,
    /// The actions that are not carried out, with the reason.
    pub withheld: Vec<(Action, Withheld)>,
}

impl ActionPlan {
    /// Whether the existing records match the desired state.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty() && self.withheld.is_empty()
    }

    /// The withheld change and the reason; `None` if nothing is withheld.
    pub fn withheld(&self) -> Option<(Withheld, Change)> {
        let (_, why) = self.withheld.first()?;
        let any = |is: fn(&Action) -> bool| self.withheld.iter().any(|(action, _)| is(action));
        let removes = any(|action| matches!(action, Action::Remove(_)));
        let change = match any(|action| matches!(action, Action::Create(_))) {
            true if removes => Change::Replace,
            true => Change::Make,
            false if any(|action| matches!(action, Action::Repair(..))) => Change::Repair,
            false => Change::Remove,
        };
        Some((*why, change))
    }

    /// The plan while no new access may be granted. Records whose access is over are still removed. A replacement waits as
    /// a whole, so that a visitor with access now does not lose it.
    #[must_use]
    pub fn without_opening(self, existing: &[ExistingRecord], now: Timestamp) -> Self {
        let opens = self.actions.iter().any(|action| !matches!(action, Action::Remove(_)));
        let over = |id: &RecordId| existing.iter().any(|one| one.id == *id && !one.opens(now));
        let (actions, waiting): (Vec<_>, Vec<_>) =
            self.actions.into_iter().partition(|action| match action {
                Action::Remove(id) => !opens || over(id),
                Action::Create(_) | Action::Repair(..) => false,
            });
        let mut withheld = self.withheld;
        withheld.extend(waiting.into_iter().map(|action| (action, Withheld::Suspended)));
        Self { actions, withheld }
    }

    fn add(&mut self, action: Action, allowed: bool, mode: Mode) {
        if allowed {
            self.actions.push(action);
        } else {
            self.withheld.push((action, Withheld::Mode(mode)));
        }
    }
}

/// The actions that turn the `existing` records into the `desired` state.
///
/// A replacement is not split: if the old record opens now and may not be removed, the new one is not created beside it.
/// Under `Keep` and `AtMost` no record is removed or created.
pub fn action_plan(
    desired: &DesiredState,
    existing: &[ExistingRecord],
    mode: Mode,
    now: Timestamp,
) -> ActionPlan {
    let mut existing = existing.to_vec();
    existing.sort_by_key(|one| one.id);
    let mut action_plan = ActionPlan::default();
    let record = match desired {
        DesiredState::Keep | DesiredState::AtMost(_) => return action_plan,
        DesiredState::Ended => {
            existing.retain(|one| one.opens(now));
            None
        }
        DesiredState::Nothing => None,
        DesiredState::Record(record) => Some(record),
    };
    let current =
        record.and_then(|record| existing.iter().find(|one| one.id.same_content(&record.id)).copied());
    let others: Vec<ExistingRecord> =
        existing.into_iter().filter(|one| Some(one.id) != current.map(|c| c.id)).collect();
    for other in &others {
        action_plan.add(Action::Remove(other.id), mode.removes(), mode);
    }
    let stands_open = !mode.removes() && others.iter().any(|one| one.opens(now));
    match (record, current) {
        (Some(record), None) if mode.creates() && stands_open => {
            action_plan.withheld.push((Action::Create(Arc::clone(record)), Withheld::Beside(mode)));
        }
        (Some(record), None) => action_plan.add(Action::Create(Arc::clone(record)), mode.creates(), mode),
        (Some(record), Some(found)) if record.facts().fingerprint() != found.fingerprint => {
            let allowed = if is_unfinished(record, &found) { mode.creates() } else { mode.updates() };
            action_plan.add(Action::Repair(found.id, Arc::clone(record)), allowed, mode);
        }
        _ => {}
    }
    action_plan
}

/// Whether only the card is missing. An interrupted create is then completed, even if the mode forbids changes.
fn is_unfinished(record: &DesiredRecord, found: &ExistingRecord) -> bool {
    record.card.is_some()
        && found.fingerprint == DesiredRecord { card: None, ..record.clone() }.facts().fingerprint()
}
