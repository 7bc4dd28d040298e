//! The end of a deletion: when no system holds anything any more, or somebody gave up, the finalizer goes.

use std::collections::BTreeSet;
use std::sync::Arc;

use vestibule_core::identity::Slot;
use vestibule_core::model::ObjectKey;
use vestibule_core::plan::Withheld;
use vestibule_core::status::Verdict;

use super::Visitors;
use super::row::{PlaceState, Plan};
use super::validate::{Object, names};
use super::write::same;
use crate::engine::SourceError;
use crate::reconcile::directory::{Directory, tenant_id};
use crate::reconcile::is_abandoned;

impl Visitors {
    /// One look at a deletion: it ends, says why it does not, or waits.
    pub(super) async fn settle_deletion(
        &self,
        slot: Slot,
        object: &Arc<Object>,
        plan: &Plan,
        directory: &Directory,
    ) -> Result<(), SourceError> {
        let abandoned = is_abandoned(&object.meta);
        let mut over = abandoned || is_clean(slot, object, plan, directory, &BTreeSet::new());
        if !over {
            let keeping = self.keeping(&object.meta.key.namespace).await?;
            over = !keeping.is_empty() && is_clean(slot, object, plan, directory, &keeping);
        }
        if over {
            if abandoned {
                tracing::warn!(?slot, "abandoned: what is left in the systems stays there");
            }
            let left: usize = directory.engines.values().map(|engine| engine.leave_behind(slot)).sum();
            if left > 0 {
                self.writer.events.left_behind(&self.writer.resource, &object.meta).await;
            }
            return self.remove_finalizer(slot, object).await;
        }
        let Some(trouble) = self.trouble_of(slot, plan) else { return Ok(()) };
        let previous = object.status.clone().unwrap_or_default();
        let verdict = Verdict::deletion_failed(trouble.message);
        let said = self.settled(slot, &verdict, directory, &previous, object.meta.generation);
        if same(&said, &previous) { Ok(()) } else { self.write_status(slot, object, said).await }
    }

    async fn remove_finalizer(&self, slot: Slot, object: &Object) -> Result<(), SourceError> {
        self.take_written(slot, self.writer.finalizer(&object.meta, false).await)
    }
}

/// Whether no system holds anything of the slot, as far as the systems said so themselves, but for those that keep it. One
/// that was not looked at since the start may hold something, unless the visitor's tenant says that it serves another
/// Property.
fn is_clean(
    slot: Slot,
    object: &Object,
    plan: &Plan,
    directory: &Directory,
    keeping: &BTreeSet<ObjectKey>,
) -> bool {
    let namespace = &object.meta.key.namespace;
    let tenant = object.spec.as_ref().ok().map(|spec| ObjectKey::new(namespace, &spec.tenant_ref.name));
    let home = tenant.and_then(|key| directory.tenant(tenant_id(&key))).map(|tenant| &tenant.property_key);
    let elsewhere =
        |serves: &Option<ObjectKey>| home.is_some() && serves.is_some() && home != serves.as_ref();
    let here = directory.integrations.iter().filter(|(key, _)| key.namespace == *namespace);
    let mut here = here.filter(|(key, _)| !keeping.contains(key));
    here.all(|(key, serves)| {
        let named = names(object, &key.name);
        let place = directory.indexes.get(key).and_then(|index| plan.place(*index));
        let engine = directory.engines.get(key);
        let held = engine.and_then(|engine| engine.held(slot));
        let may_hold = held.as_ref().map_or_else(|| !elsewhere(serves), |held| !held.is_empty());
        let state = place.map(|place| place.state);
        let is_empty = held.is_some_and(|held| held.is_empty());
        !(named || place.is_some() || may_hold)
            || matches!(state, Some(PlaceState::Withheld(Withheld::Mode(_))))
            || (is_empty
                && engine.is_some_and(|engine| engine.is_settled(slot))
                && matches!(state, None | Some(PlaceState::Absent | PlaceState::Unconfirmed)))
    })
}
