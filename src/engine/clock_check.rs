//! Checks the system's clock (design 3.17): after a write of ours, the edit time that the system shows is compared with our
//! clock.
//!
//! A clock can go wrong in a night without writes. So each connection and each full sync writes one record of ours
//! unchanged. If that is not allowed, the next regular write is read back.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use vestibule_core::diff::Step;
use vestibule_core::identity::RecordId;
use vestibule_core::model::{DesiredRecord, Field, ObservedRecord};
use vestibule_core::plan::ExistingRecord;

use super::call::TurnError;
use super::{Engine, Priority, Reason};
use crate::system::{Page, Scope};

/// A clock may be off by this much, which does not matter to any door.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// A measured difference within this of the reported one is the same: the report must not change with every write.
const SAME_DIFFERENCE: SignedDuration = SignedDuration::from_mins(2);

/// What is known of a system's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockState {
    /// Not compared since the start.
    #[default]
    Unknown,
    /// The clock shows the time of the declared zone.
    Right,
    /// The clock differs from the time of the declared zone by this much, in whole minutes; positive is ahead.
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

impl Engine {
    /// Compares the clock once, with one write. If that is not possible now, the next write is read back instead.
    pub(super) async fn compare_clock(&self) {
        let compared = match self.write_and_compare().await {
            Ok(compared) => compared,
            Err(turn_error) => {
                tracing::debug!(integration = %self.label, ?turn_error, "the clock was not compared");
                false
            }
        };
        if !compared {
            self.inner.lock().checks.clock_is_due();
        }
    }

    /// Returns whether the clock was compared.
    async fn write_and_compare(&self) -> Result<bool, TurnError> {
        let Some(ExistingRecord { id, fingerprint, .. }) = self.record_for_clock() else { return Ok(false) };
        let found = self.read(id, Priority::Drift).await?;
        // A record that has changed since the snapshot is not written.
        let unchanged = found.filter(|found| found.facts.fingerprint() == fingerprint);
        let Some(record) = unchanged.and_then(|found| as_it_stands(id, &found)) else { return Ok(false) };
        let step = Step::Update { id, record: Arc::new(record), fields: vec![Field::Contact] };
        self.write(Priority::Drift.with_reason(Reason::ClockCheck), &step).await?;
        let written = self.clock.now();
        let page = self.observe(Priority::Drift, Scope::Record(id)).await?;
        self.note_clock(page.edited, written);
        self.look_again_if_changed(id, &page);
        Ok(page.edited.is_some())
    }

    /// A record that may be written unchanged: it was listed, and no work is queued for its object.
    fn record_for_clock(&self) -> Option<ExistingRecord> {
        let may_update = {
            let settings = self.settings.read();
            settings.mode.updates() && !settings.suspended
        };
        let shows_edit_time = self.system.read().capabilities().shows_edit_time;
        if !(may_update && shows_edit_time && *self.may_write.borrow()) {
            return None;
        }
        let inner = self.inner.lock();
        let at_rest = |one: &ExistingRecord| {
            !inner.snapshot.is_missing(&one.id) && !inner.queue.contains(one.id.object_id)
        };
        inner.snapshot.iter().filter(|one| !inner.draining && at_rest(one)).min_by_key(|one| one.id)
    }

    /// Queues a new turn if another turn changed the record between our read and our write, because our write has then
    /// restored an older text.
    fn look_again_if_changed(&self, id: RecordId, page: &Page) {
        let shown = page.records.iter().find(|one| one.id == Some(id)).map(|one| one.facts.fingerprint());
        let mut inner = self.inner.lock();
        let known = inner.snapshot.existing(id.object_id).into_iter().find(|one| one.id == id);
        if known.map(|one| one.fingerprint) == shown {
            return;
        }
        let work = Priority::Retry.with_reason(Reason::CatchUp);
        inner.rereads.insert(id.object_id);
        inner.queue.push(id.object_id, work, None, self.clock.now());
    }

    pub(super) fn note_clock(&self, edited: Option<Timestamp>, written: Timestamp) {
        let Some(edited) = edited else { return };
        let difference = edited.duration_since(written);
        let before = self.state.borrow().clock;
        let after = before.after(difference);
        // A difference is measured again with the next write: it may be gone, or a person may have edited the record.
        self.inner.lock().checks.set_clock_due(after != ClockState::Right);
        if let ClockState::Differs(difference) = after
            && after != before
        {
            let minutes = difference.as_mins();
            tracing::warn!(integration = %self.label, minutes, "the system's clock differs from the declared time zone");
        }
        self.publish(|state| state.clock = after);
    }
}

/// The record to write unchanged; `None` if it lacks a part that every record of ours has.
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
