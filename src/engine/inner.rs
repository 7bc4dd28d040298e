//! What an engine holds.

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

/// What may change while an engine runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `spec.mode`.
    pub mode: Mode,
    /// The integration or its Property is suspended: nothing is opened.
    pub suspended: bool,
    /// `spec.deletionGuard`.
    pub limits: Limits,
    /// The hash that the release annotation names.
    pub released: Option<String>,
    /// `spec.resyncInterval`.
    pub resync: SignedDuration,
    /// Whether records of other owners stop creates.
    pub ownership: Ownership,
    /// The generation of the spec: with another one creates are tried again.
    pub generation: i64,
    /// `spec.rateLimit.maxInFlight` or the system's own.
    pub max_in_flight: usize,
}

/// The engine's memory, behind one lock that is never held over an await.
#[allow(clippy::struct_excessive_bools, reason = "each says one thing, and they change independently")]
pub(super) struct Inner {
    /// When the loop looked at the clock last.
    looked: Timestamp,
    pub(super) queue: Queue,
    pub(super) snapshot: Snapshot,
    pub(super) breaker: Breaker,
    /// Creates whose answer was lost, and when they left at the latest: they count as held until the system says otherwise.
    /// Bounded by the calls that fail while the breaker lets calls through.
    pub(super) uncertain: BTreeMap<RecordId, Timestamp>,
    /// Removals that are still to be read back.
    pub(super) unconfirmed: BTreeMap<RecordId, Unconfirmed>,
    /// Slots whose last outcome is that something is unconfirmed: they are told once it is not. Whoever was told something
    /// else since keeps that.
    pub(super) untold: BTreeSet<ObjectId>,
    pub(super) absence: Absence,
    /// Who waits for which other object.
    pub(super) waits: Waits,
    pub(super) names: Names,
    /// Where the record of an object differs from what is declared while mode Observe leaves it so.
    pub(super) differing: BTreeMap<ObjectId, Altered>,
    /// The objects of the held records that the status names.
    pub(super) held_names: BTreeMap<Orphan, String>,
    /// Slots whose records are read by id at their next turn; each is in the queue.
    pub(super) rereads: BTreeSet<ObjectId>,
    pub(super) connected: bool,
    /// Why the login is refused: nothing is called until there is another.
    pub(super) rejected: Option<SystemError>,
    /// Rises with each new connection.
    pub(super) connection: u64,
    pub(super) draining: bool,
    /// From when on orphans are to be judged without a sync: all objects are known now, somebody released some, or the last
    /// judgement could not be carried out.
    pub(super) judge_due: Option<Timestamp>,
    /// How often in a row it could not.
    pub(super) judge_failures: u32,
    /// A check, a sync or a batch of confirmations is under way.
    pub(super) maintenance: bool,
    /// After a failed one, the next waits until then.
    pub(super) maintenance_after: Option<Timestamp>,
    pub(super) sync_due: Option<Timestamp>,
    pub(super) sync_tokens: Vec<String>,
    /// How many listings have begun.
    pub(super) listings: u64,
    /// What a listing costs beside reading one by one: the pages of the last. No number of reads is too many after one that
    /// proves nothing.
    pub(super) pages: usize,
    /// When to tell how many records there are; put off while there is work.
    pub(super) tell_records: Option<Timestamp>,
    /// Since when the published record count is not the present one.
    pub(super) miscounted_since: Option<Timestamp>,
    /// Since when rollover work is queued.
    pub(super) rollover_since: Option<Timestamp>,
    /// When guarded removals of the last hour were made.
    pub(super) guarded: VecDeque<Timestamp>,
    /// Records that somebody has released and that are still there.
    pub(super) released: BTreeSet<RecordId>,
    /// Records of ours under other ids than ours; bounded by what the last listing shows and what creates made since.
    pub(super) misnamed: MisnamedRecords,
    /// Whether records may be created.
    pub(super) creates: Creates,
    /// Records of ours without a readable mark, as the last listing shows them, and those that were read since.
    pub(super) unmarked: BTreeSet<RecordId>,
    /// What there is to learn from reading writes back.
    pub(super) checks: Checks,
    /// Objects whose record the last comparison has counted as drift, until their turn ends.
    pub(super) drifted: BTreeSet<ObjectId>,
    /// What was not compared since a setting has changed that decides how a record is written.
    pub(super) outdated: Outdated,
    /// Records whose texts the system does not keep as they are sent.
    pub(super) altered: BTreeMap<ObjectId, Altered>,
    /// Pending revocations according to the statuses of objects, and the time of the oldest; used before the first list.
    pub(super) unlisted: (usize, Option<Timestamp>),
    /// Records that stay although they are not wanted as they are.
    pub(super) remaining: Remaining,
}

