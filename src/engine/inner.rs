//! The memory of an engine.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use vestibule_core::guard::Limits;
use vestibule_core::identity::{ObjectId, Owner, RecordId};
use vestibule_core::model::{Fields, Mode};
use vestibule_core::ownership::Ownership;
use vestibule_core::plan::ExistingRecord;

use super::Reason;
use super::absence::Absence;
use super::breaker::Breaker;
use super::catalogue::Names;
use super::creates::Creates;
use super::misnamed::MisnamedRecords;
use super::outdated::Outdated;
use super::pending::Unconfirmed;
use super::remaining::Remaining;
use super::snapshot::Snapshot;
use super::undeclared::Orphan;
use super::verify::{Altered, Checks};
use super::waits::Waits;
use crate::system::SystemError;
use crate::work::backoff::earlier;
use crate::work::{Priority, Queue};

/// The settings of an engine, which may change while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `spec.mode`.
    pub mode: Mode,
    /// The integration or its Property is suspended: no new access is granted.
    pub suspended: bool,
    /// `spec.deletionGuard`.
    pub limits: Limits,
    /// The hash that the release annotation names.
    pub released: Option<String>,
    /// `spec.resyncInterval`.
    pub resync: SignedDuration,
    /// Whether records of other owners stop creates.
    pub ownership: Ownership,
    /// The generation of the spec. When it changes, creates are tried again.
    pub generation: i64,
    /// `spec.rateLimit.maxInFlight` or the system's own.
    pub max_in_flight: usize,
}

/// The engine's memory, behind one lock that is never held over an await.
#[allow(clippy::struct_excessive_bools, reason = "each has its own meaning, and they change independently")]
pub(super) struct Inner {
    /// When the loop last read the clock.
    looked: Timestamp,
    pub(super) queue: Queue,
    pub(super) snapshot: Snapshot,
    pub(super) breaker: Breaker,
    /// Creates whose answer was lost, and the latest time at which they were sent. Such a record counts as existing until the
    /// system shows otherwise. Bounded by the calls that fail while the breaker lets calls through.
    pub(super) uncertain: BTreeMap<RecordId, Timestamp>,
    /// Removals that were not read back yet.
    pub(super) unconfirmed: BTreeMap<RecordId, Unconfirmed>,
    /// Objects whose last reported outcome is [`Outcome::Unconfirmed`](super::Outcome::Unconfirmed). The confirmed outcome
    /// is reported later, unless a turn reports another one before.
    pub(super) confirmations_to_report: BTreeSet<ObjectId>,
    pub(super) absence: Absence,
    /// Which objects wait for which others.
    pub(super) waits: Waits,
    pub(super) names: Names,
    /// The differences between records and desired records that mode Observe leaves.
    pub(super) differing: BTreeMap<ObjectId, Altered>,
    /// The objects of the held-back records that the status names.
    pub(super) held_names: BTreeMap<Orphan, String>,
    /// Objects whose records are read by id at their next turn; each is in the queue.
    pub(super) rereads: BTreeSet<ObjectId>,
    pub(super) connected: bool,
    /// Why the login is rejected. No call is made until there is another login or a sync is requested.
    pub(super) rejected: Option<SystemError>,
    /// Rises with each new connection.
    pub(super) connection: u64,
    pub(super) draining: bool,
    /// When orphans are to be judged without a sync: all objects are known, a person released removals, or the last
    /// judgement could not be carried out.
    pub(super) judge_due: Option<Timestamp>,
    /// Consecutive judgements that could not be carried out.
    pub(super) judge_failures: u32,
    /// Maintenance (a connection check, a sync or a reading back) is under way.
    pub(super) maintenance: bool,
    /// After failed maintenance, the next one waits until this time.
    pub(super) maintenance_after: Option<Timestamp>,
    pub(super) sync_due: Option<Timestamp>,
    pub(super) sync_tokens: Vec<String>,
    /// How many listings have begun.
    pub(super) listings: u64,
    /// The number of pages of the last listing, to choose between a listing and single reads. It is the maximum after a
    /// suspicious listing, so that single reads are chosen.
    pub(super) pages: usize,
    /// When to publish the number of records; postponed while there is work.
    pub(super) publish_records_at: Option<Timestamp>,
    /// Since when the published number of records is outdated.
    pub(super) count_outdated_since: Option<Timestamp>,
    /// Since when rollover work is queued.
    pub(super) rollover_since: Option<Timestamp>,
    /// When the guard's removals of the last hour were made.
    pub(super) guarded: VecDeque<Timestamp>,
    /// Records that a person has released for removal and that still exist.
    pub(super) released: BTreeSet<RecordId>,
    /// Records of ours under other ids than ours; bounded by the last listing and the creates since.
    pub(super) misnamed: MisnamedRecords,
    /// Whether records may be created.
    pub(super) creates: Creates,
    /// Records of ours without a readable owner mark in the last listing or in a read since.
    pub(super) unmarked: BTreeSet<RecordId>,
    /// What is known from reading writes back.
    pub(super) checks: Checks,
    /// Objects whose record the last comparison has counted as drift, until their turn ends.
    pub(super) drifted: BTreeSet<ObjectId>,
    /// Records that were not compared since a setting that decides how records are written has changed.
    pub(super) outdated: Outdated,
    /// Records whose texts the system does not keep.
    pub(super) altered: BTreeMap<ObjectId, Altered>,
    /// Pending revocations according to the statuses of objects, and the time of the oldest; used before the first listing.
    pub(super) unlisted: (usize, Option<Timestamp>),
    /// Records that stay although they differ from the desired state.
    pub(super) remaining: Remaining,
}

