//! What is to be done for one object in one system, as one unit: mode and ownership are filters here, and the
//! order is fixed here. The same plan is printed in Observe and applied otherwise (design 3.11).

use std::sync::Arc;

use jiff::Timestamp;

use crate::entitlement::Entitlement;
use crate::identity::RecordId;
use crate::model::{Mode, Record};

/// What should be true of one object in one system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// Exactly this record.
    Record(Arc<Record>),
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

impl Want {
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
pub struct Held {
    /// Its id; records of other owners never get here.
    pub id: RecordId,
    /// The fingerprint of what it holds.
    pub fingerprint: u64,
    /// When it stops opening; `None` if it never does.
    pub until: Option<Timestamp>,
}

impl Held {
    /// Whether it opens doors at `now`, or may do so later.
    pub fn opens(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// One thing to do for the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Remove this record.
    Remove(RecordId),
    /// Make the record; its id is where probing starts.
    Create(Arc<Record>),
    /// Somebody changed the record behind our back: read it, compare, set it right.
    Repair(RecordId, Arc<Record>),
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
pub struct Unit {
    /// To be done in this order.
    pub acts: Vec<Act>,
    /// Differs and stays, with the reason.
    pub withheld: Vec<(Act, Withheld)>,
}

impl Unit {
    /// Whether the object is as wanted.
    pub fn is_empty(&self) -> bool {
        self.acts.is_empty() && self.withheld.is_empty()
    }

    /// What is withheld, and why; `None` if nothing is.
    pub fn withheld(&self) -> Option<(Withheld, Change)> {
        let (_, why) = self.withheld.first()?;
        let any = |is: fn(&Act) -> bool| self.withheld.iter().any(|(act, _)| is(act));
        let removes = any(|act| matches!(act, Act::Remove(_)));
        let change = match any(|act| matches!(act, Act::Create(_))) {
            true if removes => Change::Replace,
            true => Change::Make,
            false if any(|act| matches!(act, Act::Repair(..))) => Change::Repair,
            false => Change::Remove,
        };
        Some((*why, change))
    }

    /// The unit while nothing may be opened: what is over is still removed; a replacement waits as a whole, so that
    /// nobody who may enter now stands outside because of it.
    #[must_use]
    pub fn without_opening(self, held: &[Held], now: Timestamp) -> Self {
        let opens = self.acts.iter().any(|act| !matches!(act, Act::Remove(_)));
        let over = |id: &RecordId| held.iter().any(|one| one.id == *id && !one.opens(now));
        let (acts, waiting): (Vec<_>, Vec<_>) = self.acts.into_iter().partition(|act| match act {
            Act::Remove(id) => !opens || over(id),
            Act::Create(_) | Act::Repair(..) => false,
        });
        let mut withheld = self.withheld;
        withheld.extend(waiting.into_iter().map(|act| (act, Withheld::Suspended)));
        Self { acts, withheld }
    }

    fn add(&mut self, act: Act, allowed: bool, mode: Mode) {
        if allowed {
            self.acts.push(act);
        } else {
            self.withheld.push((act, Withheld::Mode(mode)));
        }
    }
}

/// The unit that makes `held` what `want` says.
///
/// A replacement stays together: if the old record opens now and may not be removed, the new one is not made beside
/// it. Under `Keep` and `AtMost` no record is removed or made here.
pub fn unit(want: &Want, held: &[Held], mode: Mode, now: Timestamp) -> Unit {
    let mut held = held.to_vec();
    held.sort_by_key(|one| one.id);
    let mut unit = Unit::default();
    let record = match want {
        Want::Keep | Want::AtMost(_) => return unit,
        Want::Ended => {
            held.retain(|one| one.opens(now));
            None
        }
        Want::Nothing => None,
        Want::Record(record) => Some(record),
    };
    let current = record.and_then(|record| held.iter().find(|one| one.id.same_content(&record.id)).copied());
    let others: Vec<Held> = held.into_iter().filter(|one| Some(one.id) != current.map(|c| c.id)).collect();
    for other in &others {
        unit.add(Act::Remove(other.id), mode.removes(), mode);
    }
    let stands_open = !mode.removes() && others.iter().any(|one| one.opens(now));
    match (record, current) {
        (Some(record), None) if mode.creates() && stands_open => {
            unit.withheld.push((Act::Create(Arc::clone(record)), Withheld::Beside(mode)));
        }
        (Some(record), None) => unit.add(Act::Create(Arc::clone(record)), mode.creates(), mode),
        (Some(record), Some(found)) if !record.id.holds(found.fingerprint) => {
            let allowed = if is_unfinished(record, &found) { mode.creates() } else { mode.updates() };
            unit.add(Act::Repair(found.id, Arc::clone(record)), allowed, mode);
        }
        _ => {}
    }
    unit
}

/// Whether only the card is still to come: a creation that was interrupted is finished where nothing may be changed.
fn is_unfinished(record: &Record, found: &Held) -> bool {
    record.card.is_some()
        && found.fingerprint == Record { card: None, ..record.clone() }.facts().fingerprint()
}
