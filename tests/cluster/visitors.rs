//! The main job: people are declared, and the NetBox lets them in, or a status says why not.

use serde_json::json;
use vestibule_core::status::Kstatus;

use crate::testbed::{MORNING, NetBox, Person, Testbed, View, integration, tenant, visitor};

/// The calls for the first visitor of the day.
#[tokio::test]
async fn a_visitor_for_today_has_exactly_its_levels_and_window_after_one_call() {
    let testbed = Testbed::new("today").await;
    testbed.netbox.forget_calls();
    testbed.apply(visitor("ada", json!({}))).await;
    let ada = testbed.reads("Visitor", "ada", "Succeeded").await;
    assert!(ada.is_ready() && ada.ends_kubectl_wait());
    assert_eq!(ada.kstatus(), Kstatus::Current);
    let person = testbed.netbox.person("ada@example.org").await;
    assert_eq!(
        (person.id.as_str(), person.levels.join(", ")),
        (ada.external_id(), "Acme Visitors, Lobby".into())
    );
    assert_eq!(
        (person.first_name.as_str(), person.last_name.as_str(), person.phone.as_str()),
        ("Ada", "Byron", "")
    );
    let window = (person.act_date.as_deref(), person.exp_date.as_deref());
    assert_eq!(window, (Some("2026-12-01 09:00:00"), Some("2026-12-01 17:00:00")));
    let marked = format!("visitor={}/ada", testbed.namespace.name());
    assert!(person.notes.contains(&marked), "{}", person.notes);
    assert!(person.cards.is_empty(), "{:?}", person.cards);
    let (made, read) = (("AddPerson".to_owned(), 1), ("GetPerson".to_owned(), 1));
    assert_eq!(
        testbed.netbox.calls(),
        [made, read].into(),
        "the first one is read back: it shows the system's clock"
    );
    testbed.netbox.forget_calls();
    testbed.apply(visitor("bob", json!({}))).await;
    testbed.reads("Visitor", "bob", "Succeeded").await;
    assert_eq!(testbed.netbox.calls(), [("AddPerson".to_owned(), 1)].into());
    testbed.agrees().await;
}

#[tokio::test]
async fn the_tenants_name_is_written_to_the_first_field_unless_another_is_named() {
    let testbed = Testbed::new("udf").await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(testbed.netbox.person("ada@example.org").await.udfs["UDF1"], "Acme Ltd");
    testbed.agrees().await;
}

#[tokio::test]
async fn a_visitors_status_is_written_once_and_its_finalizer_once() {
    let testbed = Testbed::new("writes").await;
    testbed.apply(visitor("ada", json!({}))).await;
    let ada = testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(ada.finalizers.len(), 1, "{:?}", ada.finalizers);
    // Created by the user, then the finalizer before the first call, then the status at the end.
    let states = testbed.history("Visitor", "ada");
    assert!(states.len() <= 3, "{} states: {states:#?}", states.len());
    testbed.agrees().await;
}

