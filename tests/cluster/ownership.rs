//! Whose records are whose on a system that several Vestibules may use, and systems that do not keep ids.

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use vestibule_core::identity::{ObjectId, Owner, RecordId};
use vestibule_core::model::ObjectKey;
use vestibule_core::status::Kstatus;

use crate::testbed::{MORNING, NetBox, Testbed, View, integration, visitor};

const SYNC: &str = "access.vestibule.dev/sync-requested-at";

/// What a Vestibule of another cluster left in a NetBox: a visitor who may enter until the evening.
fn left_there(netbox: &NetBox, owner_id: &str, name: &str) -> String {
    let object = ObjectKey::new("far", name);
    let id = RecordId::new(Owner::of(owner_id), ObjectId::of_visitor(&object), 7).to_string();
    let notes = format!("Vestibule owner={owner_id} visitor={object}");
    let person = json!({"PERSONID": id, "LASTNAME": "Lovelace", "NOTES": notes, "ACCESSLEVELS": ["Lobby"],
        "ACTDATE": "2026-12-01 08:00", "EXPDATE": "2026-12-01 20:00"});
    netbox.edit(&json!({"action": "add_person", "person": person}));
    id
}

/// A building whose NetBox holds a record of another cluster, and a Visitor who is expected there.
async fn beside(name: &str, owner_id: &str) -> Testbed {
    let mut testbed = Testbed::declared(name, MORNING, "America/New_York").await;
    left_there(&testbed.netbox, owner_id, "guest");
    testbed.start().await;
    testbed.apply(visitor("ada", json!({}))).await;
    testbed
}

fn owner_id(testbed: &Testbed) -> Option<String> {
    testbed.view("AccessIntegration", "netbox").status["ownerId"].as_str().map(str::to_owned)
}

/// The words of a message from a text to the next space.
fn word_after<'a>(message: &'a str, text: &str) -> &'a str {
    message.split_once(text).and_then(|(_, rest)| rest.split(' ').next()).unwrap()
}

#[tokio::test]
async fn records_of_another_cluster_stop_creates_only_and_the_advice_works_to_the_letter() {
    const OTHERS: &str = "old-cluster/hq/netbox";
    let testbed = beside("advice", OTHERS).await;
    let netbox = testbed.reads("AccessIntegration", "netbox", "DuplicateClaim").await;
    assert_eq!(netbox.kstatus(), Kstatus::Failed);
    let named = word_after(netbox.message(), "Set spec.ownerId to ").to_owned();
    assert_eq!(named, OTHERS, "{}", netbox.message());
    let ada = testbed.reads("Visitor", "ada", "DependencyNotReady").await;
    assert!(ada.message().contains("waits for AccessIntegration netbox"), "{ada}");
    assert_eq!((owner_id(&testbed), testbed.netbox.writes()), (None, [].into()));
    // To the letter: the API server takes the value, and the records are taken over.
    testbed.patch("AccessIntegration", "netbox", json!({"spec": {"ownerId": named}})).await;
    let held = testbed.reads("AccessIntegration", "netbox", "DeletionsHeld").await;
    assert_eq!(
        (held.status["ownerId"].as_str(), &held.status["heldDeletions"]["count"]),
        (Some(OTHERS), &json!(1))
    );
    testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(testbed.netbox.people().await.len(), 2);
    let (api, params) = (testbed.api("AccessIntegration"), PatchParams::default());
    let other = Patch::Merge(json!({"spec": {"ownerId": "another"}}));
    let refused = api.patch("netbox", &params, &other).await.unwrap_err().to_string();
    assert!(refused.contains("ownerId cannot be changed"), "{refused}");
    testbed.agrees().await;
}

#[tokio::test]
async fn the_other_half_of_the_advice_works_too() {
    let testbed = beside("own-id", "old-cluster/hq/netbox").await;
    testbed.reads("AccessIntegration", "netbox", "DuplicateClaim").await;
    // A user may change their mind until a record is made.
    testbed.patch("AccessIntegration", "netbox", json!({"spec": {"ownerId": "a-first-thought"}})).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(
        (owner_id(&testbed).as_deref(), testbed.netbox.people().await.len()),
        (Some("a-first-thought"), 2)
    );
    testbed.delete("AccessIntegration", "netbox").await;
    testbed.gone("AccessIntegration", "netbox").await;
    let left = testbed.netbox.people().await;
    assert_eq!((left.len(), left[0].last_name.as_str()), (1, "Lovelace"));
    testbed.agrees().await;
}

#[tokio::test]
async fn an_integration_that_never_wrote_says_no_owner_id_and_may_change_it() {
    let testbed = Testbed::new("undecided").await;
    assert_eq!(owner_id(&testbed), None);
    for id in [json!("one"), json!("two"), Value::Null] {
        testbed.patch("AccessIntegration", "netbox", json!({"spec": {"ownerId": id}})).await;
    }
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    let default = format!("/{}/netbox", testbed.namespace.name());
    let recorded = |it: &View| it.status["ownerId"].as_str().is_some_and(|id| id.ends_with(&default));
    testbed.until("AccessIntegration", "netbox", "names its owner id", recorded).await;
    testbed.agrees().await;
}