/// A create whose answer was lost cannot arrive after this time, which is twice the longest call.
pub(super) const UNCERTAIN_FOR: SignedDuration = SignedDuration::from_secs(60);

/// At most this many sync tokens are kept; of more, only the last ones appear as handled.
pub(super) const SYNC_TOKENS: usize = 8;

impl Inner {
    pub(super) fn new(owner: Owner) -> Self {
        Self {
            looked: Timestamp::MIN,
            queue: Queue::default(),
            snapshot: Snapshot::new(owner),
            breaker: Breaker::new(rand::random()),
            uncertain: BTreeMap::new(),
            unconfirmed: BTreeMap::new(),
            confirmations_to_report: BTreeSet::new(),
            absence: Absence::default(),
            waits: Waits::default(),
            names: Names::default(),
            differing: BTreeMap::new(),
            held_names: BTreeMap::new(),
            rereads: BTreeSet::new(),
            connected: false,
            rejected: None,
            connection: 0,
            draining: false,
            judge_due: None,
            judge_failures: 0,
            maintenance: false,
            maintenance_after: None,
            sync_due: None,
            sync_tokens: Vec::new(),
            listings: 0,
            pages: 1,
            publish_records_at: None,
            count_outdated_since: None,
            rollover_since: None,
            guarded: VecDeque::new(),
            released: BTreeSet::new(),
            unmarked: BTreeSet::new(),
            misnamed: MisnamedRecords::default(),
            creates: Creates::default(),
            checks: Checks::default(),
            drifted: BTreeSet::new(),
            outdated: Outdated::default(),
            altered: BTreeMap::new(),
            unlisted: (0, None),
            remaining: Remaining::default(),
        }
    }

    /// Takes the present time. If the clock was set back, deadlines move with it, and past times are limited to now. Without
    /// this all work would wait for that time once more.
    pub(super) fn look_at(&mut self, now: Timestamp) {
        let back = std::mem::replace(&mut self.looked, now).duration_since(now);
        if !back.is_positive() {
            return;
        }
        self.queue.set_back(back);
        let ahead = [
            &mut self.sync_due,
            &mut self.maintenance_after,
            &mut self.judge_due,
            &mut self.publish_records_at,
        ];
        for at in ahead.into_iter().flatten() {
            *at = earlier(*at, back);
        }
        let pending = self.unconfirmed.values_mut().map(|one| &mut one.since);
        let behind = self.uncertain.values_mut().chain(&mut self.guarded).chain(pending);
        let names = self.names.lacking.values_mut().chain(&mut self.names.read_at);
        for at in behind.chain(names).chain(&mut self.rollover_since).chain(&mut self.count_outdated_since) {
            *at = now.min(*at);
        }
    }

    /// The record is gone or dead.
    pub(super) fn removed(&mut self, id: &RecordId) {
        self.acknowledged(id);
        self.remaining.forget(id);
    }

    /// The system acknowledges the removal of the record. If it was the last record of its object, what was known of altered
    /// texts is forgotten.
    pub(super) fn acknowledged(&mut self, id: &RecordId) {
        self.snapshot.removed(id);
        self.absence.note_gone(*id);
        self.note_change(id.object_id, self.looked);
        self.remaining.forget_content(id);
        if self.snapshot.existing(id.object_id).is_empty() {
            self.altered.remove(&id.object_id);
            self.differing.remove(&id.object_id);
        }
    }