#[tokio::test]
async fn a_visitor_without_email_and_phone_is_refused_with_a_sentence() {
    let testbed = Testbed::new("contact").await;
    testbed.netbox.forget_calls();
    testbed.apply(visitor("ada", json!({"email": null}))).await;
    let ada = testbed.reads("Visitor", "ada", "InvalidSpec").await;
    assert_eq!(ada.kstatus(), Kstatus::Failed);
    assert!(ada.message().contains("email") && ada.message().contains("phone"), "{}", ada.message());
    assert!(ada.finalizers.is_empty(), "nothing was ever made: {:?}", ada.finalizers);
    assert_eq!(testbed.netbox.writes(), [].into());
    // A phone alone is enough.
    testbed.apply(visitor("ada", json!({"email": null, "phone": "+1 212 555 0100"}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(testbed.netbox.people().await[0].phone, "+1 212 555 0100");
    testbed.agrees().await;
}

#[tokio::test]
async fn a_tenant_without_groups_has_its_visitors_refused_and_emptying_them_revokes() {
    let testbed = Testbed::new("groups").await;
    testbed.apply(tenant("bare", json!({"visitorAccess": null}))).await;
    testbed.apply(visitor("bob", json!({"tenantRef": {"name": "bare"}}))).await;
    let bob = testbed.reads("Visitor", "bob", "InvalidSpec").await;
    assert_eq!(bob.kstatus(), Kstatus::Failed);
    assert!(bob.message().contains("visitorAccess"), "{}", bob.message());
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(testbed.netbox.people().await.len(), 1);
    // An empty list revokes.
    let none = json!([{"integrationRef": {"name": "netbox"}, "groups": []}]);
    testbed.apply(tenant("acme", json!({"visitorAccess": none}))).await;
    testbed.reads("Visitor", "ada", "InvalidSpec").await;
    testbed.netbox.until("Ada is out", <[_]>::is_empty).await;
    let ada = testbed.until("Visitor", "ada", "names no record", |ada| !ada.has_record()).await;
    assert_eq!(ada.kstatus(), Kstatus::Failed);
    // With groups again, they are let in.
    testbed.apply(tenant("acme", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(testbed.netbox.people().await.len(), 1);
    testbed.agrees().await;
}

#[tokio::test]
async fn groups_come_from_the_tenant_then_from_the_integrations_tenants_then_from_its_groups() {
    let testbed = Testbed::new("fallback").await;
    let access = json!({"tenants": [{"tenant": "Acme Ltd", "groups": ["Floor 4"]}], "groups": ["Lobby"]});
    testbed.apply(integration(&testbed.netbox.url(), json!({"visitorAccess": access}))).await;
    testbed.apply(tenant("named", json!({"visitorAccess": null}))).await;
    let other = json!({"visitorAccess": null, "displayName": "Globex Corp"});
    testbed.apply(tenant("other", other)).await;
    for (name, groups) in [("acme", "Acme Visitors, Lobby"), ("named", "Floor 4"), ("other", "Lobby")] {
        let visitor_name = format!("of-{name}");
        testbed.apply(visitor(&visitor_name, json!({"tenantRef": {"name": name}}))).await;
        testbed.reads("Visitor", &visitor_name, "Succeeded").await;
        let person = testbed.netbox.person(&format!("{visitor_name}@example.org")).await;
        assert_eq!(person.levels.join(", "), groups);
    }
    // An empty list of the tenant means none, whatever the integration says.
    let none = json!([{"integrationRef": {"name": "netbox"}, "groups": []}]);
    testbed.apply(tenant("named", json!({"visitorAccess": none}))).await;
    testbed.reads("Visitor", "of-named", "InvalidSpec").await;
    testbed.netbox.until("two are left", |people| people.len() == 2).await;
    testbed.agrees().await;
}

#[tokio::test]
async fn changed_groups_replace_the_records_of_present_visitors() {
    let testbed = Testbed::new("regroup").await;
    testbed.apply(visitor("ada", json!({}))).await;
    let before = testbed.reads("Visitor", "ada", "Succeeded").await;
    let lobby = json!([{"integrationRef": {"name": "netbox"}, "groups": ["Lobby"]}]);
    testbed.apply(tenant("acme", json!({"visitorAccess": lobby}))).await;
    let renewed =
        |ada: &View| ada.is_ready() && ada.has_record() && ada.external_id() != before.external_id();
    testbed.until("Visitor", "ada", "has another record", renewed).await;
    assert_eq!(testbed.netbox.person("ada@example.org").await.levels, ["Lobby"]);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_changed_end_leaves_one_living_record_with_a_new_id() {
    let testbed = Testbed::new("changed").await;
    testbed.apply(visitor("ada", json!({}))).await;
    let before = testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.netbox.forget_calls();
    testbed.apply(visitor("ada", json!({"visit": {"endTime": "18:30"}}))).await;
    let after = testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_ne!(after.external_id(), before.external_id());
    let person = testbed.netbox.person("ada@example.org").await;
    assert_eq!(
        (person.id.as_str(), person.exp_date.as_deref()),
        (after.external_id(), Some("2026-12-01 18:30:00"))
    );
    assert_eq!(testbed.netbox.writes(), [("AddPerson".to_owned(), 1), ("RemovePerson".to_owned(), 1)].into());
    let all = testbed.netbox.records().await;
    assert_eq!(all.iter().filter(|person| person.deleted).count(), 1, "the old one is removed softly");
    // Changed back: a third record, since the id of a removed record is not used again.
    testbed.apply(visitor("ada", json!({}))).await;
    let last = testbed.reads("Visitor", "ada", "Succeeded").await;
    assert!(![before.external_id(), after.external_id()].contains(&last.external_id()));
    assert_eq!(testbed.netbox.person("ada@example.org").await.id, last.external_id());
    testbed.agrees().await;
}

#[tokio::test]
async fn a_change_that_no_system_stores_makes_no_call() {
    let testbed = Testbed::new("company").await;
    testbed.apply(visitor("ada", json!({}))).await;
    let before = testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.netbox.forget_calls();
    testbed.apply(visitor("ada", json!({"company": "Analytical Engines"}))).await;
    let after = testbed.until("Visitor", "ada", "is done with the change", View::ends_kubectl_wait).await;
    assert_eq!(after.external_id(), before.external_id());
    assert_eq!(testbed.netbox.calls(), [].into());
    testbed.agrees().await;
}

#[tokio::test]
async fn a_deleted_visitors_record_is_removed_and_then_its_object() {
    let testbed = Testbed::new("deleted").await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.delete("Visitor", "ada").await;
    testbed.gone("Visitor", "ada").await;
    assert!(testbed.netbox.people().await.is_empty());
    let records = testbed.netbox.records().await;
    assert_eq!((records.len(), records[0].deleted), (1, true), "removed softly, as a NetBox does");
    testbed.agrees().await;
}

#[tokio::test]
async fn a_visitor_created_again_under_its_name_gets_a_new_record() {
    let testbed = Testbed::new("again").await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.delete("Visitor", "ada").await;
    testbed.gone("Visitor", "ada").await;
    testbed.apply(visitor("ada", json!({}))).await;
    let ada = testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(testbed.netbox.person("ada@example.org").await.id, ada.external_id());
    testbed.agrees().await;
}

#[tokio::test]
async fn a_visitor_has_its_card_until_the_visit_ends_and_a_taken_number_is_refused() {
    let testbed = Testbed::new("card").await;
    testbed.apply(visitor("ada", json!({"credentialNumber": "4711"}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    let person = testbed.netbox.person("ada@example.org").await;
    assert_eq!(person.cards.len(), 1);
    let card = &person.cards[0];
    assert_eq!((card.number.as_str(), card.format.as_str()), ("4711", "26 bit Wiegand"));
    assert_eq!(card.expiry.as_deref(), Some("2026-12-01 17:00:00"));
    assert!(testbed.netbox.opens(&person.id, "Acme suite").await);
    assert!(!testbed.netbox.opens(&person.id, "Globex suite").await);
    testbed.apply(visitor("bob", json!({"credentialNumber": "4711"}))).await;
    let bob = testbed.reads("Visitor", "bob", "DuplicateClaim").await;
    assert_eq!(bob.kstatus(), Kstatus::Failed);
    assert!(bob.message().contains("credentialNumber"), "{}", bob.message());
    let one = |people: &[Person]| people.len() == 1;
    testbed.netbox.until("only Ada is in", one).await;
    // With another number, Bob is let in.
    testbed.apply(visitor("bob", json!({"credentialNumber": "4712"}))).await;
    testbed.reads("Visitor", "bob", "Succeeded").await;
    assert_eq!(testbed.netbox.person("bob@example.org").await.cards[0].number, "4712");
    testbed.agrees().await;
}

#[tokio::test]
async fn a_card_of_an_ended_visit_is_given_to_the_next_holder() {
    let testbed = Testbed::new("handover").await;
    testbed.apply(visitor("ada", json!({"credentialNumber": "4711", "visit": {"endTime": "10:00"}}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.set_clock("2026-12-01T16:00:00Z");
    testbed.apply(visitor("bob", json!({"credentialNumber": "4711"}))).await;
    testbed.reads("Visitor", "bob", "Succeeded").await;
    assert_eq!(testbed.netbox.person("bob@example.org").await.cards.len(), 1);
    assert!(testbed.netbox.person("ada@example.org").await.cards.is_empty());
    testbed.agrees().await;
}

#[tokio::test]
async fn a_card_that_the_integration_has_no_format_for_is_refused() {
    let testbed = Testbed::new("format").await;
    let without = json!({"lenelS2": {"visitorCardFormat": null}});
    testbed.apply(integration(&testbed.netbox.url(), without)).await;
    testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    testbed.apply(visitor("ada", json!({"credentialNumber": "4711"}))).await;
    let ada = testbed.reads("Visitor", "ada", "InvalidSpec").await;
    assert_eq!(ada.kstatus(), Kstatus::Failed);
    assert!(ada.message().contains("format"), "{}", ada.message());
    // The NetBox may get the missing format later, so this is not an error of the Visitor.
    let unknown = json!({"lenelS2": {"visitorCardFormat": "no such format"}});
    testbed.apply(integration(&testbed.netbox.url(), unknown)).await;
    let ada = testbed.reads("Visitor", "ada", "DependencyNotReady").await;
    assert!(ada.message().contains("no such format"), "{}", ada.message());
    assert!(testbed.netbox.people().await.is_empty());
    testbed.apply(integration(&testbed.netbox.url(), json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(testbed.netbox.person("ada@example.org").await.cards.len(), 1);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_name_with_letters_and_signs_of_all_kinds_arrives_as_written() {
    let testbed = Testbed::new("letters").await;
    let name = json!({"firstName": "Zoë & <Max>", "lastName": "O'Brien-Søn \"東京\""});
    testbed.apply(visitor("zoe", name)).await;
    testbed.reads("Visitor", "zoe", "Succeeded").await;
    let person = testbed.netbox.person("zoe@example.org").await;
    assert_eq!(
        (person.first_name.as_str(), person.last_name.as_str()),
        ("Zoë & <Max>", "O'Brien-Søn \"東京\"")
    );
    testbed.agrees().await;
}

#[tokio::test]
async fn a_group_that_the_system_does_not_have_is_reported_and_waited_for() {
    let testbed = Testbed::new("level").await;
    let grant = json!([{"integrationRef": {"name": "netbox"}, "groups": ["Roof"]}]);
    testbed.apply(tenant("acme", json!({"visitorAccess": grant}))).await;
    // Otherwise the Visitor may be reconciled before the change, and be let in with the old groups.
    testbed.reads("Tenant", "acme", "DependencyNotReady").await;
    testbed.apply(visitor("ada", json!({}))).await;
    let ada = testbed.reads("Visitor", "ada", "DependencyNotReady").await;
    assert!(ada.message().contains("Roof"), "{}", ada.message());
    assert_eq!(ada.kstatus(), Kstatus::InProgress);
    assert!(testbed.netbox.people().await.is_empty());
    let level = json!({"action": "add_level", "name": "Roof", "reader_group": "All readers"});
    testbed.netbox.edit(&level);
    testbed.set_clock("2026-12-01T14:02:00Z");
    testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(testbed.netbox.person("ada@example.org").await.levels, ["Roof"]);
    testbed.agrees().await;
}

#[tokio::test]
async fn controllers_of_two_namespaces_do_not_affect_each_others_visitors() {
    let (one, other) = (Testbed::new("one").await, Testbed::new("other").await);
    one.apply(visitor("ada", json!({}))).await;
    other.apply(visitor("bob", json!({}))).await;
    one.reads("Visitor", "ada", "Succeeded").await;
    other.reads("Visitor", "bob", "Succeeded").await;
    let mails = |people: Vec<Person>| people.into_iter().map(|person| person.email).collect::<Vec<_>>();
    assert_eq!(mails(one.netbox.people().await), ["ada@example.org"]);
    assert_eq!(mails(other.netbox.people().await), ["bob@example.org"]);
    one.agrees().await;
    other.agrees().await;
}

#[tokio::test]
async fn of_changes_in_quick_succession_the_last_counts_and_one_record_lives() {
    let testbed = Testbed::new("quick").await;
    testbed.netbox.switch(&json!({"limits.latency-ms": 30}));
    testbed.apply(visitor("ada", json!({}))).await;
    for minute in 10..40 {
        testbed.apply(visitor("ada", json!({"visit": {"endTime": format!("17:{minute}")}}))).await;
    }
    testbed.until("Visitor", "ada", "is done", View::ends_kubectl_wait).await;
    let person = testbed.netbox.person("ada@example.org").await;
    assert_eq!(person.exp_date.as_deref(), Some("2026-12-01 17:39:00"));
    let records = testbed.netbox.records().await.len();
    assert!(records < 31, "superseded work is not done: {records} records for 31 changes");
    testbed.agrees().await;
}

#[tokio::test]
async fn a_visitor_of_two_systems_has_a_record_in_each_and_an_outage_of_one_is_reported_alone() {
    let testbed = Testbed::new("both").await;
    let beside = NetBox::start("America/New_York", MORNING.parse().unwrap()).await;
    let mut other = integration(&beside.url(), json!({}));
    other["metadata"]["name"] = json!("beside");
    testbed.apply(other).await;
    testbed.reads("AccessIntegration", "beside", "Succeeded").await;
    let grant = |name: &str| json!({"integrationRef": {"name": name}, "groups": ["Lobby"]});
    let both = json!({"visitorAccess": [grant("netbox"), grant("beside")]});
    testbed.apply(tenant("acme", both)).await;
    testbed.apply(visitor("ada", json!({}))).await;
    let ada = testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(ada.status["records"].as_array().map(Vec::len), Some(2), "{}", ada.status);
    assert_eq!((testbed.netbox.people().await.len(), beside.people().await.len()), (1, 1));
    // The tenant is removed from one of the two.
    testbed.apply(tenant("acme", json!({"visitorAccess": [grant("beside")]}))).await;
    testbed.netbox.until("she is out of the one", <[Person]>::is_empty).await;
    assert_eq!(beside.people().await.len(), 1);
    let one =
        |ada: &View| ada.is_ready() && ada.status["records"].as_array().is_some_and(|all| all.len() == 1);
    testbed.until("Visitor", "ada", "names the one that is left", one).await;
    // One is down. The other is served, and the Visitor's status says so.
    testbed.apply(tenant("acme", json!({"visitorAccess": [grant("netbox"), grant("beside")]}))).await;
    testbed.until("Visitor", "ada", "is in both again", View::ends_kubectl_wait).await;
    testbed.netbox.fault(json!({"kind": "refuse", "times": 0}));
    testbed.apply(visitor("bob", json!({}))).await;
    testbed.works_on("Visitor", "bob", "ProgressingWithRetry").await;
    beside.until("Bob is in the other", |people| people.len() == 2).await;
    assert!(!testbed.view("Visitor", "bob").is_ready());
    testbed.netbox.clear_faults();
    testbed.set_clock("2026-12-01T14:20:00Z");
    testbed.reads("Visitor", "bob", "Succeeded").await;
    testbed.agrees().await;
}

#[tokio::test]
async fn a_visitor_moved_to_another_tenant_gets_the_groups_of_that_tenant() {
    let testbed = Testbed::new("moves").await;
    let grant = json!([{"integrationRef": {"name": "netbox"}, "groups": ["Globex Visitors"]}]);
    testbed.apply(tenant("globex", json!({"displayName": "Globex Corp", "visitorAccess": grant}))).await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.apply(visitor("ada", json!({"tenantRef": {"name": "globex"}}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    let person = testbed.netbox.person("ada@example.org").await;
    assert_eq!(
        (person.levels.join(", "), person.udfs["UDF1"].as_str()),
        ("Globex Visitors".into(), "Globex Corp")
    );
    testbed.agrees().await;
}

#[tokio::test]
async fn a_refused_change_leaves_the_accepted_record() {
    let testbed = Testbed::new("keeps").await;
    testbed.apply(visitor("ada", json!({}))).await;
    let before = testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.apply(visitor("ada", json!({"email": null}))).await;
    let ada = testbed.reads("Visitor", "ada", "InvalidSpec").await;
    assert_eq!(ada.kstatus(), Kstatus::Failed);
    assert_eq!(
        testbed.netbox.people().await[0].id,
        before.external_id(),
        "a change that stops opening removes nothing"
    );
    testbed.delete("Visitor", "ada").await;
    testbed.gone("Visitor", "ada").await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.agrees().await;
}
