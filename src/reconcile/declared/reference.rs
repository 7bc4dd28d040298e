//! Resolves the names of integrations in a Tenant, and finds the integrations that should open doors and are not ready.

use super::{DeclaredGrant, DeclaredIntegrations, DeclaredTenant, Unusable};

/// The references that are missing, and the integrations that are not ready; each a sentence.
pub(super) fn follow(
    tenant: DeclaredTenant<'_>,
    integrations: &DeclaredIntegrations<'_>,
    grants: &[DeclaredGrant],
) -> (Vec<String>, Vec<String>) {
    let takers = &integrations.takers;
    let ready = |grant: &&DeclaredGrant| takers.iter().all(|it| it.name != grant.integration || it.ready);
    let unready = grants.iter().filter(|grant| !ready(grant)).map(|grant| not_ready(&grant.integration));
    let (mut missing, mut unready) = (Vec::new(), unready.collect::<Vec<_>>());
    let named = tenant.spec.visitor_access.iter().filter(|grant| !grant.groups.is_empty());
    let named = named.map(|grant| grant.integration_ref.name.as_str());
    for name in named.filter(|name| takers.iter().all(|it| it.name != *name)) {
        match integrations.others.get(name) {
            Some(Unusable::Unreadable) => unready.push(not_ready(name)),
            // The integration takes no visitors on purpose, so nothing is missing.
            Some(Unusable::TakesNoVisitors) => {}
            why => missing.push(missing_reference(name, tenant, why.copied())),
        }
    }
    let nothing = grants.is_empty() && unready.is_empty() && missing.is_empty();
    let unreadable = integrations.others.iter().find(|(_, why)| **why == Unusable::Unreadable);
    if let Some((name, _)) = unreadable.filter(|_| nothing) {
        // An integration with an unreadable spec may open doors to every tenant of the Property.
        unready.push(not_ready(name));
    }
    (missing, unready)
}

fn not_ready(name: &str) -> String {
    format!("waits for AccessIntegration {name}, which is not ready: see its status")
}

fn missing_reference(name: &str, tenant: DeclaredTenant<'_>, why: Option<Unusable>) -> String {
    let property = tenant.property;
    let (what, remedy) = match why {
        Some(Unusable::OfAnotherProperty) => {
            (format!("serves another Property than {property}"), format!("Name one of {property}"))
        }
        Some(Unusable::Deleting) => ("is being deleted".to_owned(), "Name another".to_owned()),
        _ => ("does not exist".to_owned(), "Make it".to_owned()),
    };
    format!(
        "waits for AccessIntegration {name}, which spec.visitorAccess of Tenant {} names and which {what}. {remedy}, or \
         take it out there",
        tenant.name
    )
}
