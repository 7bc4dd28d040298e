//! Records that our own creates made under other ids than ours, in a system that shortens texts or chooses ids itself.
//!
//! No later step would find such a record, so it must not stay. It is removed at once and read back; until the system
//! confirms that it is gone, it is a pending revocation. After a restart a listing recognises the records under an altered
//! form of one of our ids. The guard judges these together with the orphans.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vestibule_core::diff::Step;
use vestibule_core::entitlement::disarming_misnamed;
use vestibule_core::identity::{ObjectId, Owner, RecordId};
use vestibule_core::model::{Misnamed, ObservedRecord};

use super::call::TurnError;
use super::creates::CreateStop;
use super::disarm::{closed, not_carried_out, still_open};
use super::full_sync::Walk;
use super::inner::Inner;
use super::{Engine, Priority, Reason, Work};
use crate::system::{Scope, SystemError};

/// One misnamed record.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The id that was sent, as far as it is known.
    id: RecordId,
    /// Since when its removal is pending.
    since: Timestamp,
    /// This engine created the record, so the turns of its object remove it. Otherwise the guard decides.
    made_here: bool,
    /// The record is missing from the last listing.
    is_missing: bool,
    /// A person has released its removal.
    pub(super) released: bool,
}

/// All misnamed records, by the id under which the system knows them.
#[derive(Debug, Default)]
pub(super) struct MisnamedRecords(BTreeMap<String, Entry>);

impl MisnamedRecords {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The records that a turn of this object removes.
    pub(super) fn of(&self, object_id: ObjectId) -> Vec<String> {
        let all = self.0.iter().filter(|(_, one)| one.made_here && one.id.object_id == object_id);
        all.map(|(external_id, _)| external_id.clone()).collect()
    }

    /// Whether there is a record that a turn of this object removes.
    pub(super) fn holds(&self, object_id: ObjectId) -> bool {
        self.object_ids().any(|one| one == object_id)
    }

    /// The objects whose turns remove records.
    pub(super) fn object_ids(&self) -> impl Iterator<Item = ObjectId> + '_ {
        self.0.values().filter(|one| one.made_here).map(|one| one.id.object_id)
    }

    /// The records that the guard judges, and whether a person has released them.
    pub(super) fn judged(&self) -> impl Iterator<Item = (&String, bool)> {
        self.0.iter().filter(|(_, one)| !one.made_here).map(|(external_id, one)| (external_id, one.released))
    }

    /// How many records the guard judges, and since when the oldest of them waits.
    pub(super) fn pending(&self) -> (usize, Option<Timestamp>) {
        let judged = || self.0.values().filter(|one| !one.made_here);
        (judged().count(), judged().map(|one| one.since).min())
    }

    pub(super) fn release(&mut self, external_id: &str) {
        if let Some(entry) = self.0.get_mut(external_id) {
            entry.released = true;
        }
    }

    /// Takes over the result of a complete listing.
    pub(super) fn take_listing(&mut self, listed: BTreeMap<String, RecordId>, now: Timestamp) {
        for (external_id, one) in &mut self.0 {
            one.is_missing = !listed.contains_key(external_id);
        }
        for (external_id, id) in listed {
            let new = Entry { id, since: now, made_here: false, is_missing: false, released: false };
            self.0.entry(external_id).or_insert(new);
        }
    }

    fn missing(&self) -> Vec<String> {
        let missing = self.0.iter().filter(|(_, one)| !one.made_here && one.is_missing);
        missing.map(|(external_id, _)| external_id.clone()).collect()
    }
}

impl Engine {
    /// A create for this id made records under other ids. Stops creates and removes these records. Fails if they cannot be
    /// removed yet.
    pub(super) async fn take_back(
        &self,
        id: RecordId,
        made: Vec<String>,
        work: Work,
    ) -> Result<(), TurnError> {
        {
            let (mut inner, since) = (self.inner.lock(), self.clock.now());
            inner.uncertain.remove(&id);
            inner.creates.alters_ids(made.first().map(|given| CreateStop::of_answer(&id, given)));
            for external_id in made {
                let entry = Entry { id, since, made_here: true, is_missing: false, released: false };
                inner.misnamed.0.insert(external_id, entry);
            }
            self.judge_creates(&mut inner);
        }
        self.remove_misnamed_of(id.object_id, work).await
    }

    /// Removes the records that creates for this object made under other ids.
    pub(super) async fn remove_misnamed_of(&self, object_id: ObjectId, work: Work) -> Result<(), TurnError> {
        let may_write = self.settings.read().mode.creates();
        let pending = if may_write { self.inner.lock().misnamed.of(object_id) } else { Vec::new() };
        for external_id in pending {
            self.remove_misnamed(&external_id, work).await?;
        }
        Ok(())
    }

