//! Moves of an integration to another address or account: its records in the former system stay there and are counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::LowVolumeLoop;
use crate::api::FormerSystem;
use crate::engine::State;
use crate::reconcile::integration::{Connection, Object, Said, Validated};

/// The records that an integration has left behind, according to its status and since then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LeftBehind {
    /// In former systems, by system. They are no longer left behind when the integration returns to the system.
    former: BTreeMap<String, i64>,
    /// In the present system, before the present engine started.
    here: i64,
}

impl LeftBehind {
    fn of(said: Option<&Said>) -> Self {
        let Some(said) = said else { return Self::default() };
        let former = said.former_systems.iter().map(|one| (one.system.clone(), one.records)).collect();
        let all = Self { former, here: 0 };
        Self { here: (said.left_behind.unwrap_or_default() - all.total()).max(0), ..all }
    }

    fn total(&self) -> i64 {
        self.former.values().fold(self.here, |sum, records| sum.saturating_add(*records))
    }

    /// Notes that the present system is left with this many records; those that were left behind in it are among them.
    fn leave(&mut self, system: &str, records: i64) {
        let records = records.max(std::mem::take(&mut self.here));
        let before = self.former.entry(system.to_owned()).or_default();
        *before = records.max(*before);
        while self.former.len() > MOST_SYSTEMS {
            // If there are too many systems, the one with the fewest records is counted without its name.
            let fewest =
                self.former.iter().filter(|(name, _)| *name != EARLIER).min_by_key(|(_, records)| **records);
            let Some((name, records)) = fewest.map(|(name, records)| (name.clone(), *records)) else {
                return;
            };
            self.former.remove(&name);
            *self.former.entry(EARLIER.to_owned()).or_default() += records;
        }
    }

    fn come_back(&mut self, system: &str) {
        self.former.remove(system);
    }

    /// The former systems as the status lists them.
    pub(super) fn former_systems(&self) -> Vec<FormerSystem> {
        let left = self.former.iter().filter(|(_, records)| **records > 0);
        left.map(|(system, records)| FormerSystem { system: system.clone(), records: *records }).collect()
    }
}

/// The most former systems that the status names.
const MOST_SYSTEMS: usize = 15;

/// Stands for all other former systems.
const EARLIER: &str = "earlier systems";

impl LowVolumeLoop {
    /// Closes the connection to an account that is no longer the declared one.
    pub(super) async fn leave_former(&mut self, object: &Arc<Object>, wanted: &Validated) {
        let key = &object.meta.key;
        let Some(former) = self.connections.get(key).filter(|connection| connection.is_other(wanted)) else {
            return;
        };
        let (records, from) = (self.remaining(object), former.system.clone());
        let moves = (&from, &former.owner_id) != (&wanted.system, &wanted.owner_id);
        self.disconnect(key);
        self.moved.insert(key.clone());
        if moves {
            let left = self.left_behind(object);
            left.leave(&from, records);
            left.come_back(&wanted.system);
            self.report_move(object, &from, records).await;
        }
    }

    /// The same for an integration that was changed while no controller ran: its status names the system to which it was
    /// connected.
    pub(super) async fn notice_move(&mut self, object: &Arc<Object>, wanted: &Validated) {
        let key = &object.meta.key;
        let former = object.status.as_ref().and_then(|said| said.connected_to.clone());
        let former = former.filter(|former| *former != wanted.system && !self.moved.contains(key));
        let records = said_of(object, |said| said.records);
        let left = self.left_behind(object);
        if let Some(former) = &former {
            left.leave(former, records);
        }
        left.come_back(&wanted.system);
        if let Some(former) = former {
            self.moved.insert(key.clone());
            self.report_move(object, &former, records).await;
        }
    }

    /// The records that an integration has left behind before its present engine.
    fn left_behind(&mut self, object: &Object) -> &mut LeftBehind {
        let new = || LeftBehind::of(object.status.as_ref());
        self.left_behind.entry(object.meta.key.clone()).or_insert_with(new)
    }

    /// Keeps counting the records that an engine has left behind after the engine ends.
    pub(super) fn keep_left_behind(&mut self, connection: &Connection) {
        let left = connection.engine.state().borrow().left_behind;
        if let Some(before) = self.left_behind.get_mut(connection.engine.integration()) {
            before.here = before.here.saturating_add(count(left));
        }
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
            || named.is_some() || !self.moved.contains(key),
            |(named, connection)| *named == connection.system,
        );
        if is_of_this { said_of(object, |said| said.records) } else { 0 }
    }

    /// How many records are left behind, and those in former systems; `None` if this process knows no more than the
    /// status.
    pub(super) fn left_now(
        &self,
        object: &Object,
        state: Option<&State>,
    ) -> Option<(i64, Vec<FormerSystem>)> {
        let before = self.left_behind.get(&object.meta.key)?;
        let since = state.map(|state| count(state.left_behind)).unwrap_or_default();
        Some((before.total().saturating_add(since), before.former_systems()))
    }
}

fn count(records: u64) -> i64 {
    i64::try_from(records).unwrap_or(i64::MAX)
}

fn said_of(object: &Object, count: impl FnOnce(&Said) -> Option<i64>) -> i64 {
    object.status.as_ref().and_then(count).unwrap_or_default()
}

#[cfg(test)]
#[path = "moves_tests.rs"]
mod tests;
