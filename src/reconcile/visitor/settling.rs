//! The writers: at the end of a pass the status is written, once, and only if a reader could see a difference.

use std::sync::Arc;

use jiff::SignedDuration;
use scopeguard::{ScopeGuard, guard};
use tokio::task::JoinSet;
use vestibule_core::identity::Slot;
use vestibule_core::status::{Truth, conditions};

use super::Visitors;
use super::line::status_work;
use super::plan::Standing;
use super::replan::facts_hash;
use super::requests::is_compared;
use super::row::{Plan, Told};
use super::say::{Look, disconnected};
use super::status::{self, GRACE};
use super::validate::{Object, Said};
use super::write::same;
use crate::cluster::rows::{Life, Row};
use crate::engine::{Class, SourceError};
use crate::reconcile::directory::Directory;

/// Whether a status may have to be written, as far as a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ToTell {
    /// It says what there is to say.
    Nothing,
    /// It differs, or the whole object is needed to know.
    Something,
    /// The work is under way; to be told if it takes long.
    Later,
}

/// How long work may take before the status says that it is under way, or what it waits for.
pub(super) const PATIENCE: SignedDuration = SignedDuration::from_secs(10);

impl Visitors {
    /// Queues a slot for a writer, with the rank of the work it tells of: the status of a user's new visitor does not
    /// wait behind those of a whole midnight.
    pub(super) fn settle_soon(&self, slot: Slot, class: Class) {
        self.settling.lock().queue.push(slot, status_work(class), None, self.clock.now());
        self.settle.notify_one();
    }

    /// Queues a slot if, by its row, its status has something else to say than it says.
    pub(super) fn settle_if_it_differs(&self, slot: Slot, class: Class) {
        match self.by_row_alone(slot) {
            ToTell::Nothing => {}
            ToTell::Something => self.settle_soon(slot, class),
            ToTell::Later => {
                self.settle_later(slot, PATIENCE);
            }
        }
    }

    /// Has a slot looked at again when so much time has gone by, whether or not anything is heard of it. Not before anybody
    /// else: the visitors of a system that hangs are many, and those of a healthy one wait for the same writers.
    pub(super) fn settle_later(&self, slot: Slot, wait: SignedDuration) {
        let now = self.clock.now();
        self.settling.lock().queue.push(slot, status_work(Class::Drift), now.checked_add(wait).ok(), now);
        self.settle.notify_one();
    }

    /// Whether a slot may be told now that it waits; else it is looked at again when it may.
    fn may_tell(&self, slot: Slot) -> bool {
        let now = self.clock.now();
        let mut settling = self.settling.lock();
        let Err(at) = settling.may_tell(now) else { return true };
        settling.queue.push(slot, status_work(Class::Drift), Some(at), now);
        false
    }

    /// What is to be told of a slot, as far as its row says; its object is not looked at.
    fn by_row_alone(&self, slot: Slot) -> ToTell {
        let directory = self.directory();
        let table = self.table.lock();
        let Some(row) = table.row(slot) else { return ToTell::Nothing };
        if is_outdated(row, &directory) {
            return ToTell::Nothing;
        }
        if row.is_deleting() || row.plan.visit.is_none() {
            return ToTell::Something;
        }
        if !row.is_ours() && is_held(slot, &directory) {
            return ToTell::Something;
        }
        if row.plan.flags.is_sync_requested() && is_compared(&row.plan) {
            return ToTell::Something;
        }
        let (key, previous) = (table.key_of(row), Said::default());
        let look = Look {
            slot,
            namespace: &key.namespace,
            generation: row.generation(),
            plan: &row.plan,
            directory: &directory,
            previous: &previous,
        };
        let standing = self.standing(&row.plan, &directory);
        match self.said(&look, &standing) {
            None if row.plan.told == Told::Everything => ToTell::Nothing,
            // Until an integration is ready nothing more can be said of a day that has not come; then all are looked at.
            None if row.plan.told == Told::Spec && standing == Standing::Scheduled => ToTell::Nothing,
            None => ToTell::Later,
            Some(said) if status::hash(&said) == row.plan.says => ToTell::Nothing,
            Some(_) => ToTell::Something,
        }
    }

    /// Whether nothing but time has passed for a slot: its spec is told, and the systems that it waits for are at work.
    fn is_under_way(&self, slot: Slot) -> bool {
        let directory = self.directory();
        let table = self.table.lock();
        let told = |row: &&Row<Plan>| !row.is_deleting() && row.plan.told == Told::Spec;
        table.row(slot).filter(told).is_some_and(|row| disconnected(&row.plan, &directory).next().is_none())
    }

    /// Keeps so many writers at work until it is dropped.
    pub(super) async fn write_statuses(self: Arc<Self>, writers: usize) {
        let mut tasks = JoinSet::new();
        loop {
            while tasks.len() < writers {
                tasks.spawn(Arc::clone(&self).write_one_by_one());
            }
            // No writer ends by itself: this one has panicked.
            tasks.join_next().await;
        }
    }

