//! What a status may not say, and what may not stay open, when something goes wrong at a bad moment.

use serde_json::{Value, json};
use vestibule_core::model::Mode;

use super::life_tests::{DURING, deleting, inside, lobby, ours, ready, record, slot};
use super::stage::Stage;
use crate::engine::{Condition, Settings};
use crate::reconcile::directory::tenant_id;
use crate::reconcile::fixtures::{at, engine, facts, holding, integration, jane, key, settings, with};
use crate::system::memory::Memory;

/// The object as it stands, with another spec.
fn changed(stage: &Stage, spec: &Value) -> Value {
    let status = stage.object().unwrap().status.unwrap();
    with(ours(jane()), &json!({ "metadata": { "generation": 2 }, "spec": spec, "status": status }))
}

/// Lets so many seconds go by for everybody who waits.
async fn wait(stage: &Stage, seconds: i64) {
    stage.rest().await;
    stage.set(at(DURING) + jiff::SignedDuration::from_secs(seconds));
}

#[tokio::test]
async fn a_visit_that_is_made_to_end_before_now_ends_now() {
    let stage = ready().await;
    stage.tell(&changed(&stage, &json!({ "visit": { "endTime": "09:30" } })));
    stage.until("out", |stage| inside(stage, "netbox") == 0).await;
    stage.until("told", |stage| stage.ready() == "True Expired").await;
}

#[tokio::test]
async fn a_revocation_that_fails_until_the_visit_is_over_is_not_forgotten() {
    let mut stage = ready().await;
    stage.stop().await;
    stage.tell(&changed(&stage, &json!({ "visit": { "endTime": "10:30" } })));
    // Half past ten in Berlin: the new window is over, and the old record would open until the evening.
    stage.set(at("2026-12-01T09:31:00Z"));
    stage.run("netbox").await;
    stage.until("out", |stage| inside(stage, "netbox") == 0).await;
}

#[tokio::test]
async fn a_namesake_in_another_namespace_says_nothing_of_a_visitor() {
    let stage = ready().await;
    let lab = vestibule_core::model::ObjectKey::new("lab", "netbox");
    stage.refer(|directory| {
        directory.engines.insert(lab.clone(), engine("netbox", Memory::default()));
        directory.integrations.insert(lab.clone(), None);
        directory.indexes.insert(lab, 7);
    });
    let before = stage.object().unwrap().status.unwrap().records;
    stage.tell(&changed(&stage, &json!({ "visit": { "endTime": "16:00" } })));
    stage
        .until("told", |stage| stage.object().unwrap().status.unwrap().status.observed_generation == 2)
        .await;
    let records = stage.object().unwrap().status.unwrap().records;
    assert_eq!((records.len(), records != before), (1, true), "{records:?}");
    stage.set(at("2026-12-03T09:00:00Z"));
    stage.until("over", |stage| stage.ready() == "True Expired").await;
    assert_eq!(stage.object().unwrap().status.unwrap().records, []);
}

#[tokio::test]
async fn what_a_system_holds_that_cannot_be_asked_stays_named() {
    let stage = ready().await;
    let before = stage.object().unwrap().status.unwrap().records;
    stage.refer(|directory| {
        directory.engines.clear();
        for tenant in directory.tenants.values_mut() {
            tenant.access.clear();
            tenant.declared.unready.push("waits for AccessIntegration netbox".to_owned());
            tenant.hash += 1;
        }
    });
    stage.until("told", |stage| stage.ready() == "False DependencyNotReady").await;
    assert_eq!(stage.object().unwrap().status.unwrap().records, before);
    stage.tell(&deleting(changed(&stage, &json!({ "tenantRef": { "name": "elsewhere" } }))));
    stage.rest().await;
    assert!(stage.object().is_some(), "its record may be there");
}

