//! The full sync: lists the system, refreshes the snapshot, and queues every difference.

use std::collections::BTreeSet;

use vestibule_core::model::DesiredRecord;

use super::call::TurnError;
use super::catalogue::NAMES_FRESH_FOR;
use super::inner::SYNC_TOKENS;
use super::listing::Merged;
use super::outdated::REWRITE;
use super::{Engine, Priority, Reason};
use crate::metrics::Job;
use crate::system::{self, Cursor, Scope, SystemError};

/// A list with more pages than this is a faulty system that never ends, and not a large building.
const MOST_PAGES: usize = 100_000;

impl Engine {
    /// One full sync, with this priority unless no other work can begin before it. Fails as a whole if any page fails:
    /// absence is never concluded from a part. Requesters are answered by the next sync that succeeds.
    ///
    /// The sync is published after the orphans were judged, because the requester expects the result of that, but even if the
    /// judgement failed, because the listing was complete.
    pub(super) async fn sync(&self, priority: Priority) -> Result<(), TurnError> {
        let tokens = self.inner.lock().sync_tokens.clone();
        // A listing is void if a setting of the connection changed meanwhile: a part of it was read with the former one.
        while let Err(turn_error) = self.list(priority).await {
            if !matches!(turn_error, TurnError::Superseded) {
                return Err(turn_error);
            }
        }
        self.compare_clock().await;
        self.judge_orphans().await;
        self.publish_sync(tokens);
        Ok(())
    }

    async fn list(&self, priority: Priority) -> Result<(), TurnError> {
        let (listing_number, mut listing, priority) = {
            let mut inner = self.inner.lock();
            inner.listings += 1;
            let priority = if inner.snapshot.is_complete() { priority } else { Priority::Revocation };
            (inner.listings, inner.snapshot.begin_listing(), priority)
        };
        let mut walk = Walk::default();
        loop {
            let page = self.observe(priority, Scope::People(walk.cursor())).await?;
            page.records.iter().for_each(|record| listing.add(record));
            if !walk.goes_on(page.next)? {
                break;
            }
        }
        self.read_names(priority).await?;
        let merged = {
            let mut inner = self.inner.lock();
            let (unmarked, misnamed) = (listing.take_unmarked(), listing.take_misnamed());
            let merged = inner.snapshot.finish(listing).ok_or(TurnError::Superseded)?;
            inner.pages = if merged.suspicious { usize::MAX } else { walk.pages() };
            inner.note_list(&merged, self.clock.now());
            inner.unmarked = unmarked;
            inner.misnamed.take_listing(misnamed, self.clock.now());
            merged
        };
        self.queue_differences(&merged);
        if !merged.suspicious {
            self.confirm_by_listing(listing_number).await;
        }
        Ok(())
    }

    fn queue_differences(&self, merged: &Merged) {
        if merged.suspicious {
            tracing::warn!(
                integration = %self.label,
                "the system returned an empty list although it had records of ours; each is read by its id before it counts as removed"
            );
        }
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        inner.creates.others.clone_from(&merged.others);
        let shows_ours = !inner.snapshot.is_empty();
        inner.creates.note_listing(shows_ours);
        if inner.records() > 0 {
            self.claim_owner_id();
        }
        self.judge_creates(&mut inner);
        // A record whose content matches its id is compared with the desired state. Only a manual change is drift.
        let suspects = inner.snapshot.iter().filter(|one| !one.id.holds(one.fingerprint));
        // A record that this engine reduced or disarmed was not changed by a person.
        let suspects = suspects.filter(|one| !inner.remaining.is_as_left(&one.id, one.fingerprint));
        let suspects: Vec<_> = suspects.map(|one| one.id).collect();
        let drifted: BTreeSet<_> = suspects
            .into_iter()
            .filter(|id| {
                inner.existing(id.object_id).iter().any(|one| one.id == *id && !id.holds(one.fingerprint))
            })
            .map(|id| id.object_id)
            .collect();
        // A difference that a changed setting causes is no drift.
        let (outdated, drifted): (BTreeSet<_>, BTreeSet<_>) =
            drifted.into_iter().partition(|object_id| inner.outdated.contains(*object_id));
        inner.compared(&outdated);
        for object_id in outdated {
            inner.queue.push(object_id, REWRITE, None, now);
        }
        // A missing record counts as drift only when a read by its id confirms it.
        self.metrics.truth.drift(&self.label, drifted.len() as u64, 0);
        inner.drifted.clone_from(&drifted);
        let object_ids: BTreeSet<_> = merged.missing.iter().map(|id| id.object_id).chain(drifted).collect();
        for object_id in object_ids {
            inner.queue.push(object_id, Priority::Drift.with_reason(Reason::Drift), None, now);
        }
        if inner.draining {
            inner.queue_all(now);
        }
    }

