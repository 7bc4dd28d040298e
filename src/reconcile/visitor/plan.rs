//! Plans a Visitor, without I/O: its phase, and its desired state in each integration now.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use vestibule_core::adapt::{RequestedAccess, adapt, entitlement, group_names};
use vestibule_core::entitlement::Entitlement;
use vestibule_core::identity::{Kind, ObjectId, RecordId};
use vestibule_core::model::{DesiredRecord, ObjectKey, OwnerMark};
use vestibule_core::plan::DesiredState;
use vestibule_core::schedule::{Day, PackedVisit, Window};

use super::validate::Validated;
use crate::reconcile::declared::Doors;
use crate::reconcile::references::{Access, References, TenantFacts};

/// The phase of a Visitor, before any system is considered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// A record is desired today, in at least one integration.
    Today,
    /// Today's window is over; a record that opens nothing any more stays until midnight.
    Over,
    /// The day has not come.
    Scheduled,
    /// The visit is over.
    Expired,
    /// A reference is missing: no access is granted or removed. The sentence names the reference.
    Missing(String),
    /// No integration takes visitors now. As [`Self::Missing`], but integrations that decline visitors remove their
    /// records.
    NoTaker(String),
    /// The Visitor is refused: the sentence says what to change. No access is granted.
    Refused(String),
    /// The tenant has no groups, or none any more: granted access is revoked.
    NoGroups(String),
}

impl Phase {
    /// Whether existing records are left as they are, whatever they are.
    pub const fn freezes(&self) -> bool {
        matches!(self, Self::Missing(_) | Self::NoTaker(_) | Self::Refused(_) | Self::Over)
    }
}

/// The phase of a visit according to its row, and when the phase changes.
pub fn phase(visit: PackedVisit, tenant: Option<&TenantFacts>, now: Timestamp) -> (Phase, Option<Timestamp>) {
    let Some(tenant) = tenant else {
        return (
            Phase::Missing(
                "the Tenant that spec.tenantRef names does not exist: make it or name another".into(),
            ),
            None,
        );
    };
    let Some(property) = &tenant.property else {
        let message = format!(
            "Property {} is missing or not ready: create it, or correct what its status names",
            tenant.property_key.name
        );
        return (Phase::Missing(message), None);
    };
    let day = visit.day_at(now, &property.zone, property.provision);
    let phase = match day {
        Day::Scheduled { .. } => Phase::Scheduled,
        Day::Expired => Phase::Expired,
        Day::On { .. } | Day::Ended { .. } => match no_groups(tenant) {
            Some(refusal) => refusal,
            None if matches!(day, Day::On { .. }) => Phase::Today,
            None => Phase::Over,
        },
    };
    (phase, day.changes_at())
}

/// Whether a visit whose window of today is over has another day.
pub fn has_more_days(visit: PackedVisit, tenant: Option<&TenantFacts>, now: Timestamp) -> bool {
    let property = tenant.and_then(|tenant| tenant.property.as_ref());
    let day = property.map(|property| visit.day_at(now, &property.zone, property.provision));
    matches!(day, Some(Day::Ended { last: false, .. }))
}

/// The phase of a Visitor that gets no record on its day, according to the declarations. An integration that is only
/// not connected gives no such phase: it is waited for.
fn no_groups(tenant: &TenantFacts) -> Option<Phase> {
    match &tenant.declared.doors {
        Doors::NoGroups(message) => Some(Phase::NoGroups(message.clone())),
        Doors::NoIntegration(message) => Some(Phase::NoTaker(message.clone())),
        Doors::Declared if tenant.access.is_empty() => {
            Some(Phase::NoTaker(tenant.declared.awaited().cloned().unwrap_or_default()))
        }
        Doors::Declared => None,
    }
}

/// Why a visitor gets no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The sentence: it says what to change.
    pub sentence: String,
    /// The most that an existing record may open.
    pub most: Arc<Entitlement>,
}

impl From<Refused> for DesiredState {
    fn from(refused: Refused) -> Self {
        Self::AtMost(refused.most)
    }
}

