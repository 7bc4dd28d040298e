//! The declared side as engines see it.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use vestibule_core::identity::{Owner, Slot};
use vestibule_core::model::{Fields, ObjectKey};
use vestibule_core::plan::{Held, Want};

use super::Visitors;
use super::plan::{self, Refused, Standing};
use super::replan::closes;
use super::row::{PlaceState, PlaceWant, Plan};
use super::status::{self, Trouble};
use super::validate::{Object, known_ids, validate};
use super::waits;
use crate::cluster::object::Live;
use crate::cluster::rows::{Life, Row};
use crate::cluster::watch::Event;
use crate::engine::{Engine, Outcome, Report, Source, SourceError, Wait, Wanted};
use crate::reconcile::directory::{Directory, tenant_id};

/// What a row says of a slot, before its object is looked at.
enum ByRow {
    Settled(Want),
    /// Nothing is wanted; the object's status is needed.
    Nothing,
    /// A record is wanted; the object is needed.
    Record,
    /// What is wanted is known in part; the object is needed.
    KnownInPart,
}

#[async_trait]
impl Source for Visitors {
    async fn want(&self, integration: &ObjectKey, slot: Slot) -> Result<Wanted, SourceError> {
        let by_row = self.by_row(integration, slot)?;
        if self.is_kept(integration, slot).await? {
            return Ok(Wanted { want: Want::Keep, known: Vec::new() });
        }
        if let ByRow::Settled(want) = by_row {
            return Ok(Wanted { want, known: Vec::new() });
        }
        let Some(object) = self.object(slot).await? else {
            return Ok(Wanted { want: Want::Nothing, known: Vec::new() });
        };
        let known = known_ids(&object, &integration.name);
        let want = match by_row {
            ByRow::Record => self.plan_record(integration, slot, &object),
            ByRow::KnownInPart => self.known_of(integration, &object),
            ByRow::Nothing | ByRow::Settled(_) => Want::Nothing,
        };
        Ok(Wanted { want, known })
    }

    async fn claim(&self, slot: Slot) -> Result<(), SourceError> {
        self.claim_object(slot).await
    }

    fn is_complete(&self) -> bool {
        self.table.lock().is_complete() && self.directory.borrow().complete
    }

    fn knows(&self, slot: Slot) -> bool {
        self.table.lock().row(slot).is_some_and(|row| row.life() != Life::Gone)
    }

    async fn is_gone(&self, object: &ObjectKey) -> Result<bool, SourceError> {
        Ok(self.get(object).await?.is_none())
    }

    async fn report(&self, report: Report) {
        let Report { integration, slot, class, outcome } = report;
        let directory = self.directory();
        let Some(index) = directory.indexes.get(&integration).copied() else { return };
        let (state, trouble) = status::place_state(&outcome);
        let trouble = match &outcome {
            Outcome::Waits(wait) => Some(self.trouble_of_wait(slot, wait, &directory)),
            _ => trouble,
        };
        let content = match &outcome {
            Outcome::Present(id) | Outcome::Altered(id, _) | Outcome::Leftover(id, _) => Some(id.content),
            _ => None,
        };
        self.troubles.lock().note(slot, index, trouble);
        let settled = directory.engines.get(&integration).is_none_or(|engine| engine.is_settled(slot));
        if let Some(row) = self.table.lock().row_mut(slot) {
            let is_deleting = row.is_deleting();
            let place = row.plan.place_mut(index);
            // On the way out nothing is wanted but the end: whoever planned last does not matter.
            place.state = if is_deleting { state } else { state_after(place.want, state, settled, content) };
        }
        self.settle_soon(slot, class);
    }

    fn record_changed(&self, slot: Slot) {
        self.directory().engines.values().for_each(|engine| engine.object_changed(slot));
    }

    fn engine_of(&self, owner: Owner) -> Option<Arc<Engine>> {
        self.directory().engines.values().find(|engine| engine.owner() == owner).map(Arc::clone)
    }
}

