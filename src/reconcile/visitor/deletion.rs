//! The end of a deletion: when no system holds anything any more, or somebody gave up, the finalizer goes.

use std::collections::BTreeSet;
use std::sync::Arc;

use vestibule_core::identity::Slot;
use vestibule_core::model::ObjectKey;
use vestibule_core::plan::Withheld;

use super::Visitors;
use super::row::{PlaceState, Plan};
use super::say::Look;
use super::settling::PATIENCE;
use super::validate::{Object, known_ids, names};
use super::write::same;
use crate::engine::{Class, Condition, Engine, SourceError};
use crate::reconcile::abandon::{deleting, deletion_failed, is_abandoned, is_misspelt};
use crate::reconcile::directory::{Directory, tenant_id};

impl Visitors {
    /// One look at a deletion: it ends, says why it does not, or waits.
    pub(super) async fn settle_deletion(
        &self,
        look: &Look<'_>,
        object: &Arc<Object>,
        class: Class,
    ) -> Result<(), SourceError> {
        let Look { slot, plan, directory, .. } = *look;
        let abandoned = is_abandoned(&object.meta);
        let mut holders = holders(slot, object, plan, directory);
        if !abandoned && !holders.is_empty() {
            let keeping = self.keeping(&object.meta.key.namespace).await?;
            holders.retain(|key| !keeping.contains(*key));
        }
        if abandoned || holders.is_empty() {
            if abandoned {
                tracing::warn!(%slot, "abandoned: what is left in the systems stays there");
            }
            if leave_behind(slot, object, directory) > 0 {
                self.writer.events.left_behind(&self.writer.resource, &object.meta).await;
            }
            return self.remove_finalizer(slot, object).await;
        }
        let engines = holders.iter().filter_map(|key| directory.engines.get(*key));
        engines.filter(|engine| engine.lacks_witness(slot)).for_each(|engine| engine.request_witness());
        let trouble = self.trouble_of(slot, plan).map(|trouble| trouble.message);
        let awaited = holders.into_iter().find(|key| !is_connected(directory, key)).map(waits_for);
        // A connection that is merely being made is not worth a word.
        let why = trouble.or_else(|| awaited.filter(|_| class == Class::Drift));
        let misspelt = is_misspelt(&object.meta);
        let verdict = match why {
            Some(why) => deletion_failed(&why, "the record", misspelt),
            None if misspelt => deleting("its record is being removed", misspelt),
            None => {
                self.settle_later(slot, PATIENCE);
                return Ok(());
            }
        };
        let said = self.settled(look, &verdict);
        if same(&said, look.previous) { Ok(()) } else { self.write_status(slot, object, said).await }
    }

    async fn remove_finalizer(&self, slot: Slot, object: &Object) -> Result<(), SourceError> {
        self.take_written(slot, self.writer.finalizer(&object.meta, false).await)
    }
}

fn is_connected(directory: &Directory, integration: &ObjectKey) -> bool {
    let engine = directory.engines.get(integration);
    engine.is_some_and(|engine| engine.state().borrow().condition == Condition::Connected)
}

fn waits_for(integration: &ObjectKey) -> String {
    format!("waits for AccessIntegration {}, which is not connected: see its status", integration.name)
}

/// Counts what is left of a slot in each system although its object goes. Says how many records there are.
fn leave_behind(slot: Slot, object: &Object, directory: &Directory) -> usize {
    let all: BTreeSet<_> = directory.integrations.keys().chain(directory.engines.keys()).collect();
    let here = all.into_iter().filter(|key| key.namespace == object.meta.key.namespace);
    let left = here.map(|key| {
        let named = known_ids(object, &key.name);
        directory.engines.get(key).map_or(named.len(), |engine| engine.leave_behind(slot, &named))
    });
    left.sum()
}

/// The integrations whose system may hold something of the slot: all of which it is not proven that they do not.
fn holders<'a>(slot: Slot, object: &Object, plan: &Plan, directory: &'a Directory) -> Vec<&'a ObjectKey> {
    let namespace = &object.meta.key.namespace;
    let tenant = object.spec.as_ref().ok().map(|spec| ObjectKey::new(namespace, &spec.tenant_ref.name));
    let home = tenant.and_then(|key| directory.tenant(tenant_id(&key))).map(|tenant| &tenant.property_key);
    let elsewhere =
        |serves: &Option<ObjectKey>| home.is_some() && serves.is_some() && home != serves.as_ref();
    let here = directory.integrations.iter().filter(|(key, _)| key.namespace == *namespace);
    let found = here.filter(|(key, serves)| {
        let place = directory.indexes.get(key).and_then(|index| plan.place(*index));
        let state = place.map(|place| place.state);
        if matches!(state, Some(PlaceState::Withheld(Withheld::Mode(_), _))) {
            return false;
        }
        let untouched = directory.untouched.contains(*key);
        match directory.engines.get(*key).filter(|engine| engine.held(slot).is_some()) {
            Some(engine) if untouched => may_have_made(slot, object, &key.name, engine),
            Some(engine) => {
                let done = matches!(state, None | Some(PlaceState::Absent | PlaceState::Unconfirmed));
                !(done && engine.is_settled(slot) && engine.is_absent(slot))
            }
            None if untouched => names(object, &key.name),
            // What was not looked at since the start may hold something, unless it serves another Property than the
            // visitor's tenant says.
            None => names(object, &key.name) || place.is_some() || !elsewhere(serves),
        }
    });
    found.map(|(key, _)| key).collect()
}

/// Whether an integration that had written nothing when the directory was made may hold something of the slot after all.
fn may_have_made(slot: Slot, object: &Object, integration: &str, engine: &Engine) -> bool {
    let named = known_ids(object, integration).iter().any(|id| !engine.is_gone(id));
    named || engine.is_under_way(slot) || engine.held(slot).is_none_or(|held| !held.is_empty())
}
