//! Reading a write back: whether the system's clock is right, and whether it keeps the texts that it is sent.
//!
//! Most systems never alter anything, so a read costs a call only where something can be learned: after the first write of a
//! connection and of each full sync (the clock), and after texts of a kind that the system has not been seen to keep.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use vestibule_core::diff::{self, Step};
use vestibule_core::identity::{ObjectId, RecordId};
use vestibule_core::model::{DesiredRecord, Fields, ObservedRecord};

use super::call::TurnError;
use super::{Engine, Priority, Reason};
use crate::system::{self, Page, Scope, SystemError};

/// A clock may be off by this much (design 3.17): less is drift that no door notices.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// A measured difference within this of the reported one is the same: the report must not change with every write.
const SAME_DIFFERENCE: SignedDuration = SignedDuration::from_mins(2);

/// Texts up to this length are kept by every system that is known.
const SHORT_TEXT: usize = 20;

/// What is known of a system's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockState {
    /// Not compared since the start.
    #[default]
    Unknown,
    /// It shows the time of the declared zone.
    Right,
    /// It differs from the time of the declared zone by so much, in whole minutes; positive is ahead.
    Differs(SignedDuration),
}

impl ClockState {
    /// The state after a measurement.
    fn after(self, difference: SignedDuration) -> Self {
        match self {
            _ if difference.abs() <= TOLERANCE => Self::Right,
            Self::Differs(known) if (known - difference).abs() <= SAME_DIFFERENCE => self,
            _ => Self::Differs(whole_minutes(difference)),
        }
    }
}

fn whole_minutes(difference: SignedDuration) -> SignedDuration {
    let half = SignedDuration::from_secs(30 * i64::from(difference.signum()));
    SignedDuration::from_mins((difference + half).as_mins())
}

/// Fields that open nothing and that the system holds otherwise than they were sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Altered {
    /// The fingerprint of what the system shows.
    pub(super) shown: u64,
    /// The fingerprint of what was sent.
    pub(super) wanted: u64,
    /// The fields.
    pub(super) fields: Fields,
}

/// What there is to learn from reading a write back.
#[derive(Debug)]
pub(super) struct Checks {
    clock_due: bool,
    keeps_non_ascii: bool,
    /// The longest text that was read back whole.
    longest: usize,
}

impl Default for Checks {
    fn default() -> Self {
        Self { clock_due: true, keeps_non_ascii: false, longest: SHORT_TEXT }
    }
}

impl Checks {
    /// The clock is compared again with the next write.
    pub(super) fn clock_is_due(&mut self) {
        self.clock_due = true;
    }

    fn is_worth_a_call(&self, record: &DesiredRecord, shows_edit_time: bool) -> bool {
        let texts = texts(record);
        let untried =
            |text: &&str| text.chars().count() > self.longest || !(self.keeps_non_ascii || text.is_ascii());
        (self.clock_due && shows_edit_time) || texts.iter().any(untried)
    }

    fn were_kept(&mut self, record: &DesiredRecord) {
        for text in texts(record) {
            self.longest = self.longest.max(text.chars().count());
            self.keeps_non_ascii |= !text.is_ascii();
        }
    }
}

fn texts(record: &DesiredRecord) -> [&str; 5] {
    let person = &record.person;
    [&person.first_name, &person.last_name, &person.email, &person.phone, &record.tenant].map(String::as_str)
}

impl Engine {
    /// After a record was made: reads it back if there is something to learn. A read that fails is made after a later write.
    pub(super) async fn verify_created(
        &self,
        record: &Arc<DesiredRecord>,
        priority: Priority,
    ) -> Result<(), TurnError> {
        let shows_edit_time = self.system.read().capabilities().shows_edit_time;
        let worth = self.inner.lock().checks.is_worth_a_call(record, shows_edit_time);
        let written = self.clock.now();
        if !worth {
            return Ok(());
        }
        match self.observe(priority, Scope::Record(record.id)).await {
            Ok(found) => self.compare_written(record, found, written),
            Err(_) => Ok(()),
        }
    }

    /// After a record was repaired: reads it back. What somebody changes in the system is repaired each time; what the system
    /// itself does not keep is left alone and reported.
    pub(super) async fn verify_repaired(
        &self,
        record: &Arc<DesiredRecord>,
        priority: Priority,
    ) -> Result<(), TurnError> {
        let written = self.clock.now();
        let found = self.observe(priority, Scope::Record(record.id)).await?;
        self.compare_written(record, found, written)
    }

