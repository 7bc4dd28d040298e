//! Records of ours that no object declares (orphans): after a full sync the guard lets them be removed, or holds them back
//! (design 3.12).

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use vestibule_core::guard::{self, Candidate, Judgement, Verdict};
use vestibule_core::identity::RecordId;
use vestibule_core::plan::ExistingRecord;

use super::call::TurnError;
use super::disarm::Removal;
use super::inner::Inner;
use super::state::HeldBack;
use super::{Engine, Priority, Reason};
use crate::system;
use crate::work::backoff::{Failing, after};

/// The log names at most this many held-back records.
const NAMED: usize = 20;

impl Engine {
    /// Judges records of ours whose object does not exist. Before the guard's removals are carried out, the system and the
    /// API server are asked once more. A failure is retried with back-off, and does not fail the sync or the reading back.
    pub(super) async fn judge_orphans(&self) {
        self.inner.lock().judge_due = None;
        let judged = self.judge_now().await;
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        let Err(turn_error) = judged else {
            inner.judge_failures = 0;
            return;
        };
        inner.judge_failures = inner.judge_failures.saturating_add(1);
        let failing = Failing { since: now, failures: inner.judge_failures };
        let again = after(now, failing.wait(system::ErrorKind::Transient, rand::random()));
        inner.judge_due.get_or_insert(again);
        drop(inner);
        tracing::debug!(integration = %self.label, ?turn_error, "some records without an object could not be judged or removed");
    }

    async fn judge_now(&self) -> Result<(), TurnError> {
        let draining = self.inner.lock().draining;
        if draining {
            return self.drain_misnamed().await;
        }
        // Until all objects are known, no record counts as an orphan. `Engine::judge` is called when they are.
        if !self.source.is_complete() {
            return Ok(());
        }
        let forgotten = self.forget_missing_orphans().await.and(self.forget_missing_misnamed().await);
        let removes = self.settings.read().mode.removes();
        let release = self.settings.read().released.clone().filter(|_| removes);
        let allowed = self.verdict(release).allowed;
        let removed = if removes { self.remove_orphans(allowed).await } else { Ok(()) };
        self.publish_held().await;
        forgotten.and(removed)
    }

    /// Publishes the removals that are held back. A release does not count as done while one of its records remains. If the
    /// mode removes nothing, nothing is held back either, because no release would remove it.
    async fn publish_held(&self) {
        if !self.settings.read().mode.removes() {
            self.metrics.safety.deletions_held(&self.label, 0);
            return self.publish(|state| state.held = None);
        }
        let verdict = self.verdict(None);
        let names = self.held_names(&verdict.held).await;
        let misnamed = verdict.held.iter().filter(|one| matches!(one, Orphan::Misnamed(_))).count();
        let (going, unmarked) = {
            let inner = self.inner.lock();
            let is_unmarked =
                |one: &&Orphan| matches!(one, Orphan::Record(id) if inner.unmarked.contains(id));
            let going = inner.released.iter().filter(|id| !inner.remaining.is_refused(id)).count();
            (going, verdict.held.iter().filter(is_unmarked).count())
        };
        self.metrics.safety.deletions_held(&self.label, verdict.held.len() + going);
        let count = verdict.held.len();
        let held = verdict.hash.map(|hash| HeldBack { hash, count, unmarked, misnamed, names });
        let is_shown =
            |held: &HeldBack| self.state.borrow().held.as_ref().is_some_and(|it| it.hash == held.hash);
        if held.as_ref().is_some_and(|held| !is_shown(held)) {
            let first: Vec<_> = verdict.held.iter().take(NAMED).map(ToString::to_string).collect();
            let ids = first.join(" ");
            tracing::warn!(integration = %self.label, count, ids, "removals are held back until a person releases them");
        }
        self.publish(|state| match &mut state.held {
            Some(shown) if held.is_none() && going > 0 => shown.count = going,
            shown => *shown = held,
        });
    }

