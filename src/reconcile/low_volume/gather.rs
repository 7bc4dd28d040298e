//! Gathers the Secret and the Property of an integration, and validates everything together.

use std::sync::Arc;

use jiff::tz::TimeZone;
use vestibule_core::ownership::default_owner_id;

use super::LowVolumeLoop;
use crate::reconcile::integration::{Named, Object, Refusal, Secrets, Validated, validate};
use crate::reconcile::property;

impl LowVolumeLoop {
    /// An integration with its references, or why it cannot be connected.
    pub(super) async fn validated(&mut self, object: &Arc<Object>) -> Result<Validated, Refusal> {
        if let Some(refusal) = self.owner_refusal(object) {
            return Err(refusal);
        }
        let secrets = self.secrets_of(object).await?;
        // Removal needs no time zone: a missing Property does not block a deletion.
        let property =
            self.property_of(object).or_else(|| object.meta.deleting.then_some((TimeZone::UTC, false)));
        let property = property.as_ref().map(|(zone, suspended)| (zone, *suspended));
        let owner_id = default_owner_id(&self.cluster, &object.meta.key);
        let mut validated = validate(object, &secrets, property, &owner_id, self.allow_loopback)?;
        validated.settings.ownership.neighbours = Arc::clone(&self.neighbours);
        Ok(validated)
    }

    /// The Secrets that an integration names, read again if they may have changed. A login is sent only to the address
    /// that it was read for.
    async fn secrets_of(&mut self, object: &Object) -> Result<Secrets, Refusal> {
        let key = &object.meta.key;
        let Ok(spec) = &object.spec else { return Ok(Secrets::default()) };
        let named = Named::by(spec);
        let known = self.read.get(key).filter(|(by, _)| *by == named).map(|(_, secrets)| secrets.clone());
        if let Some(known) = known.clone().filter(|_| self.fresh.get(key) == Some(&object.meta.generation)) {
            return Ok(known);
        }
        match (self.secrets.read(object).await, known) {
            (Ok(secrets), known) => {
                // A deletion uses the last known login.
                let before = known.filter(|_| object.meta.deleting).unwrap_or_default();
                let secrets = secrets.or(before);
                self.read.insert(key.clone(), (named, secrets.clone()));
                self.fresh.insert(key.clone(), object.meta.generation);
                Ok(secrets)
            }
            // An unreachable API server says nothing about the Secret, so a connection stays.
            (Err(error), Some(known)) => {
                tracing::debug!(integration = %key, %error, "the Secret could not be read again");
                Ok(known)
            }
            (Err(error), None) => {
                let sentence = crate::cluster::client::sentence(&error);
                Err(Refusal::Missing(format!("the Secret could not be read: {sentence}")))
            }
        }
    }

    fn property_of(&self, object: &Object) -> Option<(TimeZone, bool)> {
        let spec = object.spec.as_ref().ok()?;
        let property = self.properties.get(&property::key(&object.meta.key.namespace, &spec.property_ref))?;
        let checked = property::validate(property).ok()?;
        let zone = TimeZone::get(checked.facts.zone.name()).ok()?;
        Some((zone, checked.suspended))
    }
}