    fn compare_written(
        &self,
        record: &Arc<DesiredRecord>,
        found: Page,
        written: Timestamp,
    ) -> Result<(), TurnError> {
        self.note_clock(found.edited, written);
        let living = |one: &ObservedRecord| one.id == Some(record.id) && !one.dead;
        let Some(found) = found.records.into_iter().find(living) else { return Ok(()) };
        let fields: Fields = diff::differences(record, &found).into_iter().collect();
        let (shown, wanted) = (found.facts.fingerprint(), record.facts().fingerprint());
        let mut inner = self.inner.lock();
        if fields.is_empty() {
            inner.checks.were_kept(record);
            inner.altered.remove(&record.id.object_id);
            return Ok(());
        }
        inner.snapshot.stands(&record.id, shown, found.facts.window.map(|window| window.until));
        if fields.opens() {
            let message = "the system acknowledged the record and shows other access groups, another window or another card \
                           than it was sent: it is set right again. If this stays, look at the record in the system";
            return Err(SystemError::new(system::ErrorKind::Transient, "read", message).into());
        }
        inner.altered.insert(record.id.object_id, Altered { shown, wanted, fields });
        Ok(())
    }

    /// The fields of a slot's record that the system holds otherwise than they were sent.
    pub fn altered(&self, object_id: ObjectId) -> Fields {
        self.inner.lock().altered_fields(object_id)
    }

    fn note_clock(&self, edited: Option<Timestamp>, written: Timestamp) {
        let Some(edited) = edited else { return };
        let difference = edited.duration_since(written);
        let before = self.state.borrow().clock;
        let after = before.after(difference);
        // A difference is measured again with the next write: it may be gone, or somebody may have edited the record.
        self.inner.lock().checks.clock_due = after != ClockState::Right;
        if let ClockState::Differs(difference) = after
            && after != before
        {
            let minutes = difference.as_mins();
            tracing::warn!(integration = %self.label, minutes, "the system's clock differs from the declared time zone");
        }
        self.publish(|state| state.clock = after);
    }

    /// While the clock is known to be wrong, each full sync compares it anew, by writing one record of ours as it stands.
    pub(super) async fn compare_clock_again(&self) -> Result<(), TurnError> {
        let differs = matches!(self.state.borrow().clock, ClockState::Differs(_));
        let first = self.inner.lock().snapshot.iter().map(|existing| existing.id).min();
        let (Some(id), true) = (first, differs && self.settings.read().mode.updates()) else { return Ok(()) };
        let Some(found) = self.read(id, Priority::Drift).await? else { return Ok(()) };
        let Some(record) = as_it_stands(id, &found) else { return Ok(()) };
        let fields = vec![vestibule_core::model::Field::Contact];
        self.write(
            Priority::Drift.with_reason(Reason::Drift),
            &Step::Update { id, record: Arc::new(record), fields },
        )
        .await?;
        let written = self.clock.now();
        let found = self.observe(Priority::Drift, Scope::Record(id)).await?;
        self.note_clock(found.edited, written);
        Ok(())
    }
}

/// A record to be written as the system shows it; `None` if it lacks what a record of ours has.
fn as_it_stands(id: RecordId, found: &ObservedRecord) -> Option<DesiredRecord> {
    let facts = &found.facts;
    Some(DesiredRecord {
        id,
        mark: found.mark.clone()?,
        person: facts.person.clone(),
        tenant: facts.tenant.clone(),
        window: facts.window?,
        groups: facts.groups.clone(),
        card: facts.cards.keys().next().cloned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_within_five_minutes_is_right_and_more_is_reported_in_whole_minutes() {
        let after = |seconds| ClockState::Unknown.after(SignedDuration::from_secs(seconds));
        assert_eq!(after(300), ClockState::Right);
        assert_eq!(after(-300), ClockState::Right);
        assert_eq!(after(16_500), ClockState::Differs(SignedDuration::from_mins(275)));
        assert_eq!(after(-18_031), ClockState::Differs(SignedDuration::from_mins(-301)));
        assert_eq!(after(-18_029), ClockState::Differs(SignedDuration::from_mins(-300)));
    }

    #[test]
    fn a_reported_difference_does_not_change_with_the_seconds_of_each_write() {
        let known = ClockState::Differs(SignedDuration::from_mins(300));
        assert_eq!(known.after(SignedDuration::from_secs(18_060)), known);
        assert_ne!(known.after(SignedDuration::from_mins(240)), known);
        assert_eq!(known.after(SignedDuration::from_secs(1)), ClockState::Right);
    }
}