#[tokio::test]
async fn an_integration_in_another_namespace_stops_no_creates_in_either_order() {
    let first = Testbed::new("resident-a").await;
    let mut second = Testbed::declared("resident-b", MORNING, "America/New_York").await;
    second.apply(integration(&first.netbox.url(), json!({}))).await;
    second.start().await;
    second.reads("AccessIntegration", "netbox", "Succeeded").await;
    // The neighbour writes first; the other one is healthy and has never written.
    first.apply(visitor("ada", json!({}))).await;
    first.reads("Visitor", "ada", "Succeeded").await;
    second.sync("beside").await;
    let netbox = second.reads("AccessIntegration", "netbox", "Succeeded").await;
    assert_eq!(netbox.kstatus(), Kstatus::Current, "{netbox}");
    second.apply(visitor("ada", json!({}))).await;
    second.reads("Visitor", "ada", "Succeeded").await;
    first.sync("beside").await;
    first.reads("AccessIntegration", "netbox", "Succeeded").await;
    second.delete("Visitor", "ada").await;
    second.gone("Visitor", "ada").await;
    assert_eq!(first.netbox.people().await.len(), 1);
    first.agrees().await;
    second.agrees_with(&first.netbox).await;
}

#[tokio::test]
async fn a_person_typed_at_the_desk_under_an_id_like_ours_stops_no_revocation() {
    let mut testbed = Testbed::new("typed").await;
    for name in ["ada", "bob"] {
        testbed.apply(visitor(name, json!({}))).await;
        testbed.reads("Visitor", name, "Succeeded").await;
    }
    let typed = RecordId::new(Owner(0), ObjectId(0), 0).to_string();
    for id in [typed.as_str(), "vst-0000"] {
        let person = json!({"PERSONID": id, "LASTNAME": "Typed", "ACCESSLEVELS": ["Lobby"]});
        testbed.netbox.edit(&json!({"action": "add_person", "person": person}));
    }
    left_there(&testbed.netbox, "old-cluster/hq/netbox", "guest");
    testbed.stop().await;
    testbed.start().await;
    testbed.sync("typed").await;
    testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    testbed.delete("Visitor", "ada").await;
    testbed.gone("Visitor", "ada").await;
    let grant = json!([{"integrationRef": {"name": "netbox"}, "groups": ["Acme Visitors"]}]);
    testbed.patch("Tenant", "acme", json!({"spec": {"visitorAccess": grant}})).await;
    let ours = |people: &[crate::testbed::Person]| {
        people.iter().filter(|one| one.last_name == "Byron").map(|one| one.levels.clone()).collect::<Vec<_>>()
    };
    testbed.netbox.until("the revoked group is gone", |people| ours(people) == [["Acme Visitors"]]).await;
    assert_eq!(testbed.netbox.people().await.len(), 4, "no other person was changed");
    testbed.agrees().await;
}

// === systems that do not keep ids ===

#[tokio::test]
async fn a_netbox_that_shortens_ids_gets_no_records_and_the_status_says_why() {
    for length in [20, 32] {
        let testbed = Testbed::new("short").await;
        testbed.netbox.switch(&json!({"text.max": length.to_string()}));
        for name in ["ada", "bob", "eve"] {
            testbed.apply(visitor(name, json!({}))).await;
        }
        let netbox = testbed.reads("AccessIntegration", "netbox", "NotSupportedBySystem").await;
        assert_eq!(netbox.kstatus(), Kstatus::Failed);
        assert!(netbox.message().contains(&format!("keeps {length} of the 36 characters")), "{netbox}");
        for name in ["ada", "bob", "eve"] {
            let waits = testbed.reads("Visitor", name, "DependencyNotReady").await;
            assert!(waits.message().contains("waits for AccessIntegration netbox"), "{waits}");
        }
        assert_eq!((testbed.netbox.people().await.len(), testbed.netbox.called("AddPerson")), (0, 1));
        // Each requested sync makes one more attempt. Once the NetBox is fixed, all records are created.
        testbed.sync("once").await;
        testbed.reads("AccessIntegration", "netbox", "NotSupportedBySystem").await;
        assert_eq!(testbed.netbox.people().await.len(), 0);
        testbed.netbox.switch(&json!({"text.max": "none"}));
        testbed.annotate("AccessIntegration", "netbox", SYNC, "fixed").await;
        for name in ["ada", "bob", "eve"] {
            testbed.reads("Visitor", name, "Succeeded").await;
        }
        testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
        assert_eq!(testbed.netbox.people().await.len(), 3);
        testbed.agrees().await;
    }
}

#[tokio::test]
async fn what_a_box_made_under_a_shortened_id_is_removed_whatever_fails_in_between() {
    let mut testbed = Testbed::new("cut").await;
    testbed.netbox.switch(&json!({"text.max": "32"}));
    testbed
        .netbox
        .fault(json!({"kind": "fail", "operation": "RemovePerson", "text": "Database error", "times": 0}));
    testbed.apply(visitor("ada", json!({}))).await;
    let living = testbed.netbox.until("a record that cannot be removed", |people| people.len() == 1).await;
    assert_eq!(living[0].id.len(), 32);
    testbed.reads("AccessIntegration", "netbox", "NotSupportedBySystem").await;
    let counted = |it: &View| it.status["records"] == 1;
    testbed.until("AccessIntegration", "netbox", "counts it", counted).await;
    // A restart has no memory of it; the object is deleted meanwhile.
    testbed.stop().await;
    testbed.delete("Visitor", "ada").await;
    testbed.start().await;
    testbed.until("AccessIntegration", "netbox", "counts it still", counted).await;
    testbed.netbox.clear_faults();
    testbed.netbox.until("no person is left", <[crate::testbed::Person]>::is_empty).await;
    testbed.gone("Visitor", "ada").await;
    testbed.agrees().await;
}