    fn publish_sync(&self, tokens: Vec<String>) {
        let now = self.clock.now();
        let resync = self.settings.read().resync;
        let records = {
            let mut inner = self.inner.lock();
            inner.answer_tokens(&tokens);
            // A requester that asked during this sync may have changed something since, so another sync follows.
            let due = inner.next_sync(now, resync);
            inner.sync_due = due.filter(|_| inner.sync_tokens.is_empty());
            self.publish_outdated(&inner);
            inner.records()
        };
        self.metrics.truth.synced(&self.label, Job::FullSync, now);
        self.publish(|state| {
            state.syncs += 1;
            state.last_sync = Some(now);
            state.records = Some(records);
            state.handled_syncs.extend(tokens);
            let surplus = state.handled_syncs.len().saturating_sub(SYNC_TOKENS);
            state.handled_syncs.drain(..surplus);
        });
    }

    /// Reads the names of access groups and card formats. If a known name is missing, they are read a second time.
    pub(super) async fn read_names(&self, priority: Priority) -> Result<(), TurnError> {
        let (mut groups, mut formats) = self.list_names(priority).await?;
        if self.inner.lock().names.loses_one(&groups, &formats) {
            let (more, beside) = self.list_names(priority).await?;
            groups.extend(more);
            formats.extend(beside);
        }
        let now = self.clock.now();
        if self.inner.lock().names.take(groups, formats, now) {
            self.publish(|state| state.catalogue += 1);
        }
        Ok(())
    }

    async fn list_names(
        &self,
        priority: Priority,
    ) -> Result<(BTreeSet<String>, BTreeSet<String>), TurnError> {
        let mut groups = BTreeSet::new();
        let mut walk = Walk::default();
        loop {
            let answer = self.observe(priority, Scope::Groups(walk.cursor())).await?;
            groups.extend(answer.names);
            if !walk.goes_on(answer.next)? {
                break;
            }
        }
        let formats = self.observe(priority, Scope::CardFormats).await?.names;
        Ok((groups, formats.into_iter().collect()))
    }

    /// Fails if the system lacks a group or the card format of a record. Outdated names are read again before that.
    pub(super) async fn names_exist(
        &self,
        record: &DesiredRecord,
        priority: Priority,
    ) -> Result<(), TurnError> {
        if self.missing_name(record).is_none() {
            return Ok(());
        }
        // One turn reads the names, the others wait for the result.
        let _asking = self.names.lock().await;
        let now = self.clock.now();
        let read_at = self.inner.lock().names.read_at;
        if read_at.is_none_or(|at| now.duration_since(at) >= NAMES_FRESH_FOR) {
            self.read_names(priority).await?;
        }
        let Some(missing) = self.missing_name(record) else { return Ok(()) };
        Err(SystemError::new(system::ErrorKind::Dependency, "GetAccessLevels", missing).into())
    }

    fn missing_name(&self, record: &DesiredRecord) -> Option<String> {
        let inner = self.inner.lock();
        let group = record.groups.iter().find(|group| !inner.names.groups.contains(*group));
        let format = record.card.iter().find(|card| !inner.names.card_formats.contains(&card.format));
        let (system, here) = (self.system.read().capabilities().system, &self.integration.name);
        group
            .map(|name| {
                format!("{system} of AccessIntegration {here} has no access group {name:?}: create it there, or name another in visitorAccess")
            })
            .or_else(|| {
                format.map(|card| {
                    format!("{system} of AccessIntegration {here} has no card format {:?}: name one that it has in spec.lenelS2.visitorCardFormat", card.format)
                })
            })
    }
}

/// A walk through the pages of a list. Each page is read once.
#[derive(Default)]
pub(super) struct Walk {
    cursor: Option<String>,
    seen: BTreeSet<String>,
}

impl Walk {
    pub(super) fn cursor(&self) -> Option<Cursor> {
        self.cursor.clone().map(Cursor)
    }

    /// The number of pages read so far, including the present one.
    fn pages(&self) -> usize {
        self.seen.len() + 1
    }

    /// Whether there is another page; an error if the system repeats pages.
    pub(super) fn goes_on(&mut self, next: Option<Cursor>) -> Result<bool, SystemError> {
        self.cursor = next.map(|cursor| cursor.0);
        let Some(cursor) = &self.cursor else { return Ok(false) };
        if !self.seen.insert(cursor.clone()) || self.seen.len() >= MOST_PAGES {
            let message =
                "the system repeats a page: the list is incomplete and nothing is concluded from it";
            return Err(SystemError::new(system::ErrorKind::Transient, "SearchPersonData", message));
        }
        Ok(true)
    }
}