impl Visitors {
    /// What a slot that waits for another one says: times are those of its own property.
    fn trouble_of_wait(&self, slot: Slot, wait: &Wait, directory: &Directory) -> Trouble {
        let tenant = self.table.lock().row(slot).map(|row| row.plan.tenant);
        let facts = tenant.and_then(|tenant| directory.tenant(tenant));
        let zone = facts.and_then(|facts| facts.property.as_ref()).map(|property| &property.zone);
        waits::trouble(wait, zone, self.clock.now())
    }

    /// Why nothing can be said of a slot without an object: nothing is left to do for it, unless not all objects are listed.
    pub(super) fn without_object(&self) -> SourceError {
        if self.is_complete() { SourceError::NoObject } else { SourceError::Frozen }
    }

    fn by_row(&self, integration: &ObjectKey, slot: Slot) -> Result<ByRow, SourceError> {
        let directory = self.directory();
        let engine = directory.engines.get(integration).filter(|_| directory.complete);
        let engine = engine.ok_or(SourceError::Frozen)?;
        let table = self.table.lock();
        let Some(row) = table.row(slot) else {
            drop(table);
            return Err(self.without_object());
        };
        let held = engine.held(slot).is_some_and(|held| !held.is_empty());
        let nothing = if held { ByRow::Settled(Want::Nothing) } else { ByRow::Nothing };
        if row.is_deleting() || row.life() == Life::Gone {
            return Ok(nothing);
        }
        let Some(visit) = row.plan.visit else { return Ok(ByRow::Settled(Want::Keep)) };
        let tenant = directory.tenant(row.plan.tenant);
        let (standing, _) = plan::standing(visit, tenant, self.clock.now());
        let concerned = tenant.is_some_and(|tenant| tenant.access_in(integration).is_some());
        Ok(match standing {
            Standing::Over if concerned => ByRow::Settled(Want::Ended),
            Standing::Today if concerned => ByRow::Record,
            standing if !closes(&standing, &directory, integration) => {
                if held {
                    ByRow::KnownInPart
                } else {
                    ByRow::Settled(Want::Keep)
                }
            }
            _ => nothing,
        })
    }

    /// What an integration should hold, by the whole object.
    pub(super) fn plan_record(&self, integration: &ObjectKey, slot: Slot, object: &Object) -> Want {
        let directory = self.directory();
        let want = record_in(integration, object, &directory, self.clock.now());
        let index = directory.indexes.get(integration);
        let (Some(want), Some(index)) = (want, index) else { return Want::Keep };
        let mut table = self.table.lock();
        // Its deletion or another spec may have come while the object was fetched: what is wanted now is not this.
        let same = |row: &&mut Row<Plan>| {
            row.uid() == object.meta.uid && row.generation() == object.meta.generation && !row.is_deleting()
        };
        let Some(row) = table.row_mut(slot).filter(same) else { return Want::Keep };
        let want = want.unwrap_or_else(Want::from);
        row.plan.place_mut(*index).want = place_want(&want);
        want
    }

    /// What an integration may hold at most of an object that refers to something which is not known.
    fn known_of(&self, integration: &ObjectKey, object: &Object) -> Want {
        let Ok(visitor) = validate(object) else { return Want::Keep };
        let directory = self.directory();
        let tenant = directory.tenant(tenant_id(&visitor.tenant));
        let most = plan::known_entitlement(&visitor, tenant, integration, self.clock.now());
        Want::AtMost(Arc::new(most))
    }

    /// The object of a slot: the one at hand, else by a live GET; `None` if it does not exist.
    pub(super) async fn object(&self, slot: Slot) -> Result<Option<Arc<Object>>, SourceError> {
        let (key, version) = {
            let table = self.table.lock();
            let Some(row) = table.row(slot) else { return Ok(None) };
            (table.key_of(row), row.resource_version())
        };
        if let Some(object) = self.at_hand.lock().get(slot, version) {
            return Ok(Some(object));
        }
        self.fetch(slot, &key).await
    }

    /// Asks the API server, whatever is at hand.
    pub(super) async fn fetch(
        &self,
        slot: Slot,
        key: &ObjectKey,
    ) -> Result<Option<Arc<Object>>, SourceError> {
        // Before the GET: a 404 speaks of the object that we knew, not of one that has its name since.
        let uid = self.table.lock().row(slot).map(Row::uid);
        let found = self.get(key).await?;
        if let Some(object) = &found {
            self.take_answer(slot, object);
        } else if let Some(todo) = uid.and_then(|uid| self.table.lock().not_found(slot, uid)) {
            self.carry_out(todo);
        }
        Ok(found)
    }

