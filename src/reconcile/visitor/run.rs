//! The loop of Visitors: it turns events into work. It makes no call itself and never waits for one.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Weak};

use kube::Client;
use vestibule_core::identity::ObjectId;
use vestibule_core::model::ObjectKey;

use super::Visitors;
use super::row_state::RowState;
use super::scan::Cause;
use super::validate::Object;
use crate::api::VisitorSpec;
use crate::cluster::rows::Todo;
use crate::cluster::watch::watch;
use crate::engine::{Engine, Priority};
use crate::shutdown::Shutdown;

/// Concurrent writers of statuses and finalizers, few enough not to overload the API server.
const WRITERS: usize = 16;

/// The interval of heartbeats without events.
const BEAT: std::time::Duration = std::time::Duration::from_secs(30);

/// The syncs that rows were compared with, by integration. Weak, so that no other engine can be at the same address.
type Syncs = BTreeMap<ObjectKey, (Weak<Engine>, u64)>;

impl Visitors {
    /// Runs until shutdown is requested.
    pub async fn run(self: Arc<Self>, watch_client: Client, shutdown: Shutdown) {
        let mut references = self.references.clone();
        tokio::select! {
            () = shutdown.requested() => return,
            _ = references.wait_for(|references| references.complete) => {}
        }
        let mut writing = pin!(Arc::clone(&self).write_statuses(WRITERS));
        let mut events =
            watch::<VisitorSpec, super::validate::Said>(&watch_client, &self.writer.resource, &self.scopes);
        let mut syncs = Syncs::new();
        self.scan(Cause::References);
        loop {
            self.heartbeat.beat();
            self.look_at_clock();
            let next = *self.due.lock();
            let due = async {
                match next {
                    Some(at) => self.clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = shutdown.requested() => break,
                Some(event) = events.recv() => {
                    let todo = self.table.lock().on(event);
                    for todo in todo {
                        self.carry_out(todo);
                    }
                }
                Ok(()) = references.changed() => {
                    self.scan(Cause::References);
                    self.compare_synced(&mut syncs);
                }
                () = &mut writing => {}
                () = self.earlier.notified() => {}
                () = due => self.scan(Cause::Time),
                () = tokio::time::sleep(BEAT) => {}
            }
        }
    }

    /// Checks whether the clock was set back: times in the queue move with it, and rows that began their day too early
    /// are planned anew.
    pub(super) fn look_at_clock(&self) {
        let now = self.clock.now();
        let back = std::mem::replace(&mut *self.looked.lock(), now).duration_since(now);
        if back.is_positive() {
            self.status_queue.lock().set_back(back);
            self.status_wake.notify_one();
            self.scan(Cause::SetBack);
        }
    }

    /// Compares the rows with every engine that has completed a sync since the last call. A new engine of an
    /// integration counts its syncs anew.
    fn compare_synced(&self, seen: &mut Syncs) {
        let references = self.references();
        seen.retain(|key, _| references.engines.contains_key(key));
        for (key, engine) in &references.engines {
            let syncs = engine.state().borrow().syncs;
            let known = seen
                .get(key)
                .is_some_and(|(of, count)| of.as_ptr() == Arc::as_ptr(engine) && *count == syncs);
            if syncs > 0 && !known {
                seen.insert(key.clone(), (Arc::downgrade(engine), syncs));
                self.after_sync(engine);
            }
        }
    }

    /// Carries out the work that the table requests.
    pub(super) fn carry_out(&self, todo: Todo<Object, RowState>) {
        match todo {
            Todo::Reconcile(object_id, object) => self.seen(object_id, Arc::new(*object)),
            Todo::Newer(object_id, object) => self.compare_status(object_id, Arc::new(*object)),
            Todo::Gone(object_id, mut tombstone) => {
                self.note_status(&mut tombstone.state, None);
                self.gone(object_id);
            }
            // A status writer reads the object by a live GET: a list that lacks it is only one witness.
            Todo::Vanished(object_id) => self.queue_status(object_id, Priority::UserChange),
            Todo::ListDone => {
                self.listed.open();
                self.on_list.notify_one();
                // Only now it is known which objects were deleted while no process ran.
                self.references().engines.values().for_each(|engine| engine.judge());
                tracing::info!(visitors = self.table.lock().len(), "all Visitors are listed");
            }
        }
    }

    /// The object is gone. Records that it still has are orphans; the next full sync judges them.
    pub(super) fn gone(&self, object_id: ObjectId) {
        self.object_cache.lock().drop_object(object_id);
        self.failures.lock().forget(object_id);
        self.forget_unlisted(object_id);
        let mut table = self.table.lock();
        if let Some(uid) = table.row(object_id).map(crate::cluster::rows::Row::uid) {
            table.forget(object_id, uid);
        }
    }

    /// Makes the loop wake up at this time, if it would have slept longer.
    pub(super) fn not_later_than(&self, at: Option<jiff::Timestamp>) {
        let mut due = self.due.lock();
        if let Some(at) = at.filter(|at| due.is_none_or(|due| *at < due)) {
            *due = Some(at);
            self.earlier.notify_one();
        }
    }
}
