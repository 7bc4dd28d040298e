//! What is to be done for one object in one system, as one unit: mode and ownership are filters here, and the
//! order is fixed here. The same plan is printed in Observe and applied otherwise (design 3.11).

use std::sync::Arc;

use jiff::Timestamp;

use crate::entitlement::Entitlement;
use crate::identity::RecordId;
use crate::model::{DesiredRecord, Mode};

/// What should be true of one object in one system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DesiredState {
    /// Exactly this record.
    Record(Arc<DesiredRecord>),
    /// No record.
    Nothing,
    /// Nothing any more: what has stopped opening stays until its midnight, what still opens goes, nothing is made.
    Ended,
    /// What is there stays, whatever it is, and nothing is made: what is wanted is not known.
    Keep,
    /// What is there stays, but opens no more than this; nothing is made. What is wanted is known in part, or cannot be
    /// carried out.
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
    /// Its id; records of other owners never get here.
    pub id: RecordId,
    /// The fingerprint of what it holds.
    pub fingerprint: u64,
    /// When it stops opening; `None` if it never does.
    pub until: Option<Timestamp>,
}

impl ExistingRecord {
    /// Whether it opens doors at `now`, or may do so later.
    pub fn opens(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// One thing to do for the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Remove this record.
    Remove(RecordId),
    /// Make the record; its id is where probing starts.
    Create(Arc<DesiredRecord>),
    /// Somebody changed the record behind our back: read it, compare, set it right.
    Repair(RecordId, Arc<DesiredRecord>),
}

/// Why something that differs is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Withheld {
    /// The mode forbids it.
    Mode(Mode),
    /// It would stand beside a record that the mode does not let us remove.
    Beside(Mode),
    /// The integration or its Property is suspended: what opens waits, what closes goes on.
    Suspended,
}

/// What acts together mean for a visitor's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// It is made.
    Make,
    /// It is removed.
    Remove,
    /// Another one takes its place.
    Replace,
    /// It is set right.
    Repair,
    /// It is reduced to what is still declared.
    Reduce,
}

/// The acts for one object, removals first, and what its mode withholds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionPlan {
    /// To be done in this order.
    pub actions: Vec<Action>,
    /// Differs and stays, with the reason.
    pub withheld: Vec<(Action, Withheld)>,
}

impl ActionPlan {
    /// Whether the object is as wanted.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty() && self.withheld.is_empty()
    }

    /// What is withheld, and why; `None` if nothing is.
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

    /// The unit while nothing may be opened: what is over is still removed; a replacement waits as a whole, so that
    /// nobody who may enter now stands outside because of it.
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

/// The unit that makes `held` what `want` says.
///
/// A replacement stays together: if the old record opens now and may not be removed, the new one is not made beside
/// it. Under `Keep` and `AtMost` no record is removed or made here.
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
        (Some(record), Some(found)) if !record.id.holds(found.fingerprint) => {
            let allowed = if is_unfinished(record, &found) { mode.creates() } else { mode.updates() };
            action_plan.add(Action::Repair(found.id, Arc::clone(record)), allowed, mode);
        }
        _ => {}
    }
    action_plan
}

/// Whether only the card is still to come: a creation that was interrupted is finished where nothing may be changed.
fn is_unfinished(record: &DesiredRecord, found: &ExistingRecord) -> bool {
    record.card.is_some()
        && found.fingerprint == DesiredRecord { card: None, ..record.clone() }.facts().fingerprint()
}