    /// The living records of an object, including uncertain ones.
    pub(super) fn existing(&self, object_id: ObjectId) -> Vec<ExistingRecord> {
        let mut existing = self.snapshot.existing(object_id);
        for one in &mut existing {
            if self.remaining.is_closed(&one.id, one.fingerprint) {
                one.until = Some(Timestamp::UNIX_EPOCH);
            }
            if let Some(altered) =
                self.altered.get(&object_id).filter(|altered| altered.shown == one.fingerprint)
            {
                one.fingerprint = altered.wanted;
            }
        }
        for id in self.uncertain(object_id) {
            if !existing.iter().any(|one| one.id == id) {
                existing.push(ExistingRecord { id, fingerprint: 0, until: None });
            }
        }
        existing
    }

    /// The fields of an object's record that the system holds with other values than those that were sent.
    pub(super) fn altered_fields(&self, object_id: ObjectId) -> Fields {
        if self.altered.is_empty() {
            return Fields::default();
        }
        let existing = self.snapshot.existing(object_id);
        let altered = self
            .altered
            .get(&object_id)
            .filter(|altered| existing.iter().any(|one| one.fingerprint == altered.shown));
        altered.map(|altered| altered.fields).unwrap_or_default()
    }

    /// Removals of an object that were not read back yet.
    pub(super) fn unconfirmed(&self, object_id: ObjectId) -> Vec<RecordId> {
        self.unconfirmed
            .range(self.first_id(object_id)..)
            .map(|(id, _)| *id)
            .take_while(|id| id.object_id == object_id)
            .collect()
    }

    /// Whether removals wait to be read back by maintenance. A turn under way reads its own removals back.
    pub(super) fn awaits_reading_back(&self) -> bool {
        self.unconfirmed.keys().any(|id| !self.queue.is_in_flight(id.object_id))
    }

    /// Creates of an object whose answer was lost.
    pub(super) fn uncertain(&self, object_id: ObjectId) -> impl Iterator<Item = RecordId> {
        self.uncertain
            .range(self.first_id(object_id)..)
            .map(|(id, _)| *id)
            .take_while(move |id| id.object_id == object_id)
    }

    /// The smallest record id of an object.
    const fn first_id(&self, object_id: ObjectId) -> RecordId {
        RecordId { owner: self.snapshot.owner(), object_id, content: 0, number: 0 }
    }

    /// Records of an object that are missing from the last listing.
    pub(super) fn missing(&self, object_id: ObjectId) -> impl Iterator<Item = RecordId> {
        self.snapshot
            .existing(object_id)
            .into_iter()
            .map(|one| one.id)
            .filter(|id| self.snapshot.is_missing(id))
    }

    /// Whether every record is removed and read back, and a second listing confirms it. Always true in a mode that removes
    /// nothing.
    pub(super) fn is_drained(&self, mode: Mode) -> bool {
        let empty = self.records() == 0 && self.uncertain.is_empty() && self.unconfirmed.is_empty();
        // Draining begins with a listing of its own.
        !mode.removes() || (self.lists_are_enough() && self.sync_due.is_some() && empty)
    }

    /// Begins to drain: at once with the known records, and again with those that a listing shows.
    pub(super) fn drain(&mut self, now: Timestamp) {
        if !std::mem::replace(&mut self.draining, true) {
            self.want_witness(now);
            (self.sync_due, self.maintenance_after) = (None, None);
            self.queue_all(now);
        }
    }

    /// Ends the drain. Returns whether the engine was draining.
    pub(super) fn end_drain(&mut self) -> bool {
        let drained = std::mem::take(&mut self.draining);
        if drained {
            self.sync_due = None;
        }
        drained
    }

    /// Queues every object that has records, or may have some.
    pub(super) fn queue_all(&mut self, now: Timestamp) {
        let uncertain = self.uncertain.keys().map(|id| id.object_id);
        let all: Vec<_> =
            self.snapshot.object_ids().chain(uncertain).chain(self.misnamed.object_ids()).collect();
        for object_id in all {
            self.queue.push(object_id, Priority::Revocation.with_reason(Reason::Deletion), None, now);
        }
    }

    pub(super) fn reconnect(&mut self) {
        (self.rejected, self.maintenance_after) = (None, None);
        self.connection += 1;
        self.connected = false;
        self.checks.clock_is_due();
        self.breaker = Breaker::new(rand::random());
    }

    pub(super) fn request_sync(&mut self, token: &str) {
        (self.sync_due, self.maintenance_after) = (None, None);
        self.sync_tokens.push(token.to_owned());
        // Of too many tokens the oldest are dropped; the newest one is answered.
        let surplus = self.sync_tokens.len().saturating_sub(SYNC_TOKENS);
        self.sync_tokens.drain(..surplus);
    }

    /// A sync that began with these tokens is done. Tokens that arrived meanwhile stay.
    pub(super) fn answer_tokens(&mut self, tokens: &[String]) {
        self.sync_tokens.retain(|token| !tokens.contains(token));
    }
}
