use super::*;
use crate::api::{Grant, TenantGroups};
use crate::reconcile::fixtures::{acme, key};

/// The tenant acme, granting these groups in these integrations.
fn granting(grants: &[(&str, &[&str])]) -> TenantSpec {
    let grant = |(name, groups): &(&str, &[&str])| Grant {
        integration_ref: (*name).into(),
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
    };
    TenantSpec { visitor_access: grants.iter().map(grant).collect(), ..acme() }
}

fn lobby() -> VisitorAccess {
    VisitorAccess { groups: vec!["Lobby".to_owned()], tenants: Vec::new() }
}

fn of(spec: &TenantSpec, integrations: &DeclaredIntegrations<'_>) -> Declared {
    let tenant = DeclaredTenant { name: "acme", property: &key("tower"), spec, records: &[] };
    Declared::of(tenant, integrations)
}

fn taker<'a>(
    name: &'a str,
    visitor_access: Option<&'a VisitorAccess>,
    ready: bool,
) -> DeclaredIntegration<'a> {
    DeclaredIntegration { name, visitor_access, ready }
}

#[test]
fn a_spec_is_invalid_by_what_is_declared_only_and_never_by_what_is_not_connected() {
    let spec = granting(&[("netbox", &["Lobby"])]);
    for ready in [true, false] {
        let both = [taker("annex", None, true), taker("netbox", None, ready)];
        let declared = of(&spec, &DeclaredIntegrations { takers: both.into(), ..Default::default() });
        assert_eq!(declared.doors, Doors::Declared);
        let waits = "waits for AccessIntegration netbox, which is not ready: see its status".to_owned();
        assert_eq!(declared.awaited, if ready { Vec::new() } else { vec![waits] });
    }
    let annex = DeclaredIntegrations { takers: vec![taker("annex", None, false)], ..Default::default() };
    assert!(matches!(of(&granting(&[("annex", &[])]), &annex).doors, Doors::NoGroups(_)));
}

#[test]
fn a_name_that_an_integration_will_have_seconds_later_is_waited_for() {
    let spec = granting(&[("netbox", &["Lobby"])]);
    let annex = DeclaredIntegrations { takers: vec![taker("annex", None, true)], ..Default::default() };
    for integrations in [annex, DeclaredIntegrations::default()] {
        let declared = of(&spec, &integrations);
        assert_eq!(declared.doors, Doors::Declared);
        assert_eq!(
            declared.awaited,
            [
                "waits for AccessIntegration netbox, which spec.visitorAccess of Tenant acme names and which does not exist. \
              Make it, or take it out there"
            ]
        );
    }
    assert_eq!(of(&granting(&[("netbox", &[])]), &DeclaredIntegrations::default()).awaited, [""; 0]);
}

#[test]
fn an_integration_that_cannot_serve_the_tenant_says_why() {
    let spec = granting(&[("netbox", &["Lobby"])]);
    let sentence = |why| {
        let integrations = DeclaredIntegrations { others: [("netbox", why)].into(), ..Default::default() };
        let declared = of(&spec, &integrations);
        (declared.doors, declared.awaited.join(" "))
    };
    let (doors, unreadable) = sentence(Unusable::Unreadable);
    assert!(doors == Doors::Declared && unreadable.contains("not ready: see its status"), "{unreadable}");
    let (doors, elsewhere) = sentence(Unusable::OfAnotherProperty);
    assert!(
        doors == Doors::Declared && elsewhere.contains("serves another Property than tower"),
        "{elsewhere}"
    );
    let (doors, deleting) = sentence(Unusable::Deleting);
    assert!(doors == Doors::Declared && deleting.contains("is being deleted"), "{deleting}");
    let (doors, declines) = sentence(Unusable::TakesNoVisitors);
    assert_eq!(declines, "");
    assert!(
        matches!(&doors, Doors::NoIntegration(it) if it.ends_with("Make one, or set it on netbox")),
        "{doors:?}"
    );
}

#[test]
fn nothing_is_concluded_while_the_spec_of_an_integration_cannot_be_read() {
    let unreadable = || [("netbox", Unusable::Unreadable)].into();
    let alone = DeclaredIntegrations { others: unreadable(), ..Default::default() };
    let beside = DeclaredIntegrations { takers: vec![taker("annex", None, true)], others: unreadable() };
    for integrations in [alone, beside] {
        let declared = of(&acme(), &integrations);
        assert_eq!((declared.doors, declared.awaited.len()), (Doors::Declared, 1));
    }
}

#[test]
fn the_integrations_own_groups_count_for_a_tenant_that_names_none() {
    let doors = |access: &VisitorAccess| {
        let takers = vec![taker("netbox", Some(access), true)];
        of(&acme(), &DeclaredIntegrations { takers, ..Default::default() }).doors
    };
    let none = TenantGroups { tenant: "Acme Ltd".to_owned(), groups: Vec::new() };
    assert_eq!(doors(&lobby()), Doors::Declared);
    let named = VisitorAccess { tenants: vec![none], ..lobby() };
    assert!(matches!(doors(&named), Doors::NoGroups(_)), "an empty list means none");
}
