use super::*;
use crate::api::{Grant, TenantGroups};
use crate::engine::catalogue::Name;
use crate::reconcile::fixtures::{acme, engine, integration};
use crate::system::memory::Memory;

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
    let tenant = DeclaredTenant { name: "acme", property: "tower", spec, records: &[] };
    Declared::of(tenant, integrations)
}

fn taker<'a>(
    name: &'a str,
    visitor_access: Option<&'a VisitorAccess>,
    ready: bool,
) -> DeclaredIntegration<'a> {
    DeclaredIntegration { name, visitor_access, capabilities: None, catalogue: Catalogue::lacking([]), ready }
}

#[test]
fn a_spec_is_invalid_only_by_declarations_and_never_by_a_missing_connection() {
    let spec = granting(&[("netbox", &["Lobby"])]);
    for ready in [true, false] {
        let both = [taker("annex", None, true), taker("netbox", None, ready)];
        let declared = of(&spec, &DeclaredIntegrations { takers: both.into(), ..Default::default() });
        assert_eq!(declared.doors, Doors::Declared);
        let waits = "waits for AccessIntegration netbox, which is not ready: see its status".to_owned();
        assert_eq!(declared.unready, if ready { Vec::new() } else { vec![waits] });
    }
    let annex = DeclaredIntegrations { takers: vec![taker("annex", None, false)], ..Default::default() };
    assert!(matches!(of(&granting(&[("annex", &[])]), &annex).doors, Doors::NoGroups(_)));
}

#[test]
fn a_reference_to_an_integration_that_does_not_exist_yet_is_waited_for() {
    let spec = granting(&[("netbox", &["Lobby"])]);
    let annex = DeclaredIntegrations { takers: vec![taker("annex", None, true)], ..Default::default() };
    for integrations in [annex, DeclaredIntegrations::default()] {
        let declared = of(&spec, &integrations);
        assert_eq!(declared.doors, Doors::Declared);
        assert_eq!(
            declared.missing,
            [
                "waits for AccessIntegration netbox, which spec.visitorAccess of Tenant acme names and which does not exist. \
              Make it, or take it out there"
            ]
        );
    }
    assert_eq!(of(&granting(&[("netbox", &[])]), &DeclaredIntegrations::default()).missing, [""; 0]);
}

#[test]
fn an_integration_that_cannot_serve_the_tenant_says_why() {
    let spec = granting(&[("netbox", &["Lobby"])]);
    let sentence = |why| {
        let integrations = DeclaredIntegrations { others: [("netbox", why)].into(), ..Default::default() };
        let declared = of(&spec, &integrations);
        (declared.doors.clone(), declared.awaited().cloned().unwrap_or_default())
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
        assert_eq!((declared.doors, declared.unready.len()), (Doors::Declared, 1));
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

/// The sentence about a group that the NetBox does not have, named by the tenant's own spec or by the integration.
fn lacking(spec: &TenantSpec, access: Option<&VisitorAccess>, group: &str) -> String {
    let capabilities = integration(&engine("netbox", Memory::default()), 0).capabilities;
    let catalogue = Catalogue::lacking([Name::Group(group.to_owned())]);
    let netbox = DeclaredIntegration {
        capabilities: Some(Arc::new(capabilities)),
        catalogue,
        ..taker("netbox", access, true)
    };
    let declared = of(spec, &DeclaredIntegrations { takers: vec![netbox], ..Default::default() });
    match &declared.grants[0].group {
        Reference::Missing(sentence) => sentence.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_group_that_the_system_does_not_have_is_reported_with_the_field_that_names_it() {
    assert_eq!(
        lacking(&granting(&[("netbox", &["Lobby", "Lobyy"])]), None, "Lobyy"),
        "waits for the access group \"Lobyy\", which spec.visitorAccess of Tenant acme names for AccessIntegration netbox \
         and which Memory does not have: create it there, or name another"
    );
    let named = lacking(&acme(), Some(&lobby()), "Lobby");
    assert!(
        named.contains("which spec.visitorAccess.groups of AccessIntegration netbox names and which"),
        "{named}"
    );
    let entry = TenantGroups { tenant: "Acme Ltd".to_owned(), groups: vec!["Lab".to_owned()] };
    let access = VisitorAccess { tenants: vec![entry], ..lobby() };
    let named = lacking(&acme(), Some(&access), "Lab");
    assert!(
        named.contains("which spec.visitorAccess.tenants of AccessIntegration netbox names for Tenant acme"),
        "{named}"
    );
    let by_id = lacking(&granting(&[("netbox", &["id:1"])]), None, "1");
    assert!(by_id.starts_with("waits for the access group with the id \"1\", which"), "{by_id}");
}

#[test]
fn each_change_of_a_verdict_changes_the_hash() {
    let capabilities = Arc::new(integration(&engine("netbox", Memory::default()), 0).capabilities);
    let bare = Arc::new(Capabilities { card_format: None, ..(*capabilities).clone() });
    let usual = || DeclaredIntegration {
        capabilities: Some(Arc::clone(&capabilities)),
        ..taker("netbox", None, true)
    };
    let hash = |spec: &TenantSpec, netbox: DeclaredIntegration<'_>| {
        of(spec, &DeclaredIntegrations { takers: vec![netbox], ..Default::default() }).hash
    };
    let lobby = granting(&[("netbox", &["Lobby"])]);
    let lacks = |name| DeclaredIntegration { catalogue: Catalogue::lacking([name]), ..usual() };
    let hashes = [
        hash(&lobby, usual()),
        hash(&lobby, DeclaredIntegration { ready: false, ..usual() }),
        hash(&lobby, DeclaredIntegration { capabilities: Some(bare), ..usual() }),
        hash(&lobby, DeclaredIntegration { capabilities: None, ..usual() }),
        hash(&lobby, DeclaredIntegration { catalogue: Catalogue::default(), ..usual() }),
        hash(&lobby, lacks(Name::Group("Lobby".to_owned()))),
        hash(&lobby, lacks(Name::CardFormat("26 bit Wiegand".to_owned()))),
        hash(&granting(&[("netbox", &["Lobby", "Lab"])]), usual()),
        hash(&granting(&[("netbox", &[])]), usual()),
        hash(&granting(&[("netbox", &["Lobby"]), ("annex", &["Shed"])]), usual()),
    ];
    let distinct: std::collections::BTreeSet<u64> = hashes.into_iter().collect();
    assert_eq!(distinct.len(), hashes.len());
}
