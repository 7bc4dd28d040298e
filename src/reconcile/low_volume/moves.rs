//! Moves of an integration to another address or account: its records in the former system stay there and are counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::LowVolumeLoop;
use crate::engine::State;
use crate::reconcile::integration::{Connection, Object, Said, Validated};

/// The records that an integration has left behind in former systems.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// All records that were left behind, for any reason.
    left: i64,
    /// Records left behind by moves in this process. They are no longer left behind when the integration returns to
    /// them.
    by_system_and_owner: BTreeMap<SystemAndOwner, i64>,
}

/// A system and the owner id of the records in it.
type SystemAndOwner = (String, String);

impl Moved {
    fn leave(&mut self, key: SystemAndOwner, records: i64) {
        self.left += records;
        *self.by_system_and_owner.entry(key).or_default() += records;
    }

    fn come_back(&mut self, key: &SystemAndOwner) {
        self.left -= self.by_system_and_owner.remove(key).unwrap_or_default();
    }
}

impl LowVolumeLoop {
    /// Closes the connection to an account that is no longer the declared one.
    pub(super) async fn leave_former(&mut self, object: &Arc<Object>, wanted: &Validated) {
        let key = &object.meta.key;
        let Some(former) = self.connections.get(key).filter(|connection| connection.is_other(wanted)) else {
            return;
        };
        let (state, records) = (former.engine.state().borrow().clone(), self.remaining(object));
        let left = left_behind(former, &state);
        let (from, to) = ((former.system.clone(), former.owner_id.clone()), system_and_owner(wanted));
        self.disconnect(key);
        let moved = self.moved.entry(key.clone()).or_default();
        moved.left = left;
        if from != to {
            moved.leave(from.clone(), records);
            moved.come_back(&to);
            self.report_move(object, &from.0, records).await;
        }
    }

    /// The same for an integration that was changed while no process ran: its status names the former system.
    pub(super) async fn notice_move(&mut self, object: &Arc<Object>, wanted: &Validated) {
        let key = &object.meta.key;
        let former = object.status.as_ref().and_then(|said| said.connected_to.clone());
        let Some(former) = former.filter(|former| *former != wanted.system && !self.moved.contains_key(key))
        else {
            return;
        };
        let records = said_of(object, |said| said.records);
        let moved = self.moved.entry(key.clone()).or_default();
        moved.left = said_of(object, |said| said.left_behind);
        moved.leave((former.clone(), wanted.owner_id.clone()), records);
        self.report_move(object, &former, records).await;
    }

    async fn report_move(&self, object: &Object, former: &str, records: i64) {
        let Some(records) = usize::try_from(records).ok().filter(|records| *records > 0) else { return };
        let (key, writer) = (&object.meta.key, &self.writers.integration);
        tracing::warn!(integration = %key, former, records, "the integration uses another system: its records in the former one stay there");
        writer.events.moved_away(&writer.resource, &object.meta, former, records).await;
    }

    /// How many records the system of an integration may hold, as counted by its engine or else by an earlier process.
    pub(super) fn remaining(&self, object: &Object) -> i64 {
        let key = &object.meta.key;
        let connection = self.connections.get(key);
        if let Some(found) = connection.filter(|it| it.engine.state().borrow().syncs > 0) {
            return i64::try_from(found.engine.remaining()).unwrap_or(i64::MAX);
        }
        // The count in the status may be about the former system.
        let named = object.status.as_ref().and_then(|said| said.connected_to.as_ref());
        let is_of_this = named.zip(connection).map_or_else(
            || named.is_some() || !self.moved.contains_key(key),
            |(named, connection)| *named == connection.system,
        );
        if is_of_this { said_of(object, |said| said.records) } else { 0 }
    }

    /// How many records were left behind before the connection that starts now.
    pub(super) fn left_before(&self, object: &Object) -> i64 {
        let moved = self.moved.get(&object.meta.key).map(|moved| moved.left);
        moved.unwrap_or_else(|| said_of(object, |said| said.left_behind))
    }

    /// How many records were left behind; `None` if this process knows no more than the status.
    pub(super) fn left_now(&self, object: &Object, state: Option<&State>) -> Option<i64> {
        let key = &object.meta.key;
        let counted = self.connections.get(key).zip(state);
        let counted = counted.map(|(connection, state)| left_behind(connection, state));
        counted.or_else(|| self.moved.get(key).map(|moved| moved.left))
    }
}

fn system_and_owner(wanted: &Validated) -> SystemAndOwner {
    (wanted.system.clone(), wanted.owner_id.clone())
}

fn left_behind(connection: &Connection, state: &State) -> i64 {
    connection.left_behind.saturating_add(i64::try_from(state.left_behind).unwrap_or(i64::MAX))
}

fn said_of(object: &Object, count: impl FnOnce(&Said) -> Option<i64>) -> i64 {
    object.status.as_ref().and_then(count).unwrap_or_default()
}

#[cfg(test)]
#[path = "moves_tests.rs"]
mod tests;
