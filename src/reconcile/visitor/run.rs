//! The loop of Visitors: events in, work out. It makes no call itself and never waits for one.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::shutdown::Shutdown;
use kube::Client;
use tokio::task::JoinSet;
use vestibule_core::identity::Slot;
use vestibule_core::model::ObjectKey;
use vestibule_core::plan::Want;

use super::Visitors;
use super::plan::{self, Standing};
use super::row::{PlaceState, PlaceWant, Plan};
use super::scan::{Cause, Orders, close, drop_places_of_the_gone};
use super::source::{place_want, state_by_snapshot};
use super::validate::{Object, Validated, validate};
use crate::api::VisitorSpec;
use crate::cluster::rows::Todo;
use crate::cluster::watch::watch;
use crate::engine::Class;
use crate::reconcile::directory::{Directory, tenant_id};

/// Writers of statuses and finalizers: what the API server takes without being hurt (lessons B2).
const WRITERS: usize = 16;

/// A quiet loop still beats.
const BEAT: std::time::Duration = std::time::Duration::from_secs(30);

impl Visitors {
    /// Runs until `stop` is true.
    pub async fn run(self: Arc<Self>, watch_client: Client, shutdown: Shutdown) {
        let mut directory = self.directory.clone();
        tokio::select! {
            () = shutdown.requested() => return,
            _ = directory.wait_for(|directory| directory.complete) => {}
        }
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            writers.spawn(Arc::clone(&self).write_statuses());
        }
        let mut events =
            watch::<VisitorSpec, super::validate::Said>(&watch_client, &self.writer.resource, &self.scopes);
        let mut syncs = BTreeMap::new();
        self.scan(Cause::Directory);
        loop {
            self.heartbeat.beat();
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
                Ok(()) = directory.changed() => {
                    self.scan(Cause::Directory);
                    self.compare_synced(&mut syncs);
                }
                () = self.earlier.notified() => {}
                () = due => self.scan(Cause::Time),
                () = tokio::time::sleep(BEAT) => {}
            }
        }
    }

    /// Every engine that has completed a sync since the last look.
    fn compare_synced(&self, seen: &mut BTreeMap<ObjectKey, u64>) {
        let directory = self.directory();
        seen.retain(|key, _| directory.engines.contains_key(key));
        for (key, engine) in &directory.engines {
            let syncs = engine.state().borrow().syncs;
            if syncs > 0 && seen.insert(key.clone(), syncs) != Some(syncs) {
                self.after_sync(engine);
            }
        }
    }

    /// Does what the table asks for.
    pub(super) fn carry_out(&self, todo: Todo<Object, Plan>) {
        match todo {
            Todo::Seen(slot, object) => self.seen(slot, Arc::new(*object)),
            Todo::Gone(slot, mut tombstone) => {
                self.note_status(&mut tombstone.plan, None);
                self.gone(slot);
            }
            // A writer asks for it by a live GET: a list that lacks it is one witness only.
            Todo::Vanished(slot) => self.settle_soon(slot, Class::UserChange),
            Todo::ListDone => {
                self.listed.open();
                // What was deleted while we were down, only now is known to be.
                self.directory().engines.values().for_each(|engine| engine.judge());
                tracing::info!(visitors = self.table.lock().len(), "all Visitors are listed");
            }
        }
    }

    /// The object is gone. Records that it still has are orphans; the next full sync judges them.
    pub(super) fn gone(&self, slot: Slot) {
        self.at_hand.lock().drop_object(slot);
        self.troubles.lock().forget(slot);
        let mut table = self.table.lock();
        if let Some(uid) = table.row(slot).map(crate::cluster::rows::Row::uid) {
            table.forget(slot, uid);
        }
    }

    fn seen(&self, slot: Slot, object: Arc<Object>) {
        let directory = self.directory();
        let mut orders = Orders::default();
        let checked = validate(&object);
        {
            let mut table = self.table.lock();
            let Some(row) = table.row_mut(slot) else { return };
            self.note_status(&mut row.plan, object.status.as_ref());
            if object.meta.deleting {
                start_deletion(&mut row.plan, slot, &object, &directory, &mut orders);
            } else {
                self.plan_object(&mut row.plan, slot, &object, checked, &directory, &mut orders);
                self.not_later_than(row.plan.next_at());
            }
        }
        self.troubles.lock().forget(slot);
        self.at_hand.lock().put(slot, object);
        orders.settle(slot, Class::UserChange);
        let work = orders.has_work();
        self.hand_over(orders);
        if !work && !self.settling.lock().contains(slot) {
            self.at_hand.lock().drop_object(slot);
        }
    }

    /// Has the loop wake up at this time, if it would have slept longer.
    fn not_later_than(&self, at: Option<jiff::Timestamp>) {
        let mut due = self.due.lock();
        if let Some(at) = at.filter(|at| due.is_none_or(|due| *at < due)) {
            *due = Some(at);
            self.earlier.notify_one();
        }
    }

    /// Gather, validate and plan of one object, with no call at all.
    fn plan_object(
        &self,
        plan: &mut Plan,
        slot: Slot,
        object: &Object,
        checked: Result<Validated, String>,
        directory: &Directory,
        orders: &mut Orders,
    ) {
        plan.refused = checked.is_err();
        drop_places_of_the_gone(plan, directory);
        let Ok(visitor) = checked else {
            plan.visit = None;
            plan.next = u32::MAX;
            return;
        };
        let now = self.clock.now();
        plan.tenant = tenant_id(&visitor.tenant);
        plan.visit = Some(visitor.packed());
        let tenant = directory.tenant(plan.tenant);
        let (standing, next) = plan::standing(visitor.packed(), tenant, now);
        plan.facts = tenant.map_or(0, |tenant| tenant.hash);
        plan.set_next(next);
        if matches!(standing, Standing::Missing(_)) {
            return;
        }
        let mut planned = Vec::new();
        for (tenant, access) in
            tenant.iter().flat_map(|tenant| tenant.access.iter().map(move |a| (tenant, a)))
        {
            let want = plan::record(&visitor, &object.meta.key, tenant, access, now);
            plan.refused |= want.is_err();
            let want = want.unwrap_or(Want::Keep);
            let integration = &access.integration;
            planned.push(integration.index);
            let known = object.status.iter().flat_map(|said| &said.records);
            let was_there = known.filter(|record| record.integration == integration.key.name).count() > 0;
            if matches!(want, Want::Nothing | Want::Keep)
                && !was_there
                && plan.place(integration.index).is_none()
            {
                continue;
            }
            let place = plan.place_mut(integration.index);
            (place.want, place.state) = (place_want(&want), PlaceState::Waiting);
            let Some(held) = integration.engine.held(slot) else { continue };
            match state_by_snapshot(place.want, &held) {
                Some(state) if integration.engine.is_settled(slot) => place.state = state,
                _ => orders.push(integration.index, &integration.engine, slot, class_of(place.want)),
            }
        }
        for (key, engine) in &directory.engines {
            let index = directory.indexes.get(key).copied().filter(|index| !planned.contains(index));
            let named = object
                .status
                .iter()
                .flat_map(|said| &said.records)
                .any(|record| record.integration == key.name);
            if let Some(index) = index.filter(|_| named && key.namespace == object.meta.key.namespace) {
                plan.place_mut(index);
                close(plan, slot, index, engine, Class::Revocation, orders);
            }
        }
    }
}

const fn class_of(want: PlaceWant) -> Class {
    match want {
        PlaceWant::Nothing => Class::Revocation,
        _ => Class::UserChange,
    }
}

/// Deletion resolves no reference: every engine that holds something of the slot, or is said to, removes it.
fn start_deletion(plan: &mut Plan, slot: Slot, object: &Object, directory: &Directory, orders: &mut Orders) {
    for (key, engine) in &directory.engines {
        let Some(index) = directory.indexes.get(key).copied() else { continue };
        let named =
            object.status.iter().flat_map(|said| &said.records).any(|record| record.integration == key.name);
        if named && key.namespace == object.meta.key.namespace {
            plan.place_mut(index);
        }
        close(plan, slot, index, engine, Class::Revocation, orders);
        if let Some(place) = plan.places.iter_mut().find(|place| place.integration == index && named) {
            // A list that lacks it is one witness; the engine asks for the id that the status names.
            place.state = PlaceState::Waiting;
            orders.push(index, engine, slot, Class::Revocation);
        }
    }
}
