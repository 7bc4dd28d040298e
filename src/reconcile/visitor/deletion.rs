//! The end of a deletion: the finalizer is removed when no system holds a record any more, or when a person has
//! abandoned the records.

use std::collections::BTreeSet;
use std::sync::Arc;

use vestibule_core::identity::ObjectId;
use vestibule_core::model::ObjectKey;
use vestibule_core::plan::Withheld;

use super::Visitors;
use super::row_state::{PlacementState, RowState};
use super::status_input::StatusInput;
use super::status_writer::REPORT_WAITING_AFTER;
use super::validate::{Object, known_ids, names};
use super::write::same;
use crate::engine::{ConnectionState, Engine, Priority, SourceError};
use crate::reconcile::abandon::{deleting, deletion_failed, is_abandoned, is_misspelt};
use crate::reconcile::references::{References, tenant_id};

impl Visitors {
    /// Checks a deletion: it ends, reports why it cannot, or waits.
    pub(super) async fn finish_deletion(
        &self,
        input: &StatusInput<'_>,
        object: &Arc<Object>,
        priority: Priority,
    ) -> Result<(), SourceError> {
        let StatusInput { object_id, row_state, references, .. } = *input;
        let abandoned = is_abandoned(&object.meta);
        let mut holders = holders(object_id, object, row_state, references);
        if !abandoned && !holders.is_empty() {
            let keeping = self.keeping(&object.meta.key.namespace).await?;
            holders.retain(|key| !keeping.contains(*key));
        }
        if abandoned || holders.is_empty() {
            if abandoned {
                tracing::warn!(%object_id, "abandoned: the remaining records stay in their systems");
            }
            if leave_behind(object_id, object, references) > 0 {
                self.writer.events.left_behind(&self.writer.resource, &object.meta).await;
            }
            return self.remove_finalizer(object_id, object).await;
        }
        let engines = holders.iter().filter_map(|key| references.engines.get(*key));
        engines.filter(|engine| engine.lacks_witness(object_id)).for_each(|engine| engine.request_witness());
        let failure = self.trouble_of(object_id, row_state).map(|failure| failure.message);
        let awaited = holders.into_iter().find(|key| !is_connected(references, key)).map(waits_for);
        // A connection that is being established is not reported.
        let why = failure.or_else(|| awaited.filter(|_| priority == Priority::Drift));
        let misspelt = is_misspelt(&object.meta);
        let verdict = match why {
            Some(why) => deletion_failed(&why, "the record", misspelt),
            None if misspelt => deleting("its record is being removed", misspelt),
            None => {
                self.queue_status_later(object_id, REPORT_WAITING_AFTER);
                return Ok(());
            }
        };
        let said = self.settled(input, &verdict);
        if same(&said, input.previous) { Ok(()) } else { self.write_status(object_id, object, said).await }
    }

    async fn remove_finalizer(&self, object_id: ObjectId, object: &Object) -> Result<(), SourceError> {
        self.take_written(object_id, self.writer.finalizer(&object.meta, false).await)
    }
}

fn is_connected(references: &References, integration: &ObjectKey) -> bool {
    let engine = references.engines.get(integration);
    engine.is_some_and(|engine| engine.state().borrow().condition == ConnectionState::Connected)
}

fn waits_for(integration: &ObjectKey) -> String {
    format!("waits for AccessIntegration {}, which is not connected: see its status", integration.name)
}

/// Counts the records of an object that stay in each system after its deletion. Returns their number.
fn leave_behind(object_id: ObjectId, object: &Object, references: &References) -> usize {
    let all: BTreeSet<_> = references.integrations.keys().chain(references.engines.keys()).collect();
    let here = all.into_iter().filter(|key| key.namespace == object.meta.key.namespace);
    let left = here.map(|key| {
        let named = known_ids(object, &key.name);
        references.engines.get(key).map_or(named.len(), |engine| engine.leave_behind(object_id, &named))
    });
    left.sum()
}

/// The integrations in which the system may hold a record of the object: all without a proof that it does not.
fn holders<'a>(
    object_id: ObjectId,
    object: &Object,
    row_state: &RowState,
    references: &'a References,
) -> Vec<&'a ObjectKey> {
    let namespace = &object.meta.key.namespace;
    let tenant = object.spec.as_ref().ok().map(|spec| ObjectKey::new(namespace, &spec.tenant_ref.name));
    let home = tenant.and_then(|key| references.tenant(tenant_id(&key))).map(|tenant| &tenant.property_key);
    let elsewhere =
        |serves: &Option<ObjectKey>| home.is_some() && serves.is_some() && home != serves.as_ref();
    let here = references.integrations.iter().filter(|(key, _)| key.namespace == *namespace);
    let found = here.filter(|(key, serves)| {
        let placement = references.indexes.get(key).and_then(|index| row_state.placement(*index));
        let state = placement.map(|placement| placement.state);
        if matches!(state, Some(PlacementState::Withheld(Withheld::Mode(_), _))) {
            return false;
        }
        let untouched = references.untouched.contains(*key);
        match references.engines.get(*key).filter(|engine| engine.existing(object_id).is_some()) {
            Some(engine) if untouched => may_have_made(object_id, object, &key.name, engine),
            Some(engine) => {
                let done = matches!(state, None | Some(PlacementState::Absent | PlacementState::Unconfirmed));
                !(done && engine.is_settled(object_id) && engine.is_absent(object_id))
            }
            None if untouched => names(object, &key.name),
            // A system that was not listed since the start may hold a record, unless its integration serves another
            // Property than that of the visitor's Tenant.
            None => names(object, &key.name) || placement.is_some() || !elsewhere(serves),
        }
    });
    found.map(|(key, _)| key).collect()
}

/// Whether an integration that had written nothing when the references were built may hold a record of the object by
/// now.
fn may_have_made(object_id: ObjectId, object: &Object, integration: &str, engine: &Engine) -> bool {
    let named = known_ids(object, integration).iter().any(|id| !engine.is_gone(id));
    named
        || engine.is_under_way(object_id)
        || engine.existing(object_id).is_none_or(|existing| !existing.is_empty())
}