    /// Removes these records. If one cannot be removed, the others still are. Returns the first error.
    async fn remove_orphans(&self, orphans: Vec<Orphan>) -> Result<(), TurnError> {
        let mut first = None;
        for orphan in orphans {
            let removed = match &orphan {
                Orphan::Record(id) => self.remove_orphan(*id).await,
                Orphan::Misnamed(external_id) => self.remove_misnamed_orphan(external_id).await,
            };
            let Err(turn_error) = removed else { continue };
            if !self.passes_over(&orphan, &turn_error) {
                return Err(turn_error);
            }
            first.get_or_insert(turn_error);
        }
        first.map_or(Ok(()), Err)
    }

    /// Whether the remaining records are still processed after this failure. They are not if no further call is made or
    /// allowed.
    fn passes_over(&self, id: &Orphan, turn_error: &TurnError) -> bool {
        let inner = self.inner.lock();
        if inner.rejected.is_some() || inner.breaker.since().is_some() {
            return false;
        }
        match turn_error {
            TurnError::NotLeader | TurnError::Superseded => return false,
            TurnError::System(error) | TurnError::Unrevoked(error) => {
                tracing::warn!(integration = %self.label, %id, %error, "a record without an object could not be removed");
            }
            TurnError::Source(_)
            | TurnError::StillThere
            | TurnError::Blocked(_)
            | TurnError::Leftover(..)
            | TurnError::CreatesStopped(_) => {
                tracing::debug!(integration = %self.label, %id, ?turn_error, "could not find out whether the object of a record is gone");
            }
        }
        true
    }

    /// Records that no object declares, in no order.
    fn orphans(&self) -> Vec<ExistingRecord> {
        // The source is called without our lock, because it calls the engine under its own lock.
        let mut records: Vec<_> = self.inner.lock().snapshot.iter().collect();
        records.retain(|one| !self.source.knows(one.id.object_id));
        records
    }

    /// Reads the orphans that are missing from the listing, because no object's turn does.
    async fn forget_missing_orphans(&self) -> Result<(), TurnError> {
        let mut orphans = self.orphans();
        {
            let inner = self.inner.lock();
            orphans.retain(|one| inner.snapshot.is_missing(&one.id));
        }
        let mut first = None;
        for one in orphans {
            let Err(turn_error) = self.look_for(one.id).await else { continue };
            if !self.passes_over(&Orphan::Record(one.id), &turn_error) {
                return Err(turn_error);
            }
            first.get_or_insert(turn_error);
        }
        first.map_or(Ok(()), Err)
    }

    /// Reads a record that is missing from the listing, and updates the snapshot.
    async fn look_for(&self, id: RecordId) -> Result<(), TurnError> {
        let found = self.read(id, Priority::Drift).await?;
        let mut inner = self.inner.lock();
        match found {
            Some(record) => {
                let until = record.facts.window.map(|window| window.until);
                inner.snapshot.stands(&id, record.facts.fingerprint(), until);
            }
            None => inner.removed(&id),
        }
        Ok(())
    }

    /// Decides which orphans are removed and which are held back. Released orphans that still exist are removed; the others
    /// are judged without them.
    fn verdict(&self, release: Option<String>) -> Verdict<Orphan> {
        let now = self.clock.now();
        let limits = self.settings.read().limits;
        let orphans = self.orphans();
        let mut inner = self.inner.lock();
        let (going, orphans) = inner.released_and_others(&orphans);
        let (living, recent) = (inner.records(), inner.guarded_lately(now));
        let case = Judgement { limits, living, recent, released: None, now };
        let unreleased = guard::judge(&orphans, case);
        let mut verdict = guard::judge(&orphans, Judgement { released: release.as_deref(), ..case });
        let used = unreleased.hash.is_some() && verdict.hash.is_none();
        if used {
            inner.release(unreleased.held);
        }
        drop(inner);
        verdict.allowed.extend(going);
        if used {
            self.publish(|state| state.used_release = release);
        }
        verdict
    }