    async fn get(&self, key: &ObjectKey) -> Result<Option<Arc<Object>>, SourceError> {
        let found = self
            .writer
            .api(&key.namespace)
            .get_opt(&key.name)
            .await
            .map_err(|error| SourceError::Unreachable(error.to_string()))?;
        Ok(found.map(|live: Live<_, _>| Arc::new(live.into_seen())))
    }

    /// An answer of the API server enters the rows like an event: the watch will only repeat it.
    pub(super) fn take_answer(&self, slot: Slot, object: &Arc<Object>) {
        let todo = self.table.lock().on(Event::Answer((**object).clone()));
        self.at_hand.lock().put(slot, Arc::clone(object));
        for todo in todo {
            self.carry_out(todo);
        }
    }
}

/// What an integration should hold of an object, or why it is refused; `None` if it takes no visitors of the
/// object's Tenant, or the spec cannot be read.
pub(super) fn record_in(
    integration: &ObjectKey,
    object: &Object,
    directory: &Directory,
    now: Timestamp,
) -> Option<Result<Want, Refused>> {
    let visitor = validate(object).ok()?;
    let tenant = directory.tenant(tenant_id(&visitor.tenant))?;
    let access = tenant.access_in(integration)?;
    Some(plan::record(&visitor, &object.meta.key, tenant, access, now))
}

/// What a row concludes from what is reported. The end of an old record, read back late, is not the new one's; and a record
/// of what was wanted when its turn began is not the one of a spec that has changed since.
fn state_after(want: PlaceWant, told: PlaceState, settled: bool, content: Option<u64>) -> PlaceState {
    match (want, told) {
        (PlaceWant::Content(wanted), told) if told.is_present() && content != Some(wanted) => {
            PlaceState::Waiting
        }
        (PlaceWant::Unplanned, told) if told.is_present() => PlaceState::Waiting,
        (PlaceWant::Content(_), PlaceState::Absent) => PlaceState::Waiting,
        (_, PlaceState::Absent) if !settled => PlaceState::Waiting,
        _ => told,
    }
}

/// What a row keeps of a want.
pub(super) fn place_want(want: &Want) -> PlaceWant {
    match want {
        Want::Record(record) => PlaceWant::Content(record.id.content),
        Want::Nothing => PlaceWant::Nothing,
        Want::Ended => PlaceWant::Ended,
        Want::Keep => PlaceWant::Keep,
        Want::AtMost(_) => PlaceWant::AtMost,
    }
}

/// What a row may conclude from what an engine knows; `None` if the engine has work to do, a second witness among it.
pub(super) fn state_by_engine(
    want: PlaceWant,
    engine: &Engine,
    slot: Slot,
    held: &[Held],
    now: Timestamp,
) -> Option<PlaceState> {
    state_by_snapshot(want, held, engine.altered(slot), || engine.lacks_witness(slot), now)
}

/// The same from what the snapshot holds. `altered` are the fields of the record that the system does not keep.
fn state_by_snapshot(
    want: PlaceWant,
    held: &[Held],
    altered: Fields,
    lacks_witness: impl Fn() -> bool,
    now: Timestamp,
) -> Option<PlaceState> {
    match (want, held) {
        (PlaceWant::Content(content), [one])
            if one.id.content == content && one.id.holds(one.fingerprint) =>
        {
            Some(PlaceState::present(altered))
        }
        (PlaceWant::Nothing | PlaceWant::Ended | PlaceWant::AtMost, []) if lacks_witness() => None,
        (PlaceWant::Nothing | PlaceWant::Ended | PlaceWant::Keep | PlaceWant::AtMost, []) => {
            Some(PlaceState::Absent)
        }
        (PlaceWant::Ended, held) if held.iter().any(|one| one.opens(now)) => None,
        (PlaceWant::Ended | PlaceWant::Keep, _) => Some(PlaceState::Present),
        _ => None,
    }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
