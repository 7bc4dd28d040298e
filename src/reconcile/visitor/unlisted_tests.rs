use serde_json::{Value, json};

use super::super::life_tests::{DURING, deleting, lobby, object_id, ours, record};
use super::super::testbed::Testbed;
use crate::reconcile::fixtures::{at, jane, key, with};
use crate::reconcile::references::tenant_id;

/// Jane's Visitor with its record in `status.records`, and with this patch.
fn named(change: &Value) -> Value {
    let records = json!([{ "integration": "netbox", "externalId": record().id.to_string() }]);
    let status = json!({ "observedGeneration": 1, "conditions": [], "records": records });
    with(with(ours(jane()), &json!({ "status": status })), change)
}

/// A NetBox that was not listed since the start: its engine has not connected yet, or there is no engine.
fn unlisted(connecting: bool) -> Testbed {
    let testbed = Testbed::at(at(DURING));
    testbed.integrate([("netbox", lobby())]);
    if !connecting {
        testbed.refer(|references| {
            references.engines.clear();
            for tenant in references.tenants.values_mut() {
                tenant.access.clear();
                tenant.hash += 1;
            }
        });
    }
    testbed
}

fn pending(testbed: &Testbed) -> (usize, Option<String>) {
    let (count, since) = testbed.visitors.unlisted_revocations(&key("netbox"));
    (count, since.map(|at| at.to_string().chars().take(19).collect()))
}

fn one() -> (usize, Option<String>) {
    (1, Some(DURING.trim_end_matches('Z').to_owned()))
}

#[tokio::test]
async fn a_record_that_is_not_as_declared_is_counted_where_nothing_was_listed_yet() {
    for connecting in [true, false] {
        let testbed = unlisted(connecting);
        testbed.tell(&named(&json!({})));
        assert_eq!(pending(&testbed), (0, None), "the record is the declared one");
        for spec in [
            json!({ "visit": { "endTime": "12:00" } }),
            json!({ "visit": { "endTime": "09:30" } }),
            json!({ "visit": { "from": "2026-12-08" } }),
            json!({ "visit": { "from": "2026-11-30" } }),
            json!({ "credentialNumber": "4711" }),
            json!({ "email": null }),
        ] {
            let generation = json!({ "metadata": { "generation": 2 }, "spec": spec });
            testbed.tell(&named(&generation));
            assert_eq!(pending(&testbed), one(), "{spec}");
            testbed.tell(&named(&json!({ "metadata": { "generation": 3 } })));
            assert_eq!(pending(&testbed), (0, None), "{spec}");
        }
    }
}

#[tokio::test]
async fn a_deleted_visitor_is_counted_from_its_deletion_on_until_its_object_is_gone() {
    for connecting in [true, false] {
        let testbed = unlisted(connecting);
        testbed.tell(&deleting(named(&json!({}))));
        assert_eq!(pending(&testbed), (1, Some("2026-12-01T08:30:00".to_owned())));
        testbed.visitors.gone(object_id());
        assert_eq!(pending(&testbed), (0, None));
    }
}

#[tokio::test]
async fn a_visitor_without_a_record_of_ours_has_no_pending_revocation() {
    let testbed = unlisted(false);
    testbed.tell(&deleting(ours(jane())));
    assert_eq!(pending(&testbed), (0, None));
    let typed = json!([{ "integration": "netbox", "externalId": "typed" }]);
    testbed.tell(&deleting(named(&json!({ "status": { "records": typed } }))));
    assert_eq!(pending(&testbed), (0, None));
}

#[tokio::test]
async fn an_unknown_tenant_or_property_revokes_nothing() {
    let testbed = unlisted(false);
    testbed.tell(&named(
        &json!({ "metadata": { "generation": 2 }, "spec": { "tenantRef": { "name": "none" } } }),
    ));
    assert_eq!(pending(&testbed), (0, None), "the Tenant is missing");
    testbed.refer(|references| {
        references.tenants.get_mut(&tenant_id(&key("acme"))).unwrap().property = None;
    });
    testbed.tell(&named(&json!({ "metadata": { "generation": 3 } })));
    assert_eq!(pending(&testbed), (0, None), "the Property is missing");
}

#[tokio::test]
async fn every_record_counts_in_an_integration_that_is_being_deleted() {
    let testbed = unlisted(false);
    testbed.refer(|references| {
        references.leaving.insert(key("netbox"));
    });
    testbed.tell(&named(&json!({})));
    assert_eq!(pending(&testbed), one());
}

#[tokio::test]
async fn after_the_first_list_the_queue_counts_instead_of_the_statuses() {
    let mut testbed = unlisted(true);
    testbed.run("netbox").await;
    testbed.until("listed", |testbed| testbed.engine("netbox").has_listed()).await;
    testbed.tell(&deleting(named(&json!({}))));
    assert_eq!(pending(&testbed), (0, None));
}
