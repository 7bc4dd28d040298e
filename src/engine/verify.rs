//! Reads a write back to find out whether the system keeps the texts that it is sent, and what its clock shows.
//!
//! Most systems never alter a text, so a write is read back only if that can show something new: after texts of a kind that
//! the system has not kept yet, and while its clock was not compared (see [`super::clock_check`]).

use std::sync::Arc;

use jiff::Timestamp;
use vestibule_core::diff;
use vestibule_core::identity::ObjectId;
use vestibule_core::model::{DesiredRecord, Fields, ObservedRecord};

use super::call::TurnError;
use super::{Engine, Priority};
use crate::system::{self, Page, Scope, SystemError};

/// Every known system keeps texts up to this length.
const SHORT_TEXT: usize = 20;

/// Fields that open nothing and that the system holds with other values than those that were sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Altered {
    /// The fingerprint of the record that the system shows.
    pub(super) shown: u64,
    /// The fingerprint of the record that was sent.
    pub(super) wanted: u64,
    /// The fields.
    pub(super) fields: Fields,
}

/// What is already known from reading writes back.
#[derive(Debug)]
pub(super) struct Checks {
    clock_due: bool,
    keeps_non_ascii: bool,
    /// The longest text that was read back unchanged.
    longest: usize,
}

impl Default for Checks {
    fn default() -> Self {
        Self { clock_due: true, keeps_non_ascii: false, longest: SHORT_TEXT }
    }
}

impl Checks {
    /// The clock is compared with the next write.
    pub(super) fn clock_is_due(&mut self) {
        self.set_clock_due(true);
    }

    pub(super) fn set_clock_due(&mut self, due: bool) {
        self.clock_due = due;
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
    /// After a record was created: reads it back if that can show something new. A failed read is made up for after a later
    /// write.
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

    /// After a record was repaired: reads it back. Manual changes in the system are repaired each time; a value that the
    /// system itself does not keep is left as it is and reported.
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
                           than it was sent: the record is corrected again. If this persists, look at the record in the system";
            return Err(SystemError::new(system::ErrorKind::Transient, "read", message).into());
        }
        let object_id = record.id.object_id;
        let before = inner.altered.insert(object_id, Altered { shown, wanted, fields });
        let is_known = before.is_some_and(|before| (before.shown, before.wanted) == (shown, wanted));
        // A full sync has already counted what it found.
        let is_new = !is_known && !inner.drifted.contains(&object_id);
        self.metrics.truth.drift(&self.label, u64::from(is_new), 0);
        Ok(())
    }

    /// The fields of an object's record that the system holds with other values than those that were sent.
    pub fn altered(&self, object_id: ObjectId) -> Fields {
        self.inner.lock().altered_fields(object_id)
    }
}