#[tokio::test]
async fn a_visitor_who_should_be_let_in_while_the_system_is_away_is_not_ready() {
    // The evening before.
    let stage = Stage::at(at("2026-11-30T20:00:00Z"));
    stage.integrate([("netbox", lobby())]);
    stage.tell(&jane());
    stage.until("waits for its day", |stage| stage.ready() == "True Scheduled").await;
    stage.set(at(DURING));
    wait(&stage, 11).await;
    stage.until("told", |stage| stage.ready() == "False DependencyNotReady").await;
    let said = stage.object().unwrap().status.unwrap().status;
    let message = &said.condition("Ready").unwrap().message;
    assert_eq!(message, "waits for AccessIntegration netbox, which is not connected: see its status");
    // And nothing more is written while nothing changes.
    stage.calls();
    for seconds in [25, 40, 55] {
        wait(&stage, seconds).await;
    }
    assert_eq!(stage.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_visitor_who_is_in_stays_ready_while_the_system_is_away() {
    let before = ready().await;
    let status = before.object().unwrap().status.unwrap();
    let stage = Stage::at(at(DURING));
    stage.integrate([("netbox", holding([&record()]))]);
    stage.tell(&with(ours(jane()), &json!({ "status": status })));
    for seconds in [11, 25] {
        wait(&stage, seconds).await;
    }
    assert_eq!((stage.ready().as_str(), stage.calls()), ("True Succeeded", Vec::new()));
}

#[tokio::test]
async fn a_deletion_says_which_system_it_waits_for() {
    let stage = Stage::at(at(DURING));
    stage.integrate([("netbox", holding([&record()]))]);
    stage.tell(&deleting(ours(jane())));
    stage.rest().await;
    assert_eq!(stage.calls(), Vec::<String>::new(), "one that is merely being connected is not worth a word");
    wait(&stage, 11).await;
    stage.until("told", |stage| stage.ready() == "False DeletionFailed").await;
    let said = stage.object().unwrap().status.unwrap().status;
    let message = &said.condition("Ready").unwrap().message;
    assert!(message.contains("netbox") && message.contains("access.vestibule.dev/abandon"), "{message}");
}

#[tokio::test]
async fn a_visitor_who_is_moved_to_another_building_at_once_leaves_the_first() {
    let mut stage = Stage::at(at(DURING));
    stage.integrate([("netbox", lobby()), ("annex", lobby())]);
    stage.refer(|directory| {
        let access = |index: usize| {
            let mut facts = directory.tenants[&tenant_id(&key("acme"))].clone();
            facts.access = vec![facts.access.remove(index)];
            facts.hash += 1 + index as u64;
            facts
        };
        let (acme, beta) = (access(0), access(1));
        directory.tenants.insert(tenant_id(&key("acme")), acme);
        directory.tenants.insert(tenant_id(&key("beta")), beta);
    });
    stage.run("netbox").await;
    stage.run("annex").await;
    stage.tell(&jane());
    stage.until("in", |stage| inside(stage, "netbox") == 1).await;
    // The user's second command came before any status was written.
    let moved = json!({ "metadata": { "generation": 2 }, "spec": { "tenantRef": { "name": "beta" } } });
    stage.tell(&with(ours(jane()), &moved));
    stage.until("moved", |stage| inside(stage, "netbox") == 0 && inside(stage, "annex") == 1).await;
    stage.until("ready", |stage| stage.ready() == "True Succeeded").await;
}

#[tokio::test]
async fn nobody_is_ready_by_a_plan_of_before_the_integration_was_there() {
    let stage = Stage::at(at(DURING));
    stage.integrate([("netbox", lobby())]);
    let access = facts([integration(&stage.engine("netbox"), 0)]);
    stage.refer(|directory| {
        for tenant in directory.tenants.values_mut() {
            tenant.access.clear();
            tenant.declared.unready.push("waits for AccessIntegration netbox".to_owned());
            tenant.hash = 0;
        }
    });
    stage.tell(&jane());
    // The directory is there, the scan is not: a writer comes in between.
    stage.refer_unseen(|directory| {
        directory.tenants.insert(tenant_id(&key("acme")), access);
    });
    stage.visitors.settle_soon(slot(), crate::engine::Class::UserChange);
    stage.rest().await;
    assert_ne!(stage.ready(), "True Succeeded");
    assert!(stage.engine("netbox").state().borrow().condition != Condition::Connected);
}

#[tokio::test]
async fn an_old_object_changes_nothing_in_a_row_that_knows_a_newer_one() {
    let stage = ready().await;
    let old = stage.object().unwrap();
    stage.tell(&changed(&stage, &json!({ "visit": { "endTime": "16:00" } })));
    let place = |stage: &Stage| stage.visitors.table.lock().row(slot()).unwrap().plan.places[0].want;
    let wanted = place(&stage);
    let planned = stage.visitors.plan_record(&key("netbox"), slot(), &old);
    assert_eq!((planned, place(&stage)), (vestibule_core::plan::Want::Keep, wanted));
}

#[tokio::test]
async fn what_a_mode_withheld_is_done_by_the_next_sync_that_may() {
    let mut stage = Stage::at(at(DURING));
    stage.integrate([("netbox", lobby()), ("annex", lobby())]);
    stage.run("netbox").await;
    stage.run("annex").await;
    stage.tell(&jane());
    stage.until("in both", |stage| inside(stage, "netbox") + inside(stage, "annex") == 2).await;
    stage.until("ready", |stage| stage.ready() == "True Succeeded").await;
    let annex = stage.engine("annex");
    annex.set_settings(Settings { mode: Mode::Upsert, ..settings() });
    stage.refer(|directory| {
        for tenant in directory.tenants.values_mut() {
            tenant.access.truncate(1);
            tenant.hash += 1;
        }
    });
    stage.until("withheld", |stage| stage.ready() == "False NotSupportedBySystem").await;
    stage.visitors.after_sync(&annex);
    stage.rest().await;
    assert_eq!(inside(&stage, "annex"), 1, "the mode does not let it go");
    annex.set_settings(settings());
    stage.visitors.after_sync(&annex);
    stage.until("out", |stage| inside(stage, "annex") == 0).await;
}

#[tokio::test]
async fn a_refusal_that_a_change_of_the_integration_brings_is_told() {
    let mut stage = Stage::at(at(DURING));
    stage.integrate([("netbox", lobby())]);
    stage.run("netbox").await;
    stage.tell(&with(jane(), &json!({ "spec": { "credentialNumber": "4711" } })));
    stage.until("ready", |stage| stage.ready() == "True Succeeded").await;
    stage.refer(|directory| {
        for tenant in directory.tenants.values_mut() {
            for access in &mut tenant.access {
                let mut netbox = (*access.integration).clone();
                netbox.capabilities.card_format = None;
                tenant.declared = facts([netbox.clone()]).declared;
                (access.integration, access.hash) = (netbox.into(), access.hash + 1);
            }
            tenant.hash += 1;
        }
    });
    stage.until("refused", |stage| stage.ready() == "False InvalidSpec").await;
    assert_eq!(inside(&stage, "netbox"), 1, "what is wanted of him is not known");
}

#[tokio::test]
async fn a_day_that_a_wrong_clock_ended_goes_on_when_the_clock_is_set_right() {
    let stage = ready().await;
    stage.set(at("2026-12-02T09:00:00Z"));
    stage.until("out", |stage| stage.ready() == "True Expired" && inside(stage, "netbox") == 0).await;
    stage.set(at("2026-12-01T09:05:00Z"));
    stage.until("in again", |stage| stage.ready() == "True Succeeded" && inside(stage, "netbox") == 1).await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_a_little_moves_nobody() {
    let stage = ready().await;
    stage.set(at("2026-12-01T08:59:00Z"));
    stage.rest().await;
    stage.calls();
    stage.set(at("2026-12-01T08:58:00Z"));
    stage.rest().await;
    assert_eq!((stage.calls(), stage.ready().as_str()), (Vec::<String>::new(), "True Succeeded"));
}

/// The groups that the living record in the NetBox holds, and its end.
fn opens(stage: &Stage) -> Option<(Vec<String>, String)> {
    let living = stage.living("netbox");
    let one = living.first()?;
    Some((one.groups.iter().cloned().collect(), one.window?.until.to_string()))
}

#[tokio::test]
async fn a_visit_that_is_shortened_ends_then_though_its_spec_is_refused() {
    let stage = ready().await;
    let spec = json!({ "email": null, "visit": { "endTime": "12:00" } });
    stage.tell(&changed(&stage, &spec));
    stage.until("refused", |stage| stage.ready() == "False InvalidSpec").await;
    let noon = "2026-12-01T11:00:00Z";
    stage.until("shorter", |stage| opens(stage).is_some_and(|(_, until)| until == noon)).await;
    assert_eq!(inside(&stage, "netbox"), 1);
}

#[tokio::test]
async fn a_card_that_is_taken_away_is_withdrawn_though_the_tenant_is_missing() {
    let mut stage = Stage::at(at(DURING));
    stage.integrate([("netbox", lobby())]);
    stage.run("netbox").await;
    stage.tell(&with(jane(), &json!({ "spec": { "credentialNumber": "4711" } })));
    stage.until("ready", |stage| stage.ready() == "True Succeeded").await;
    let cards = |stage: &Stage| stage.living("netbox")[0].cards.len();
    assert_eq!(cards(&stage), 1);
    let spec = json!({ "credentialNumber": null, "tenantRef": { "name": "elsewhere" } });
    stage.tell(&changed(&stage, &spec));
    stage.until("told", |stage| stage.ready() == "False DependencyNotReady").await;
    stage.until("withdrawn", |stage| cards(stage) == 0).await;
    assert_eq!(opens(&stage).unwrap().0, ["Lobby"], "what is not known stays");
}

#[tokio::test]
async fn a_group_that_a_tenant_loses_is_taken_away_though_its_property_is_missing() {
    let stage = ready().await;
    stage.refer(|directory| {
        for tenant in directory.tenants.values_mut() {
            tenant.property = None;
            for access in &mut tenant.access {
                (access.groups, access.hash) = (["Garage".to_owned()].into(), access.hash + 1);
            }
            tenant.hash += 1;
        }
    });
    stage.until("out", |stage| inside(stage, "netbox") == 0).await;
    assert_eq!(stage.ready(), "False DependencyNotReady");
}