    /// Whether a record is an orphan. Its owner mark names the object, and the API server confirms that the object does not
    /// exist. A record that has lost its mark counts as an orphan if a person released it and no object has its object id.
    async fn is_orphan(&self, id: RecordId) -> Result<bool, TurnError> {
        let Some(record) = self.read(id, Priority::Drift).await? else {
            self.inner.lock().removed(&id);
            return Ok(false);
        };
        let Some(mark) = record.mark else {
            let known = self.source.knows(id.object_id);
            let mut inner = self.inner.lock();
            inner.unmarked.insert(id);
            return Ok(!known && inner.released.contains(&id));
        };
        self.inner.lock().unmarked.remove(&id);
        let gone = self.source.is_gone(&mark.object).await?;
        if !gone {
            // The object exists, so the record is no orphan, and its release is void.
            self.inner.lock().released.remove(&id);
        }
        Ok(gone)
    }

    async fn remove_orphan(&self, id: RecordId) -> Result<(), TurnError> {
        if !self.is_orphan(id).await? {
            return Ok(());
        }
        match self.remove_or_disarm(id, Priority::Drift.with_reason(Reason::Guard)).await? {
            Removal::Done => {}
            Removal::MayArrive => return Ok(()),
            Removal::Disarmed(error) => return Err(TurnError::Unrevoked(error)),
        }
        self.inner.lock().guarded.push_back(self.clock.now());
        tracing::info!(integration = %self.label, %id, "a record without an object was removed");
        Ok(())
    }

    async fn remove_misnamed_orphan(&self, external_id: &str) -> Result<(), TurnError> {
        self.remove_misnamed(external_id, Priority::Revocation.with_reason(Reason::Guard)).await?;
        self.inner.lock().guarded.push_back(self.clock.now());
        Ok(())
    }
}

/// A record that the guard judges: one that no object declares, or one under another id than ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Orphan {
    Record(RecordId),
    Misnamed(String),
}

impl fmt::Display for Orphan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(id) => write!(f, "{id}"),
            Self::Misnamed(external_id) => f.write_str(external_id),
        }
    }
}

impl Inner {
    /// Splits the orphans into released ones and those that the guard judges. An orphan that has lost its mark is judged
    /// like one that still opens doors, and so held back, because only a person can say that its object is gone. A misnamed
    /// record is judged like one whose window is over.
    fn released_and_others(&mut self, orphans: &[ExistingRecord]) -> (Vec<Orphan>, Vec<Candidate<Orphan>>) {
        let (going, others): (Vec<&ExistingRecord>, _) =
            orphans.iter().partition(|one| self.released.contains(&one.id));
        self.released = going.iter().map(|one| one.id).collect();
        let ends = |one: &ExistingRecord| one.until.filter(|_| !self.unmarked.contains(&one.id));
        let others = others.into_iter().map(|one| (Orphan::Record(one.id), ends(one)));
        let (released, misnamed): (Vec<_>, Vec<_>) =
            self.misnamed.judged().partition(|(_, is_released)| *is_released);
        let orphan = |(external_id, _): (&String, bool)| Orphan::Misnamed(external_id.clone());
        let others = others.chain(misnamed.into_iter().map(|one| (orphan(one), Some(Timestamp::MIN))));
        let others = others.map(|(id, until)| Candidate { id, until }).collect();
        let going = going.into_iter().map(|one| Orphan::Record(one.id));
        (going.chain(released.into_iter().map(orphan)).collect(), others)
    }

    /// Notes that a person has released these removals.
    fn release(&mut self, held: Vec<Orphan>) {
        for orphan in held {
            match orphan {
                Orphan::Record(id) => {
                    self.released.insert(id);
                }
                Orphan::Misnamed(external_id) => self.misnamed.release(&external_id),
            }
        }
    }

    /// How many removals the guard allowed within the last hour.
    fn guarded_lately(&mut self, now: Timestamp) -> usize {
        let old = |at: &Timestamp| now.duration_since(*at) > SignedDuration::from_hours(1);
        while self.guarded.front().is_some_and(old) {
            self.guarded.pop_front();
        }
        self.guarded.len()
    }
}
