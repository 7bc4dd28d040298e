//! The full sync: page through the system, refresh the snapshot, queue what differs, judge what nobody declares.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use vestibule_core::diff::Step;
use vestibule_core::guard::{self, Candidate, Judgement, Verdict};
use vestibule_core::identity::RecordId;
use vestibule_core::model::Record;

use super::call::Stop;
use super::listing::Merged;
use super::state::{HeldBack, SYNC_TOKENS};
use super::{Class, Engine};
use crate::metrics::Job;
use crate::system::{self, Cursor, Scope, SystemError};

/// A walk of more pages than this is a system that never ends, not a large building.
const MOST_PAGES: usize = 100_000;

/// Group names are asked for again when one is missing, but not more often than this.
const NAMES_FRESH_FOR: SignedDuration = SignedDuration::from_secs(30);

impl Engine {
    /// One full sync, with this rank unless nothing can begin before it. Fails as a whole if any page fails: absences
    /// are never concluded from a part.
    pub(super) async fn sync(&self, rank: Class) -> Result<(), Stop> {
        let (listing_number, mut listing, tokens, class) = {
            let mut inner = self.inner.lock();
            inner.listings += 1;
            let class = if inner.snapshot.is_complete() { rank } else { Class::Revocation };
            (inner.listings, inner.snapshot.begin_listing(), inner.sync_tokens.clone(), class)
        };
        let mut pages = 0;
        let mut cursor = None;
        loop {
            let page = self.observe(class, Scope::People(cursor.clone())).await?;
            page.records.iter().for_each(|record| listing.add(record));
            pages += 1;
            match next_page(cursor.as_ref(), page.next, pages)? {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        self.read_names(class).await?;
        let merged = {
            let mut inner = self.inner.lock();
            inner.pages = pages;
            inner.snapshot.finish(listing).ok_or(Stop::Superseded)?
        };
        self.queue_differences(&merged);
        self.confirm_by_listing(listing_number).await;
        self.judge_orphans().await?;
        self.publish_sync(tokens);
        Ok(())
    }

    fn queue_differences(&self, merged: &Merged) {
        if merged.suspicious {
            tracing::warn!(
                integration = %self.label,
                "the system listed nobody where records of ours were; each is asked for by its id before anything is concluded"
            );
        }
        let blocked = !merged.others.is_empty() && !self.settings.read().owner_declared;
        let other = merged.others.first().map(|(owner, mark)| {
            mark.as_ref().map_or_else(|| format!("{:08x} (a hash)", owner.0), |mark| mark.owner_id.clone())
        });
        self.publish(|state| state.other_owner = other.filter(|_| blocked));
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        inner.blocked = blocked;
        // What is as its id says is compared with the rows; only what somebody changed by hand is drift.
        let suspects: Vec<_> =
            inner.snapshot.iter().filter(|one| !one.id.holds(one.fingerprint)).map(|one| one.id).collect();
        let drifted = suspects
            .into_iter()
            .filter(|id| inner.held(id.slot).iter().any(|one| one.id == *id && !id.holds(one.fingerprint)));
        let slots: BTreeSet<_> = drifted.chain(merged.missing.iter().copied()).map(|id| id.slot).collect();
        self.metrics.truth.drift(&self.label, slots.len() as u64, 0);
        for slot in slots {
            inner.queue.push(slot, Class::Drift, None, now);
        }
        if inner.draining {
            let all: Vec<_> = inner.snapshot.slots().collect();
            for slot in all {
                inner.queue.push(slot, Class::Revocation, None, now);
            }
        }
    }

    fn publish_sync(&self, tokens: Vec<String>) {
        let now = self.clock.now();
        let resync = self.settings.read().resync;
        {
            let mut inner = self.inner.lock();
            inner.sync_tokens.retain(|token| !tokens.contains(token));
            // Who asked while this one ran may mean what its first pages no longer showed.
            inner.sync_due = now.checked_add(resync).ok().filter(|_| inner.sync_tokens.is_empty());
        }
        self.metrics.truth.synced(&self.label, Job::FullSync, now);
        self.publish(|state| {
            state.syncs += 1;
            state.last_sync = Some(now);
            state.handled_syncs.extend(tokens);
            let surplus = state.handled_syncs.len().saturating_sub(SYNC_TOKENS);
            state.handled_syncs.drain(..surplus);
        });
    }

    /// Reads the names of access groups and card formats.
    pub(super) async fn read_names(&self, class: Class) -> Result<(), Stop> {
        let mut groups = BTreeSet::new();
        let mut cursor = None;
        for page in 1.. {
            let answer = self.observe(class, Scope::Groups(cursor.clone())).await?;
            groups.extend(answer.names);
            match next_page(cursor.as_ref(), answer.next, page)? {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        let formats = self.observe(class, Scope::CardFormats).await?.names;
        let mut inner = self.inner.lock();
        inner.names.groups = groups;
        inner.names.card_formats = formats.into_iter().collect();
        inner.names.read_at = Some(self.clock.now());
        Ok(())
    }

    /// Whether the system knows every group and format of a record; asks again if one is missing.
    pub(super) async fn names_exist(&self, record: &Record, class: Class) -> Result<(), Stop> {
        let Some(missing) = self.missing_name(record) else { return Ok(()) };
        let now = self.clock.now();
        let read_at = self.inner.lock().names.read_at;
        if read_at.is_none_or(|at| now.duration_since(at) >= NAMES_FRESH_FOR) {
            self.read_names(class).await?;
            if self.missing_name(record).is_none() {
                return Ok(());
            }
        }
        Err(SystemError::new(system::Class::Dependency, "GetAccessLevels", missing).into())
    }

    fn missing_name(&self, record: &Record) -> Option<String> {
        let inner = self.inner.lock();
        let group = record.groups.iter().find(|group| !inner.names.groups.contains(*group));
        let format = record.card.iter().find(|card| !inner.names.card_formats.contains(&card.format));
        let system = self.system.read().capabilities().system;
        group
            .map(|name| {
                format!("{system} has no access group named {name:?}: create it there or name another")
            })
            .or_else(|| {
                format.map(|card| {
                    format!("{system} has no card format named {:?}: name one that it has", card.format)
                })
            })
    }

    /// Records of ours whose object nobody knows. The guard decides; what may go is asked for once more on both sides.
    async fn judge_orphans(&self) -> Result<(), Stop> {
        if !self.source.is_complete() || self.inner.lock().draining {
            return Ok(());
        }
        let verdict = self.verdict();
        let held = verdict.hash.map(|hash| HeldBack { hash, count: verdict.held.len() });
        self.metrics.safety.deletions_held(&self.label, verdict.held.len());
        self.publish(|state| state.held = held);
        for id in verdict.allowed {
            if self.is_orphan(id).await? {
                self.remove_orphan(id).await?;
            }
        }
        Ok(())
    }

    fn verdict(&self) -> Verdict {
        let now = self.clock.now();
        let settings = self.settings.read().clone();
        // The rows are asked without our lock: they ask us under theirs.
        let records: Vec<_> = self.inner.lock().snapshot.iter().collect();
        let unknown = records.into_iter().filter(|one| !self.source.knows(one.id.slot));
        let orphans: Vec<_> = unknown.map(|one| Candidate { id: one.id, until: one.until }).collect();
        let mut inner = self.inner.lock();
        while inner.guarded.front().is_some_and(|at| now.duration_since(*at) > SignedDuration::from_hours(1))
        {
            inner.guarded.pop_front();
        }
        let case = Judgement {
            limits: settings.limits,
            living: inner.snapshot.len(),
            recent: inner.guarded.len(),
            released: settings.released.as_deref(),
            now,
        };
        let verdict = guard::judge(&orphans, case);
        drop(inner);
        if let Some(released) = settings.released.filter(|_| !verdict.allowed.is_empty()) {
            self.publish(|state| state.used_release = Some(released));
        }
        verdict
    }

    /// Both witnesses: the record says whose it is, and the API server says that this object does not exist.
    async fn is_orphan(&self, id: RecordId) -> Result<bool, Stop> {
        let Some(record) = self.read(id, Class::Drift).await? else { return Ok(false) };
        let Some(mark) = record.mark else { return Ok(false) };
        Ok(self.source.is_gone(&mark.object).await?)
    }

    async fn remove_orphan(&self, id: RecordId) -> Result<(), Stop> {
        self.write(Class::Drift, &Step::Remove(id)).await?;
        let mut inner = self.inner.lock();
        inner.snapshot.removed(&id);
        inner.guarded.push_back(self.clock.now());
        tracing::info!(integration = %self.label, %id, "a record without an object was removed");
        Ok(())
    }
}

/// The next cursor, or an error if the walk does not get on.
fn next_page(
    this: Option<&Cursor>,
    next: Option<Cursor>,
    pages: usize,
) -> Result<Option<Cursor>, SystemError> {
    if next.is_some() && (next.as_ref() == this || pages >= MOST_PAGES) {
        let message = "the system repeats a page: the list is incomplete and nothing is concluded from it";
        return Err(SystemError::new(system::Class::Transient, "SearchPersonData", message));
    }
    Ok(next)
}
