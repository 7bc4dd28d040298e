//! Faults of a system, and the access of its people meanwhile.

use serde_json::json;
use vestibule_core::status::Kstatus;

use crate::harness::wait_until;
use crate::testbed::{MORNING, NetBox, Person, Testbed, View, integration, secret, visitor};

/// A building with this many visitors present.
async fn with(name: &str, visitors: usize) -> Testbed {
    let testbed = Testbed::new(name).await;
    for number in 0..visitors {
        testbed.apply(visitor(&format!("v{number}"), json!({}))).await;
    }
    for number in 0..visitors {
        testbed.reads("Visitor", &format!("v{number}"), "Succeeded").await;
    }
    testbed
}

/// Sets the clock in steps, and lets waiting work run after each.
async fn passes(testbed: &Testbed, minutes: [&str; 3]) {
    for minute in minutes {
        testbed.set_clock(&format!("2026-12-01T14:{minute}:00Z"));
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_answer_lost_after_the_effect_makes_no_duplicate() {
    let testbed = Testbed::new("lost").await;
    testbed.netbox.fault(json!({"kind": "refuse", "when": "after", "operation": "AddPerson", "times": 2}));
    testbed.apply(visitor("ada", json!({}))).await;
    let ada = testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(testbed.netbox.person("ada@example.org").await.id, ada.external_id());
    assert_eq!(testbed.netbox.records().await.len(), 1);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_lost_answer_to_a_removal_still_frees_the_object() {
    let testbed = with("removal", 1).await;
    testbed.netbox.fault(json!({"kind": "refuse", "when": "after", "operation": "RemovePerson"}));
    testbed.delete("Visitor", "v0").await;
    testbed.gone("Visitor", "v0").await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.agrees().await;
}

#[tokio::test]
async fn a_lost_answer_and_a_deletion_right_after_leave_no_record() {
    let testbed = Testbed::new("race").await;
    testbed.netbox.fault(json!({"kind": "refuse", "when": "after", "operation": "AddPerson", "times": 1}));
    testbed.netbox.fault(json!({"kind": "http", "operation": "AddPerson", "skip": 1, "times": 0}));
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.netbox.until("the first attempt is in", |people| people.len() == 1).await;
    testbed.delete("Visitor", "ada").await;
    testbed.netbox.clear_faults();
    testbed.gone("Visitor", "ada").await;
    assert!(testbed.netbox.people().await.is_empty());
    testbed.agrees().await;
}

#[tokio::test]
async fn a_short_trouble_is_retried_and_ready_is_not_taken_back() {
    let testbed = with("hiccup", 1).await;
    testbed.netbox.fault(json!({"kind": "http", "operation": "AddPerson", "status": 503, "times": 2}));
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    let truths = testbed.history("Visitor", "v0");
    assert!(truths.iter().skip_while(|it| !it.is_ready()).all(View::is_ready), "{truths:#?}");
    assert_eq!(testbed.netbox.people().await.len(), 2);
    testbed.agrees().await;
}

#[tokio::test]
async fn an_outage_is_reported_at_once_on_the_integration_and_not_on_its_present_visitors() {
    let testbed = with("outage", 3).await;
    let versions = || [0, 1, 2].map(|number| testbed.view("Visitor", &format!("v{number}")).resource_version);
    let before = versions();
    testbed.netbox.fault(json!({"kind": "refuse", "times": 0}));
    testbed.apply(visitor("ada", json!({}))).await;
    let netbox = testbed.works_on("AccessIntegration", "netbox", "ProgressingWithRetry").await;
    assert_eq!(netbox.kstatus(), Kstatus::InProgress);
    assert!(!netbox.is_ready() && netbox.message().contains("NetBox"), "{}", netbox.message());
    let ada = testbed.works_on("Visitor", "ada", "ProgressingWithRetry").await;
    assert!(!ada.is_ready());
    assert_eq!(versions(), before, "a short outage rewrites no status without pending work");
    // One probe in each period while it is down.
    testbed.netbox.forget_calls();
    passes(&testbed, ["01", "02", "03"]).await;
    wait_until("it was probed", || async { testbed.netbox.calls().values().sum::<u64>() > 0 }).await;
    assert!(testbed.netbox.calls().values().sum::<u64>() <= 8, "{:?}", testbed.netbox.calls());
    testbed.netbox.clear_faults();
    testbed.set_clock("2026-12-01T14:20:00Z");
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    assert_eq!(versions(), before);
    assert_eq!(testbed.netbox.people().await.len(), 4);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_system_that_is_not_there_at_the_start_is_connected_when_it_comes() {
    let mut testbed = Testbed::declared("absent", MORNING, "America/New_York").await;
    let address = testbed.netbox.address();
    // Moved to another port meanwhile, so that the address of the integration does not listen.
    let now = MORNING.parse().unwrap();
    testbed.netbox = NetBox::start("America/New_York", now).await;
    testbed.start().await;
    testbed.apply(visitor("ada", json!({}))).await;
    let netbox = testbed.works_on("AccessIntegration", "netbox", "ProgressingWithRetry").await;
    assert!(!netbox.is_ready() && !netbox.message().is_empty());
    testbed.netbox = NetBox::listening("America/New_York", now, address).await;
    testbed.set_clock("2026-12-01T14:02:00Z");
    testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.agrees().await;
}

#[tokio::test]
async fn a_system_that_hangs_delays_no_other() {
    let testbed = with("hang", 1).await;
    let beside = NetBox::start("America/New_York", MORNING.parse().unwrap()).await;
    let mut other = integration(&beside.url(), json!({}));
    other["metadata"]["name"] = json!("beside");
    testbed.apply(other).await;
    testbed.reads("AccessIntegration", "beside", "Succeeded").await;
    let grant = json!([{"integrationRef": {"name": "beside"}, "groups": ["Lobby"]}]);
    testbed.apply(crate::testbed::tenant("globex", json!({"visitorAccess": grant}))).await;
    testbed.netbox.fault(json!({"kind": "hang", "seconds": 3600, "times": 0}));
    testbed.apply(visitor("stuck", json!({}))).await;
    wait_until("a call hangs", || async { testbed.netbox.in_flight() > 0 }).await;
    for number in 0..3 {
        let name = format!("free{number}");
        testbed.apply(visitor(&name, json!({"tenantRef": {"name": "globex"}}))).await;
        testbed.reads("Visitor", &name, "Succeeded").await;
    }
    assert!(
        testbed.netbox.in_flight() > 0,
        "the call was cancelled, which would let the waiting Visitors in"
    );
    assert_eq!(beside.people().await.len(), 3);
    assert!(!testbed.view("Visitor", "stuck").is_ready());
    testbed.agrees().await;
}

#[tokio::test]
async fn a_429_is_waited_out_as_long_as_the_system_said() {
    let testbed = Testbed::new("throttled").await;
    let wait =
        json!({"kind": "http", "status": 429, "retry_after": 20, "operation": "AddPerson", "times": 1});
    testbed.netbox.fault(wait);
    testbed.netbox.forget_calls();
    testbed.apply(visitor("ada", json!({}))).await;
    let ada = testbed.works_on("Visitor", "ada", "Throttled").await;
    assert_eq!(ada.kstatus(), Kstatus::InProgress);
    assert_eq!(testbed.netbox.called("AddPerson"), 1);
    testbed.set_clock("2026-12-01T14:01:00Z");
    testbed.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(testbed.netbox.called("AddPerson"), 2);
    testbed.agrees().await;
}

#[tokio::test]
async fn an_expired_session_costs_one_login_and_delays_no_visitor() {
    let testbed = with("session", 2).await;
    testbed.netbox.forget_calls();
    testbed.netbox.edit(&json!({"action": "end_sessions"}));
    for number in 2..6 {
        testbed.apply(visitor(&format!("v{number}"), json!({}))).await;
    }
    for number in 2..6 {
        testbed.reads("Visitor", &format!("v{number}"), "Succeeded").await;
    }
    assert_eq!(testbed.netbox.called("Login"), 1);
    assert_eq!(testbed.netbox.people().await.len(), 6);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_refused_login_stops_the_integration_until_the_secret_changes() {
    let testbed = Testbed::declared("refused", MORNING, "America/New_York").await;
    testbed.apply(secret("wrong")).await;
    let mut testbed = testbed;
    testbed.start().await;
    testbed.apply(visitor("ada", json!({}))).await;
    let netbox = testbed.reads("AccessIntegration", "netbox", "CredentialsRejected").await;
    assert_eq!(netbox.kstatus(), Kstatus::Failed);
    assert!(
        netbox.message().contains("login") || netbox.message().contains("password"),
        "{}",
        netbox.message()
    );
    assert!(!netbox.message().contains("wrong"), "no password in a sentence: {}", netbox.message());
    let ada = testbed.reads("Visitor", "ada", "DependencyNotReady").await;
    assert_eq!(ada.kstatus(), Kstatus::InProgress);
    // Hours pass and objects come: not one more login.
    testbed.set_clock("2026-12-01T16:00:00Z");
    testbed.apply(visitor("bob", json!({}))).await;
    testbed.until("Visitor", "bob", "has a status", |bob| !bob.reason().is_empty()).await;
    assert_eq!(testbed.netbox.called("Login"), 1);
    testbed.apply(secret("sim")).await;
    testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    for name in ["ada", "bob"] {
        testbed.reads("Visitor", name, "Succeeded").await;
    }
    assert_eq!(testbed.netbox.called("Login"), 2);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_rotated_secret_takes_effect_without_a_restart() {
    let testbed = with("rotation", 1).await;
    testbed.netbox.edit(&json!({"action": "set_password", "username": "sim", "password": "new"}));
    testbed.apply(secret("new")).await;
    testbed.netbox.edit(&json!({"action": "end_sessions"}));
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "Succeeded").await;
    testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    assert_eq!(testbed.netbox.people().await.len(), 2);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_missing_secret_is_reported_and_doors_can_still_be_closed() {
    let testbed = with("vanished", 2).await;
    testbed.delete("Secret", "login").await;
    let netbox = testbed.reads("AccessIntegration", "netbox", "DependencyNotReady").await;
    assert!(netbox.message().contains("Secret login"), "{}", netbox.message());
    testbed.delete("Visitor", "v0").await;
    testbed.gone("Visitor", "v0").await;
    assert_eq!(testbed.netbox.people().await.len(), 1);
    testbed.apply(secret("sim")).await;
    testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    testbed.reads("Visitor", "v1", "Succeeded").await;
    testbed.agrees().await;
}

#[tokio::test]
async fn a_netbox_in_the_wrong_authentication_mode_is_reported_as_such_without_a_login_storm() {
    let testbed = Testbed::declared("trap", MORNING, "America/New_York").await;
    testbed.netbox.switch(&json!({"login.mode": "trap"}));
    let mut testbed = testbed;
    testbed.start().await;
    let netbox = testbed.reads("AccessIntegration", "netbox", "CredentialsRejected").await;
    assert_eq!(netbox.kstatus(), Kstatus::Failed);
    assert!(netbox.message().len() > 60, "a sentence that helps: {}", netbox.message());
    testbed.set_clock("2026-12-01T16:00:00Z");
    testbed.apply(visitor("ada", json!({}))).await;
    testbed.reads("Visitor", "ada", "DependencyNotReady").await;
    // One more, since a session may end by chance.
    assert!(testbed.netbox.called("Login") <= 2, "{}", testbed.netbox);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_wrong_path_is_reported_with_advice() {
    let mut testbed = Testbed::declared("path", MORNING, "America/New_York").await;
    let wrong = json!({"lenelS2": {"path": "/wrong/nbapi"}});
    testbed.apply(integration(&testbed.netbox.url(), wrong)).await;
    testbed.start().await;
    let names_path = |netbox: &View| netbox.message().contains("path");
    let netbox = testbed.until("AccessIntegration", "netbox", "names the path", names_path).await;
    assert_eq!(netbox.kstatus(), Kstatus::Failed);
    testbed.apply(integration(&testbed.netbox.url(), json!({}))).await;
    testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    testbed.agrees().await;
}

#[tokio::test]
async fn an_empty_list_with_success_removes_no_visitor_and_no_record() {
    lists(0, "empty").await;
}

#[tokio::test]
async fn a_short_list_with_success_removes_no_visitor_and_no_record() {
    lists(2, "short").await;
}

async fn lists(keep: u64, name: &str) {
    let mut testbed = with(name, 5).await;
    testbed.sync("before").await;
    let versions = |testbed: &Testbed| {
        [0, 1, 2, 3, 4].map(|it| testbed.view("Visitor", &format!("v{it}")).resource_version)
    };
    let before = versions(&testbed);
    testbed.netbox.forget_calls();
    testbed.netbox.fault(json!({"kind": "short", "operation": "SearchPersonData", "keep": keep, "times": 0}));
    testbed.sync("lying").await;
    testbed.sync("still").await;
    testbed.netbox.clear_faults();
    testbed.sync("after").await;
    assert_eq!(testbed.netbox.changes(), [].into());
    assert_eq!(versions(&testbed), before);
    assert_eq!(testbed.netbox.people().await.len(), 5);
    // Not at a start either, when the controller knows only the objects.
    testbed.stop().await;
    testbed.netbox.fault(json!({"kind": "short", "operation": "SearchPersonData", "keep": keep, "times": 0}));
    testbed.start().await;
    testbed.sync("started").await;
    testbed.netbox.clear_faults();
    testbed.sync("repaired").await;
    let mut ids: Vec<String> = testbed.netbox.people().await.into_iter().map(|person| person.id).collect();
    ids.sort();
    let mut named: Vec<String> =
        (0..5).map(|it| testbed.view("Visitor", &format!("v{it}")).external_id().to_owned()).collect();
    named.sort();
    assert_eq!(ids, named);
    assert_eq!(testbed.netbox.called("RemovePerson"), 0);
    testbed.agrees().await;
}

#[tokio::test]
async fn a_record_changed_by_hand_is_repaired_at_the_next_sync() {
    let testbed = with("repair", 1).await;
    let id = testbed.view("Visitor", "v0").external_id().to_owned();
    let set = json!({"EXPDATE": "2026-12-24 18:00"});
    testbed
        .netbox
        .edit(&json!({"action": "modify_person", "id": id, "set": set, "add_levels": ["Facilities"]}));
    testbed.netbox.forget_calls();
    testbed.sync("drift").await;
    let as_declared = |people: &[Person]| {
        people[0].levels == ["Acme Visitors", "Lobby"]
            && people[0].exp_date.as_deref() == Some("2026-12-01 17:00:00")
    };
    testbed.netbox.until("the record is as declared", as_declared).await;
    assert_eq!(testbed.netbox.person("v0@example.org").await.id, id);
    assert!(testbed.view("Visitor", "v0").is_ready());
    let repairs = testbed.netbox.changes();
    testbed.sync("quiet").await;
    assert_eq!(testbed.netbox.changes(), repairs, "repaired once");
    testbed.agrees().await;
}

#[tokio::test]
async fn a_record_changed_by_hand_is_only_reported_in_observe() {
    let testbed = with("reported", 1).await;
    testbed.apply(integration(&testbed.netbox.url(), json!({"mode": "Observe"}))).await;
    testbed.until("AccessIntegration", "netbox", "takes the mode", View::ends_kubectl_wait).await;
    let id = testbed.view("Visitor", "v0").external_id().to_owned();
    testbed.netbox.edit(&json!({"action": "modify_person", "id": id, "add_levels": ["Facilities"]}));
    testbed.netbox.forget_calls();
    testbed.sync("drift").await;
    let drifts = |v0: &View| v0.condition("Synced").is_some_and(|synced| synced.reason == "DriftDetected");
    let v0 = testbed.until("Visitor", "v0", "reports the drift", drifts).await;
    assert_eq!((v0.is_ready(), v0.kstatus()), (true, Kstatus::Current));
    assert_eq!(testbed.netbox.writes(), [].into());
    testbed.agrees().await;
}

#[tokio::test]
async fn a_record_removed_by_hand_is_created_again_under_a_new_id() {
    let testbed = with("byhand", 1).await;
    let before = testbed.view("Visitor", "v0").external_id().to_owned();
    testbed.netbox.edit(&json!({"action": "remove_person", "id": before}));
    testbed.sync("gone").await;
    let renewed = |v0: &View| v0.is_ready() && v0.has_record() && v0.external_id() != before;
    let v0 = testbed.until("Visitor", "v0", "has another record", renewed).await;
    assert_eq!(testbed.netbox.person("v0@example.org").await.id, v0.external_id());
    testbed.agrees().await;
}

#[tokio::test]
async fn an_orphan_whose_window_is_open_is_held_and_released_by_its_hash() {
    let mut testbed = with("orphan-held", 2).await;
    testbed.stop().await;
    // The finalizer is stripped by force while no controller runs.
    testbed.patch("Visitor", "v0", json!({"metadata": {"finalizers": null}})).await;
    testbed.delete("Visitor", "v0").await;
    testbed.gone("Visitor", "v0").await;
    testbed.start().await;
    let held = testbed.reads("AccessIntegration", "netbox", "DeletionsHeld").await;
    assert_eq!(held.kstatus(), Kstatus::Failed);
    assert!(held.condition("DeletionsHeld").is_some());
    assert_eq!(held.status["heldDeletions"]["count"], 1);
    let hash = held.status["heldDeletions"]["hash"].as_str().unwrap().to_owned();
    assert!(held.message().contains(&hash), "{}", held.message());
    assert_eq!(testbed.netbox.people().await.len(), 2);
    // Another hash releases none.
    let command = "access.vestibule.dev/release-deletions";
    testbed.annotate("AccessIntegration", "netbox", command, "0123456789ab").await;
    testbed.sync("wrong").await;
    assert_eq!(testbed.netbox.people().await.len(), 2);
    testbed.annotate("AccessIntegration", "netbox", command, &hash).await;
    let netbox = testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    assert!(netbox.condition("DeletionsHeld").is_none());
    assert_eq!(netbox.status["lastHandledRelease"], hash);
    let left = testbed.netbox.until("one is left", |people| people.len() == 1).await;
    assert_eq!(left[0].email, "v1@example.org");
    testbed.agrees().await;
}

#[tokio::test]
async fn an_orphan_whose_window_has_ended_is_removed_without_a_release() {
    let mut testbed = with("orphan-ended", 2).await;
    testbed.stop().await;
    testbed.patch("Visitor", "v0", json!({"metadata": {"finalizers": null}})).await;
    testbed.delete("Visitor", "v0").await;
    testbed.gone("Visitor", "v0").await;
    testbed.set_clock("2026-12-01T23:00:00Z");
    testbed.start().await;
    testbed.netbox.until("one is left", |people| people.len() == 1).await;
    testbed.reads("AccessIntegration", "netbox", "Succeeded").await;
    testbed.agrees().await;
}

#[tokio::test]
async fn a_person_without_an_owner_is_never_touched() {
    let testbed = with("strangers", 1).await;
    let before = testbed.netbox.all_people().await.len();
    let card = json!({"CARDFORMAT": "26 bit Wiegand", "ENCODEDNUM": 5000});
    let guest =
        json!({"PERSONID": "g1", "LASTNAME": "Guest", "ACCESSLEVELS": ["Lobby"], "ACCESSCARDS": [card]});
    testbed.netbox.edit(&json!({"action": "add_person", "person": guest}));
    testbed.apply(visitor("ada", json!({"credentialNumber": "5000"}))).await;
    let ada = testbed.reads("Visitor", "ada", "DuplicateClaim").await;
    assert_eq!(ada.kstatus(), Kstatus::Failed);
    testbed.sync("all").await;
    testbed.delete("AccessIntegration", "netbox").await;
    testbed.gone("AccessIntegration", "netbox").await;
    let people = testbed.netbox.all_people().await;
    assert_eq!(people.len(), before + 1);
    let theirs = people.iter().find(|person| person.id == "g1").unwrap();
    assert_eq!((theirs.deleted, theirs.cards.len()), (false, 1));
    testbed.agrees().await;
}

#[tokio::test]
async fn two_owners_work_beside_each_other_on_one_netbox() {
    let first = with("resident", 1).await;
    let mut second = Testbed::declared("guest", MORNING, "America/New_York").await;
    second.apply(integration(&first.netbox.url(), json!({"ownerId": "mine"}))).await;
    second.start().await;
    second.reads("AccessIntegration", "netbox", "Succeeded").await;
    second.apply(visitor("ada", json!({}))).await;
    second.reads("Visitor", "ada", "Succeeded").await;
    assert_eq!(first.netbox.people().await.len(), 2);
    second.delete("AccessIntegration", "netbox").await;
    second.gone("AccessIntegration", "netbox").await;
    let left = first.netbox.people().await;
    assert_eq!((left.len(), left[0].email.as_str()), (1, "v0@example.org"));
    first.agrees().await;
    second.agrees_with(&first.netbox).await;
}

#[tokio::test]
async fn a_moved_building_takes_over_its_records_by_the_owner_id() {
    let mut first = with("moving", 1).await;
    let owner = first.view("AccessIntegration", "netbox").status["ownerId"].as_str().unwrap().to_owned();
    first.stop().await;
    let mut second = Testbed::declared("moved-in", MORNING, "America/New_York").await;
    second.apply(integration(&first.netbox.url(), json!({"ownerId": owner}))).await;
    second.start().await;
    // Their objects are in the other cluster. Records with open windows are held, so a move removes no access.
    let held = second.reads("AccessIntegration", "netbox", "DeletionsHeld").await;
    assert_eq!(held.status["heldDeletions"]["count"], 1);
    assert_eq!(first.netbox.people().await.len(), 1);
    first.agrees().await;
    second.agrees_with(&first.netbox).await;
}

/// Waits until the Property reports the last sync of its only integration.
async fn time_on_the_property(testbed: &Testbed) {
    let synced = testbed.view("AccessIntegration", "netbox").status["lastSyncTime"].clone();
    let tells = |tower: &View| tower.status["lastSyncTime"] == synced;
    testbed.until("Property", "tower", "reports the sync", tells).await;
}

#[tokio::test]
async fn at_rest_each_sync_reads_its_pages_and_compares_the_clock_and_nothing_else_is_written() {
    let testbed = with("rest", 3).await;
    testbed.sync("settled").await;
    let counted = |tower: &View| {
        tower.status["counts"]["visitors"] == 3 && tower.status["counts"]["visitorsNotReady"] == 0
    };
    testbed.until("Property", "tower", "has counted", counted).await;
    let three = |netbox: &View| netbox.status["records"] == 3;
    testbed.until("AccessIntegration", "netbox", "has counted", three).await;
    time_on_the_property(&testbed).await;
    testbed.netbox.forget_calls();
    let running = testbed.controller.as_ref().unwrap();
    // The lease is renewed with PUT, and no other object is written with it.
    let patched = || running.api_calls(&["PATCH", "POST", "DELETE"]);
    // A write is counted when it is answered, which is later than the event of its change. Every write before the next
    // renewal of the lease is answered by then.
    let renewed = running.api_calls(&["PUT"]);
    wait_until("the lease is renewed", || std::future::ready(running.api_calls(&["PUT"]) > renewed)).await;
    let (changes, before) = (testbed.changes(), patched());
    // The time of three syncs.
    for hour in ["14:31", "15:02", "15:33"] {
        let synced = testbed.view("AccessIntegration", "netbox").status["lastSyncTime"].clone();
        testbed.set_clock(&format!("2026-12-01T{hour}:30Z"));
        let again = |it: &View| it.status["lastSyncTime"] != synced;
        testbed.until("AccessIntegration", "netbox", "has synced again", again).await;
        time_on_the_property(&testbed).await;
    }
    let mut calls = testbed.netbox.calls();
    // A clock can become wrong in a night without a write: each sync writes one record unchanged and compares the clock.
    assert_eq!(calls.remove("ModifyPerson"), Some(3), "{calls:?}");
    let read = ["SearchPersonData", "GetAccessLevels", "GetCardFormats", "GetPerson"];
    assert!(calls.keys().all(|operation| read.contains(&operation.as_str())), "{calls:?}");
    // The time of the sync is written to the integration and to its Property, one write each.
    wait_until("six writes are answered", || std::future::ready(patched() >= before + 6)).await;
    let history = || {
        format!(
            "{}\n{}",
            testbed.history_text("AccessIntegration", "netbox"),
            testbed.history_text("Property", "tower")
        )
    };
    assert_eq!(testbed.changes() - changes, 6, "{}", history());
    assert_eq!(patched() - before, 6);
    testbed.agrees().await;
}