/// After this time a create whose answer was lost cannot arrive any more: twice the longest call.
pub(super) const UNCERTAIN_FOR: SignedDuration = SignedDuration::from_secs(60);

/// Sync tokens kept while one sync runs; more are answered by the last.
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
            untold: BTreeSet::new(),
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
            tell_records: None,
            miscounted_since: None,
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

    /// Looks at the clock. If it was set back, what lies ahead moves with it, and what lies behind is not later than now:
    /// else everything would wait for that time once more.
    pub(super) fn look_at(&mut self, now: Timestamp) {
        let back = std::mem::replace(&mut self.looked, now).duration_since(now);
        if !back.is_positive() {
            return;
        }
        self.queue.set_back(back);
        let ahead =
            [&mut self.sync_due, &mut self.maintenance_after, &mut self.judge_due, &mut self.tell_records];
        for at in ahead.into_iter().flatten() {
            *at = earlier(*at, back);
        }
        let pending = self.unconfirmed.values_mut().map(|one| &mut one.since);
        let behind = self.uncertain.values_mut().chain(&mut self.guarded).chain(pending);
        let names = self.names.lacking.values_mut().chain(&mut self.names.read_at);
        for at in behind.chain(names).chain(&mut self.rollover_since).chain(&mut self.miscounted_since) {
            *at = now.min(*at);
        }
    }

    /// The record is gone or dead.
    pub(super) fn removed(&mut self, id: &RecordId) {
        self.acknowledged(id);
        self.remaining.forget(id);
    }

    /// The system says that it has removed the record. With the last one of its slot goes what was known of
    /// altered texts.
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

    /// The living records of a slot, those with an unknown outcome among them.
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

    /// The fields of a slot's record that the system holds otherwise than they were sent.
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

    /// Removals of a slot that are still to be read back.
    pub(super) fn unconfirmed(&self, object_id: ObjectId) -> Vec<RecordId> {
        self.unconfirmed
            .range(self.first_id(object_id)..)
            .map(|(id, _)| *id)
            .take_while(|id| id.object_id == object_id)
            .collect()
    }

    /// Whether removals wait to be read back that no turn under way reads back itself.
    pub(super) fn awaits_reading_back(&self) -> bool {
        self.unconfirmed.keys().any(|id| !self.queue.is_in_flight(id.object_id))
    }

    /// Creates of a slot whose answer was lost.
    pub(super) fn uncertain(&self, object_id: ObjectId) -> impl Iterator<Item = RecordId> {
        self.uncertain
            .range(self.first_id(object_id)..)
            .map(|(id, _)| *id)
            .take_while(move |id| id.object_id == object_id)
    }

    /// The id that sorts before every other of its slot.
    const fn first_id(&self, object_id: ObjectId) -> RecordId {
        RecordId { owner: self.snapshot.owner(), object_id, content: 0, number: 0 }
    }

    /// Records of a slot that the last listing lacks.
    pub(super) fn missing(&self, object_id: ObjectId) -> impl Iterator<Item = RecordId> {
        self.snapshot
            .existing(object_id)
            .into_iter()
            .map(|one| one.id)
            .filter(|id| self.snapshot.is_missing(id))
    }

    /// Whether everything that the mode lets us remove is removed and read back, and a second list lacks it.
    pub(super) fn is_drained(&self, mode: Mode) -> bool {
        let empty = self.records() == 0 && self.uncertain.is_empty() && self.unconfirmed.is_empty();
        // Draining begins with a listing of its own.
        !mode.removes() || (self.lists_are_enough() && self.sync_due.is_some() && empty)
    }

    /// Begins to drain: at once with what is known, and again with what a listing shows.
    pub(super) fn drain(&mut self, now: Timestamp) {
        if !std::mem::replace(&mut self.draining, true) {
            self.want_witness(now);
            (self.sync_due, self.maintenance_after) = (None, None);
            self.queue_all(now);
        }
    }

    /// Ends to drain, and says whether it was draining.
    pub(super) fn end_drain(&mut self) -> bool {
        let drained = std::mem::take(&mut self.draining);
        if drained {
            self.sync_due = None;
        }
        drained
    }

    /// Queues every slot that holds something, or may do so.
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
        // Too many are answered by the newest.
        let surplus = self.sync_tokens.len().saturating_sub(SYNC_TOKENS);
        self.sync_tokens.drain(..surplus);
    }

    /// A sync that began with these tokens is done: what was asked for meanwhile stays.
    pub(super) fn answer_tokens(&mut self, tokens: &[String]) {
        self.sync_tokens.retain(|token| !tokens.contains(token));
    }
}