/// The most that a record of a Visitor may open in an integration, as far as it is known while a reference is not.
pub fn known_entitlement(
    visitor: &Validated,
    tenant: Option<&TenantFacts>,
    integration: &ObjectKey,
    now: Timestamp,
) -> Entitlement {
    let property = tenant.and_then(|tenant| tenant.property.as_ref());
    let day = property.map(|property| visitor.visit.day_at(now, &property.zone, property.provision));
    let window = day.and_then(|day| match day {
        Day::On { window, .. } | Day::Ended { window, .. } => Some(window),
        Day::Scheduled { .. } | Day::Expired => None,
    });
    let access = tenant.and_then(|tenant| tenant.access_in(integration));
    Entitlement {
        person: None,
        window,
        groups: access.map(|access| group_names(&access.groups)),
        cards: Some(visitor.credential_number.iter().cloned().collect()),
    }
}

/// The record that one integration should hold of a visitor, or why it gets none.
pub fn record(
    visitor: &Validated,
    object: &ObjectKey,
    tenant: &TenantFacts,
    access: &Access,
    now: Timestamp,
) -> Result<DesiredState, Refused> {
    let Some(property) = tenant.property.as_ref() else {
        let most = known_entitlement(visitor, Some(tenant), &access.integration.key, now);
        return Ok(DesiredState::AtMost(Arc::new(most)));
    };
    let window = match visitor.visit.day_at(now, &property.zone, property.provision) {
        Day::On { window, .. } => window,
        Day::Ended { .. } => return Ok(DesiredState::Ended),
        Day::Scheduled { .. } | Day::Expired => return Ok(DesiredState::Nothing),
    };
    if access.groups.is_empty() {
        return Ok(DesiredState::Nothing);
    }
    let requested = requested(visitor, tenant, &access.groups, window);
    let system = &access.integration.capabilities;
    let (facts, _) = adapt(&requested, system).map_err(|refusal| Refused {
        sentence: refusal.to_string(),
        most: Arc::new(entitlement(&requested, system)),
    })?;
    let id = RecordId::new(access.owner, ObjectId::of_visitor(object), facts.fingerprint());
    let window = facts.window.unwrap_or(window);
    Ok(DesiredState::Record(Arc::new(DesiredRecord {
        id,
        mark: OwnerMark {
            owner_id: access.integration.owner_id.clone(),
            kind: Kind::Visitor,
            object: object.clone(),
        },
        person: facts.person,
        tenant: facts.tenant,
        window,
        groups: facts.groups,
        card: facts.cards.into_keys().next(),
    })))
}

fn requested(
    visitor: &Validated,
    tenant: &TenantFacts,
    groups: &BTreeSet<String>,
    window: Window,
) -> RequestedAccess {
    RequestedAccess {
        person: visitor.person.clone(),
        tenant: tenant.display_name.clone(),
        window,
        groups: groups.clone(),
        credential_number: visitor.credential_number.clone(),
    }
}

/// Whether one of the records in a status is the declared one, for an integration without a connection. An unknown Tenant,
/// Property or system revokes nothing. A refused visitor has no declared record.
pub fn is_declared(
    visitor: &Validated,
    tenant: Option<&TenantFacts>,
    integration: &ObjectKey,
    references: &References,
    named: &[RecordId],
    now: Timestamp,
) -> bool {
    let Some(tenant) = tenant else { return true };
    let Some(property) = &tenant.property else { return true };
    let window = match visitor.visit.day_at(now, &property.zone, property.provision) {
        Day::On { window, .. } | Day::Ended { window, .. } => window,
        Day::Scheduled { .. } | Day::Expired => return false,
    };
    let Some(grant) = tenant.declared.grants.iter().find(|grant| grant.integration == integration.name)
    else {
        // An integration with an unreadable spec may open doors.
        return references.integrations.get(integration).is_none_or(Option::is_none);
    };
    let Some(system) = &grant.capabilities else { return true };
    let facts = adapt(&requested(visitor, tenant, &grant.groups, window), system);
    facts.is_ok_and(|(facts, _)| named.iter().any(|id| id.holds(facts.fingerprint())))
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
