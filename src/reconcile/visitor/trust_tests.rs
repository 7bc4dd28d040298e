//! Failures at bad moments must cause no false status and leave no access open.

use serde_json::{Value, json};
use vestibule_core::model::Mode;

use super::life_tests::{DURING, deleting, inside, lobby, object_id, ours, ready, record};
use super::testbed::Testbed;
use crate::engine::{ConnectionState, Settings};
use crate::reconcile::fixtures::{at, engine, facts, holding, integration, jane, key, settings, with};
use crate::reconcile::references::tenant_id;
use crate::system::memory::Memory;

/// The present object with another spec.
fn changed(testbed: &Testbed, spec: &Value) -> Value {
    let status = testbed.object().unwrap().status.unwrap();
    with(ours(jane()), &json!({ "metadata": { "generation": 2 }, "spec": spec, "status": status }))
}

/// Advances the clock by this many seconds and wakes all waiting tasks.
async fn wait(testbed: &Testbed, seconds: i64) {
    testbed.rest().await;
    testbed.set(at(DURING) + jiff::SignedDuration::from_secs(seconds));
}

#[tokio::test]
async fn a_visit_that_is_made_to_end_before_now_ends_now() {
    let testbed = ready().await;
    testbed.tell(&changed(&testbed, &json!({ "visit": { "endTime": "09:30" } })));
    testbed.until("out", |testbed| inside(testbed, "netbox") == 0).await;
    testbed.until("reported", |testbed| testbed.ready() == "True Expired").await;
}

#[tokio::test]
async fn a_revocation_that_fails_until_the_visit_is_over_is_not_forgotten() {
    let mut testbed = ready().await;
    testbed.stop().await;
    testbed.tell(&changed(&testbed, &json!({ "visit": { "endTime": "10:30" } })));
    // Half past ten in Berlin: the new window is over, and the old record would open until the evening.
    testbed.set(at("2026-12-01T09:31:00Z"));
    testbed.run("netbox").await;
    testbed.until("out", |testbed| inside(testbed, "netbox") == 0).await;
}

#[tokio::test]
async fn a_namesake_in_another_namespace_does_not_concern_a_visitor() {
    let testbed = ready().await;
    let lab = vestibule_core::model::ObjectKey::new("lab", "netbox");
    testbed.refer(|references| {
        references.engines.insert(lab.clone(), engine("netbox", Memory::default()));
        references.integrations.insert(lab.clone(), None);
        references.indexes.insert(lab, 7);
    });
    let before = testbed.object().unwrap().status.unwrap().records;
    testbed.tell(&changed(&testbed, &json!({ "visit": { "endTime": "16:00" } })));
    testbed
        .until("reported", |testbed| {
            testbed.object().unwrap().status.unwrap().status.observed_generation == 2
        })
        .await;
    let records = testbed.object().unwrap().status.unwrap().records;
    assert_eq!((records.len(), records != before), (1, true), "{records:?}");
    testbed.set(at("2026-12-03T09:00:00Z"));
    testbed.until("over", |testbed| testbed.ready() == "True Expired").await;
    assert_eq!(testbed.object().unwrap().status.unwrap().records, []);
}

#[tokio::test]
async fn a_record_in_a_system_that_cannot_be_asked_stays_named() {
    let testbed = ready().await;
    let before = testbed.object().unwrap().status.unwrap().records;
    testbed.refer(|references| {
        references.engines.clear();
        for tenant in references.tenants.values_mut() {
            tenant.access.clear();
            tenant.declared.unready.push("waits for AccessIntegration netbox".to_owned());
            tenant.hash += 1;
        }
    });
    testbed.until("reported", |testbed| testbed.ready() == "False DependencyNotReady").await;
    assert_eq!(testbed.object().unwrap().status.unwrap().records, before);
    testbed.tell(&deleting(changed(&testbed, &json!({ "tenantRef": { "name": "elsewhere" } }))));
    testbed.rest().await;
    assert!(testbed.object().is_some(), "its record may be there");
}