    /// One writer: takes slots until it is dropped.
    async fn write_one_by_one(self: Arc<Self>) {
        loop {
            let (popped, next) = {
                let mut settling = self.settling.lock();
                (settling.next(self.clock.now()), settling.queue.next_at())
            };
            let Some((slot, class)) = popped else {
                let wake = async {
                    match next {
                        Some(at) => self.clock.sleep_until(at).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = self.settle.notified() => {}
                    () = wake => {}
                }
                continue;
            };
            // Another writer may have slept over a notification that was meant for more than one slot.
            self.settle.notify_one();
            // A writer that panics or is aborted leaves the slot to another one.
            let unfinished = guard((), |()| self.settle_again(slot, class));
            let pass = self.begin_pass(slot);
            let result = self.settle(slot, class).await;
            self.count_pass(slot, &pass, result.is_ok());
            ScopeGuard::into_inner(unfinished);
            if let Err(error) = result {
                tracing::debug!(%slot, %error, "the status could not be written; tried again");
                self.settle_again(slot, class);
            } else {
                self.settling.lock().queue.done(slot);
            }
        }
    }

    /// Puts a slot back whose status could not be written.
    fn settle_again(&self, slot: Slot, class: Class) {
        let (now, error) = (self.clock.now(), crate::system::Class::Transient);
        self.settling.lock().queue.retry(slot, status_work(class), now, error, rand::random());
    }

    /// One look at a slot: what there is to say is written, if it is not what the status says.
    async fn settle(&self, slot: Slot, class: Class) -> Result<(), SourceError> {
        let Some(object) = self.object_to_tell_of(slot).await? else { return Ok(()) };
        let (plan, ours) = {
            let table = self.table.lock();
            let Some(row) = table.row(slot).filter(|row| !is_outdated(row, &self.directory())) else {
                return Ok(());
            };
            (row.plan.clone(), row.is_ours())
        };
        let (directory, previous) = (self.directory(), object.status.clone().unwrap_or_default());
        let look = Look {
            slot,
            namespace: &object.meta.key.namespace,
            generation: object.meta.generation,
            plan: &plan,
            directory: &directory,
            previous: &previous,
        };
        if object.meta.deleting {
            return if ours { self.settle_deletion(&look, &object, class).await } else { Ok(()) };
        }
        if !ours && is_held(slot, &directory) {
            // Taken over, or somebody took the finalizer away: without it a deletion would leave the record behind.
            self.put_finalizer(slot, &object).await?;
        }
        if Self::ask_for_witnesses(&look) {
            self.settle_later(slot, PATIENCE);
        }
        let standing = self.standing_of(&object, &plan, &directory);
        let Some(said) = self.said_patiently(&look, &standing, &object) else {
            self.note_said(slot, &previous);
            self.settle_later(slot, PATIENCE);
            return Ok(());
        };
        if is_in_grace(&said) {
            self.settle_later(slot, GRACE);
        }
        let said = Self::with_echo(said, &object, &plan);
        if !same(&said, &previous) {
            return self.write_status(slot, &object, said).await;
        }
        self.note_said(slot, &previous);
        self.note_all_told(slot);
        Ok(())
    }

    /// The object of a slot that there may be something to tell of.
    async fn object_to_tell_of(&self, slot: Slot) -> Result<Option<Arc<Object>>, SourceError> {
        let missing = {
            let table = self.table.lock();
            table.row(slot).filter(|row| row.life() == Life::Missing).map(|row| table.key_of(row))
        };
        if let Some(key) = missing {
            return self.fetch(slot, &key).await;
        }
        // A trouble is told in another way as time goes by.
        let to_tell = if self.is_troubled(slot) { ToTell::Something } else { self.by_row_alone(slot) };
        match to_tell {
            ToTell::Nothing => self.at_hand.lock().drop_object(slot),
            ToTell::Later if self.is_under_way(slot) => self.settle_later(slot, PATIENCE),
            ToTell::Later if !self.may_tell(slot) => {}
            ToTell::Later | ToTell::Something => return self.object(slot).await,
        }
        Ok(None)
    }

    /// Notes that a status says all there is to say until something is heard of the work.
    fn note_all_told(&self, slot: Slot) {
        if let Some(row) = self.table.lock().row_mut(slot) {
            row.plan.told = Told::Everything;
        }
    }
}

/// Whether what a row refers to has changed since it was planned: the scan that comes plans it anew, and until then what is
/// known of its places does not belong to what is wanted now.
fn is_outdated(row: &Row<Plan>, directory: &Directory) -> bool {
    !row.is_deleting() && row.plan.visit.is_some() && facts_hash(directory, &row.plan) != row.plan.facts
}

/// Whether a system holds something of the slot.
pub(super) fn is_held(slot: Slot, directory: &Directory) -> bool {
    directory.engines.values().any(|engine| engine.held(slot).is_some_and(|held| !held.is_empty()))
}

/// Whether `Ready` keeps its value only until the grace time is over: while a system is down, nothing else will ask.
fn is_in_grace(said: &Said) -> bool {
    let retried = said.status.condition(conditions::RECONCILING).is_some_and(|reconciling| {
        [conditions::PROGRESSING_WITH_RETRY, conditions::THROTTLED].contains(&reconciling.reason.as_str())
    });
    let ready = said.status.condition(conditions::READY);
    retried && ready.is_none_or(|ready| ready.status != Truth::False)
}