    /// Removes a misnamed record and reads it back.
    pub(super) async fn remove_misnamed(&self, external_id: &str, work: Work) -> Result<(), TurnError> {
        let entry = self.inner.lock().misnamed.0.get(external_id).cloned();
        let Some(Entry { id, .. }) = entry else { return Ok(()) };
        let record = Misnamed { external_id: external_id.to_owned(), id };
        let refused = match self.write(work, &Step::RemoveMisnamed(record.clone())).await {
            Ok(_) => None,
            Err(TurnError::System(error)) if !error.kind.is_of_connection() => Some(error),
            Err(turn_error) => return Err(turn_error.revoking()),
        };
        if let Some(living) = self.living(external_id, work.priority).await.map_err(TurnError::revoking)? {
            let error = refused.unwrap_or_else(not_carried_out);
            return Err(self.disarm_misnamed(&record, living, error, work).await.revoking());
        }
        self.inner.lock().forget_misnamed(external_id);
        tracing::warn!(integration = %self.label, object_id = %id.object_id, "a record under another id than ours was removed");
        Ok(())
    }

    /// The system itself refuses the removal: everything that opens doors is taken from the record, and its removal is tried
    /// again. Returns the error to report.
    async fn disarm_misnamed(
        &self,
        record: &Misnamed,
        living: ObservedRecord,
        error: SystemError,
        work: Work,
    ) -> TurnError {
        if !self.inner.lock().remaining.note_refusal(record.id, &error) {
            return TurnError::System(error);
        }
        let mut facts = living.facts;
        for step in disarming_misnamed(record, &facts, self.clock.now()) {
            match self.write(work.as_revocation(), &step).await {
                Ok(_) | Err(TurnError::System(_)) => {}
                Err(turn_error) => return turn_error,
            }
        }
        match self.living(&record.external_id, Priority::Revocation).await {
            Ok(Some(left)) => facts = left.facts,
            Ok(None) => {}
            Err(turn_error) => return turn_error,
        }
        let is_closed = !facts.may_open(self.clock.now());
        let mut inner = self.inner.lock();
        inner.remaining.note_closed(record.id, facts.fingerprint(), is_closed);
        inner.remaining.note_judged(&record.id);
        TurnError::System(if is_closed { closed(&error) } else { still_open(&error, facts.cards.is_empty()) })
    }

    /// The living record under an external id, if there is one.
    async fn living(
        &self,
        external_id: &str,
        priority: Priority,
    ) -> Result<Option<ObservedRecord>, TurnError> {
        let found = self.observe(priority, Scope::ExternalId(external_id.to_owned())).await?.records;
        Ok(found.into_iter().find(|person| person.external_id == external_id && !person.dead))
    }

    /// Forgets records that are missing from a listing if a read by id does not find them either.
    pub(super) async fn forget_missing_misnamed(&self) -> Result<(), TurnError> {
        let missing = self.inner.lock().misnamed.missing();
        for external_id in missing {
            if self.living(&external_id, Priority::Drift).await?.is_none() {
                self.inner.lock().forget_misnamed(&external_id);
            }
        }
        Ok(())
    }

    /// Removes all misnamed records without a release, because the integration is being deleted.
    pub(super) async fn drain_misnamed(&self) -> Result<(), TurnError> {
        let all: Vec<_> = self.inner.lock().misnamed.judged().map(|(id, _)| id.clone()).collect();
        let work = Priority::Revocation.with_reason(Reason::Deletion);
        for external_id in all {
            self.remove_misnamed(&external_id, work).await?;
        }
        Ok(())
    }

    /// Searches for records that a create for this id may have made under another id, and removes them. Returns whether
    /// there were any.
    pub(super) async fn find_misnamed(&self, id: RecordId, work: Work) -> Result<bool, TurnError> {
        let (mut walk, mut found) = (Walk::default(), Vec::new());
        // Where no record of ours ever had a mark, no person can carry a copy of one, so a mark proves the origin.
        let marks_prove = !self.inner.lock().creates.have_kept_ids();
        loop {
            let page = self.observe(work.priority, Scope::People(walk.cursor())).await?;
            let made = page.records.iter().filter(|person| is_made_for(person, id, marks_prove));
            found.extend(made.map(|person| person.external_id.clone()));
            if !walk.goes_on(page.next)? {
                break;
            }
        }
        let any = !found.is_empty();
        if any {
            self.take_back(id, found, work).await?;
        }
        Ok(any)
    }
}

/// Whether a create for this id made a living record under a foreign id: the foreign id is an altered form of this id, or
/// the owner mark names its object.
fn is_made_for(person: &ObservedRecord, id: RecordId, marks_prove: bool) -> bool {
    let is_marked = marks_prove
        && person
            .mark
            .as_ref()
            .is_some_and(|mark| Owner::of(&mark.owner_id) == id.owner && mark.object_id() == id.object_id);
    !person.dead && person.id.is_none() && (is_marked || id.is_altered_as(&person.external_id))
}

impl Inner {
    /// The record is gone.
    fn forget_misnamed(&mut self, external_id: &str) {
        if let Some(entry) = self.misnamed.0.remove(external_id) {
            self.remaining.forget(&entry.id);
        }
    }

    /// The number of our living records, including the misnamed ones.
    pub(super) fn records(&self) -> usize {
        self.snapshot.len() + self.misnamed.len()
    }

    /// Whether a create without an answer may have made a record under another id.
    pub(super) fn may_be_misnamed(&self, id: &RecordId) -> bool {
        !self.creates.ids_are_kept() && self.uncertain.contains_key(id)
    }
}