#[tokio::test]
async fn a_visitor_is_not_ready_if_its_day_begins_during_an_outage() {
    // The evening before.
    let testbed = Testbed::at(at("2026-11-30T20:00:00Z"));
    testbed.integrate([("netbox", lobby())]);
    testbed.tell(&jane());
    testbed.until("waits for its day", |testbed| testbed.ready() == "True Scheduled").await;
    testbed.set(at(DURING));
    wait(&testbed, 11).await;
    testbed.until("reported", |testbed| testbed.ready() == "False DependencyNotReady").await;
    let said = testbed.object().unwrap().status.unwrap().status;
    let message = &said.condition("Ready").unwrap().message;
    assert_eq!(message, "waits for AccessIntegration netbox, which is not connected: see its status");
    // Nothing more is written while nothing changes.
    testbed.calls();
    for seconds in [25, 40, 55] {
        wait(&testbed, seconds).await;
    }
    assert_eq!(testbed.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_visitor_with_a_record_stays_ready_during_an_outage() {
    let before = ready().await;
    let status = before.object().unwrap().status.unwrap();
    let testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", holding([&record()]))]);
    testbed.tell(&with(ours(jane()), &json!({ "status": status })));
    for seconds in [11, 25] {
        wait(&testbed, seconds).await;
    }
    assert_eq!((testbed.ready().as_str(), testbed.calls()), ("True Succeeded", Vec::new()));
}

#[tokio::test]
async fn a_deletion_says_which_system_it_waits_for() {
    let testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", holding([&record()]))]);
    testbed.tell(&deleting(ours(jane())));
    testbed.rest().await;
    assert_eq!(
        testbed.calls(),
        Vec::<String>::new(),
        "a connection that is being established is not reported"
    );
    wait(&testbed, 11).await;
    testbed.until("reported", |testbed| testbed.ready() == "False DeletionFailed").await;
    let said = testbed.object().unwrap().status.unwrap().status;
    let message = &said.condition("Ready").unwrap().message;
    assert!(message.contains("netbox") && message.contains("access.vestibule.dev/abandon"), "{message}");
}

#[tokio::test]
async fn a_visitor_that_is_moved_to_another_building_at_once_leaves_the_first() {
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", lobby()), ("annex", lobby())]);
    testbed.refer(|references| {
        let access = |index: usize| {
            let mut facts = references.tenants[&tenant_id(&key("acme"))].clone();
            facts.access = vec![facts.access.remove(index)];
            facts.hash += 1 + index as u64;
            facts
        };
        let (acme, beta) = (access(0), access(1));
        references.tenants.insert(tenant_id(&key("acme")), acme);
        references.tenants.insert(tenant_id(&key("beta")), beta);
    });
    testbed.run("netbox").await;
    testbed.run("annex").await;
    testbed.tell(&jane());
    testbed.until("in", |testbed| inside(testbed, "netbox") == 1).await;
    // The user's second command came before any status was written.
    let moved = json!({ "metadata": { "generation": 2 }, "spec": { "tenantRef": { "name": "beta" } } });
    testbed.tell(&with(ours(jane()), &moved));
    testbed.until("moved", |testbed| inside(testbed, "netbox") == 0 && inside(testbed, "annex") == 1).await;
    testbed.until("ready", |testbed| testbed.ready() == "True Succeeded").await;
}

#[tokio::test]
async fn a_plan_from_before_the_integration_existed_makes_no_visitor_ready() {
    let testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", lobby())]);
    let access = facts([integration(&testbed.engine("netbox"), 0)]);
    testbed.refer(|references| {
        for tenant in references.tenants.values_mut() {
            tenant.access.clear();
            tenant.declared.unready.push("waits for AccessIntegration netbox".to_owned());
            tenant.hash = 0;
        }
    });
    testbed.tell(&jane());
    // The references are published and the scan has not run: a status writer runs in between.
    testbed.refer_unseen(|references| {
        references.tenants.insert(tenant_id(&key("acme")), access);
    });
    testbed.visitors.queue_status(object_id(), crate::engine::Priority::UserChange);
    testbed.rest().await;
    assert_ne!(testbed.ready(), "True Succeeded");
    assert!(testbed.engine("netbox").state().borrow().condition != ConnectionState::Connected);
}

#[tokio::test]
async fn an_old_object_changes_nothing_in_a_row_that_knows_a_newer_one() {
    let testbed = ready().await;
    let old = testbed.object().unwrap();
    testbed.tell(&changed(&testbed, &json!({ "visit": { "endTime": "16:00" } })));
    let placement = |testbed: &Testbed| {
        testbed.visitors.table.lock().row(object_id()).unwrap().state.placements[0].target
    };
    let wanted = placement(&testbed);
    let planned = testbed.visitors.plan_record(&key("netbox"), object_id(), &old);
    assert_eq!((planned, placement(&testbed)), (vestibule_core::plan::DesiredState::Keep, wanted));
}

#[tokio::test]
async fn a_change_that_a_mode_withheld_is_made_by_the_next_sync_that_may() {
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", lobby()), ("annex", lobby())]);
    testbed.run("netbox").await;
    testbed.run("annex").await;
    testbed.tell(&jane());
    testbed.until("in both", |testbed| inside(testbed, "netbox") + inside(testbed, "annex") == 2).await;
    testbed.until("ready", |testbed| testbed.ready() == "True Succeeded").await;
    let annex = testbed.engine("annex");
    annex.set_settings(Settings { mode: Mode::Upsert, ..settings() });
    testbed.refer(|references| {
        for tenant in references.tenants.values_mut() {
            tenant.access.truncate(1);
            tenant.hash += 1;
        }
    });
    testbed.until("withheld", |testbed| testbed.ready() == "False NotSupportedBySystem").await;
    testbed.visitors.after_sync(&annex);
    testbed.rest().await;
    assert_eq!(inside(&testbed, "annex"), 1, "the mode does not let it go");
    annex.set_settings(settings());
    testbed.visitors.after_sync(&annex);
    testbed.until("out", |testbed| inside(testbed, "annex") == 0).await;
}

#[tokio::test]
async fn a_refusal_that_a_change_of_the_integration_causes_is_reported() {
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", lobby())]);
    testbed.run("netbox").await;
    testbed.tell(&with(jane(), &json!({ "spec": { "credentialNumber": "4711" } })));
    testbed.until("ready", |testbed| testbed.ready() == "True Succeeded").await;
    testbed.refer(|references| {
        for tenant in references.tenants.values_mut() {
            for access in &mut tenant.access {
                let mut netbox = (*access.integration).clone();
                netbox.capabilities.card_format = None;
                tenant.declared = facts([netbox.clone()]).declared;
                (access.integration, access.hash) = (netbox.into(), access.hash + 1);
            }
            tenant.hash += 1;
        }
    });
    testbed.until("refused", |testbed| testbed.ready() == "False InvalidSpec").await;
    assert_eq!(inside(&testbed, "netbox"), 1, "the desired record is not known");
}

#[tokio::test]
async fn a_day_that_a_wrong_clock_ended_goes_on_when_the_clock_is_set_right() {
    let testbed = ready().await;
    testbed.set(at("2026-12-02T09:00:00Z"));
    testbed.until("out", |testbed| testbed.ready() == "True Expired" && inside(testbed, "netbox") == 0).await;
    testbed.set(at("2026-12-01T09:05:00Z"));
    testbed
        .until("in again", |testbed| testbed.ready() == "True Succeeded" && inside(testbed, "netbox") == 1)
        .await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_a_little_changes_no_record() {
    let testbed = ready().await;
    testbed.set(at("2026-12-01T08:59:00Z"));
    testbed.rest().await;
    testbed.calls();
    testbed.set(at("2026-12-01T08:58:00Z"));
    testbed.rest().await;
    assert_eq!((testbed.calls(), testbed.ready().as_str()), (Vec::<String>::new(), "True Succeeded"));
}

/// The groups that the living record in the NetBox holds, and its end.
fn opens(testbed: &Testbed) -> Option<(Vec<String>, String)> {
    let living = testbed.living("netbox");
    let one = living.first()?;
    Some((one.groups.iter().cloned().collect(), one.window?.until.to_string()))
}

#[tokio::test]
async fn a_visit_that_is_shortened_ends_then_though_its_spec_is_refused() {
    let testbed = ready().await;
    let spec = json!({ "email": null, "visit": { "endTime": "12:00" } });
    testbed.tell(&changed(&testbed, &spec));
    testbed.until("refused", |testbed| testbed.ready() == "False InvalidSpec").await;
    let noon = "2026-12-01T11:00:00Z";
    testbed.until("shorter", |testbed| opens(testbed).is_some_and(|(_, until)| until == noon)).await;
    assert_eq!(inside(&testbed, "netbox"), 1);
}

#[tokio::test]
async fn a_removed_card_is_revoked_although_the_tenant_is_missing() {
    let mut testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", lobby())]);
    testbed.run("netbox").await;
    testbed.tell(&with(jane(), &json!({ "spec": { "credentialNumber": "4711" } })));
    testbed.until("ready", |testbed| testbed.ready() == "True Succeeded").await;
    let cards = |testbed: &Testbed| testbed.living("netbox")[0].cards.len();
    assert_eq!(cards(&testbed), 1);
    let spec = json!({ "credentialNumber": null, "tenantRef": { "name": "elsewhere" } });
    testbed.tell(&changed(&testbed, &spec));
    testbed.until("reported", |testbed| testbed.ready() == "False DependencyNotReady").await;
    testbed.until("withdrawn", |testbed| cards(testbed) == 0).await;
    assert_eq!(opens(&testbed).unwrap().0, ["Lobby"], "an unknown grant stays");
}

#[tokio::test]
async fn a_group_that_a_tenant_loses_is_revoked_although_its_property_is_missing() {
    let testbed = ready().await;
    testbed.refer(|references| {
        for tenant in references.tenants.values_mut() {
            tenant.property = None;
            for access in &mut tenant.access {
                (access.groups, access.hash) = (["Garage".to_owned()].into(), access.hash + 1);
            }
            tenant.hash += 1;
        }
    });
    testbed.until("out", |testbed| inside(testbed, "netbox") == 0).await;
    assert_eq!(testbed.ready(), "False DependencyNotReady");
}
