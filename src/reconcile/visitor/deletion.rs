//! The end of a deletion: when no system holds anything any more, or somebody gave up, the finalizer goes.

use std::sync::Arc;

use vestibule_core::identity::Slot;
use vestibule_core::model::ObjectKey;
use vestibule_core::plan::Withheld;
use vestibule_core::status::Verdict;

use super::Visitors;
use super::row::{PlaceState, Plan};
use super::say::Look;
use super::settling::PATIENCE;
use super::validate::{Object, names};
use super::write::same;
use crate::api::annotation;
use crate::engine::{Class, Condition, SourceError};
use crate::reconcile::directory::{Directory, tenant_id};
use crate::reconcile::is_abandoned;

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
            let left: usize = directory.engines.values().map(|engine| engine.leave_behind(slot)).sum();
            if left > 0 {
                self.writer.events.left_behind(&self.writer.resource, &object.meta).await;
            }
            return self.remove_finalizer(slot, object).await;
        }
        let trouble = self.trouble_of(slot, plan).map(|trouble| trouble.message);
        let awaited = holders.into_iter().find(|key| !is_connected(directory, key)).map(waits_for);
        // A connection that is merely being made is not worth a word.
        let Some(message) = trouble.or_else(|| awaited.filter(|_| class == Class::Drift)) else {
            self.settle_later(slot, PATIENCE);
            return Ok(());
        };
        let said = self.settled(look, &Verdict::deletion_failed(message));
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
    format!(
        "waits for AccessIntegration {}, which is not connected: see its status. To leave the record there, annotate {}: \
         \"true\"",
        integration.name,
        annotation::ABANDON
    )
}

/// The integrations whose system may hold something of the slot: all that did not say themselves that they do not. One that
/// was not looked at since the start may hold something, unless the visitor's tenant says that it serves another Property.
fn holders<'a>(slot: Slot, object: &Object, plan: &Plan, directory: &'a Directory) -> Vec<&'a ObjectKey> {
    let namespace = &object.meta.key.namespace;
    let tenant = object.spec.as_ref().ok().map(|spec| ObjectKey::new(namespace, &spec.tenant_ref.name));
    let home = tenant.and_then(|key| directory.tenant(tenant_id(&key))).map(|tenant| &tenant.property_key);
    let elsewhere =
        |serves: &Option<ObjectKey>| home.is_some() && serves.is_some() && home != serves.as_ref();
    let here = directory.integrations.iter().filter(|(key, _)| key.namespace == *namespace);
    let found = here.filter(|(key, serves)| {
        let named = names(object, &key.name);
        let place = directory.indexes.get(key).and_then(|index| plan.place(*index));
        let engine = directory.engines.get(key);
        let held = engine.and_then(|engine| engine.held(slot));
        let may_hold = held.as_ref().map_or_else(|| !elsewhere(serves), |held| !held.is_empty());
        let state = place.map(|place| place.state);
        let is_empty = held.is_some_and(|held| held.is_empty());
        (named || place.is_some() || may_hold)
            && !matches!(state, Some(PlaceState::Withheld(Withheld::Mode(_), _)))
            && !(is_empty
                && engine.is_some_and(|engine| engine.is_settled(slot))
                && matches!(state, None | Some(PlaceState::Absent | PlaceState::Unconfirmed)))
    });
    found.map(|(key, _)| key).collect()
}
