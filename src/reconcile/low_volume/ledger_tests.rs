use serde_json::{Value, json};

use super::*;
use crate::api::TenantSpec;
use crate::cluster::watch::{Event, Scope};
use crate::reconcile::fixtures::{key, read, whole, with};
use crate::reconcile::tenant::Said;

type Tenant = DecodedObject<TenantSpec, Said>;

/// The tenant acme with this version and status.
fn acme(version: u64, status: &Value) -> Tenant {
    let spec = json!({ "propertyRef": { "name": "tower" }, "displayName": "Acme Ltd" });
    let patch = json!({ "metadata": { "resourceVersion": version.to_string() }, "status": status });
    read(&with(whole("acme", &spec), &patch))
}

fn ours() -> Value {
    let ready = json!({
        "type": "Ready", "status": "True", "reason": "Succeeded", "message": "valid", "observedGeneration": 1,
        "lastTransitionTime": "2026-12-01T09:00:00Z",
    });
    json!({ "observedGeneration": 1, "conditions": [ready], "importedBy": "netbox" })
}

/// A store that has received this object.
fn store(object: Tenant) -> Store<TenantSpec, Said> {
    let mut store = Store::new(&[Scope::Everywhere]);
    store.on(Event::Apply(object));
    store
}

#[test]
fn a_status_that_others_have_written_is_overwritten_and_never_used() {
    let foreign = [
        json!({ "conditions": [] }),
        json!({ "observedGeneration": null }),
        json!({ "importedBy": "another" }),
        json!({ "importedBy": null }),
        json!({ "records": [{ "integration": "netbox", "externalId": "7" }] }),
        json!({ "conditions": "no list" }),
        json!({ "conditions": [with(ours()["conditions"][0].clone(), &json!({ "lastTransitionTime": "2020-01-01T00:00:00Z" }))] }),
    ];
    for patch in foreign {
        let (mut ledger, mut store) = (Ledger::default(), store(acme(10, &ours())));
        ledger.restore(&mut store);
        let first = store.get(&key("acme")).unwrap().clone();
        assert!(!ledger.has_to_be_written(&first, false));
        store.on(Event::Apply(acme(11, &with(ours(), &patch))));
        ledger.restore(&mut store);
        let object = store.get(&key("acme")).unwrap().clone();
        assert_eq!(object.status, first.status, "{patch}");
        assert!(ledger.has_to_be_written(&object, false), "{patch}");
        // A write that fails is repeated until one succeeds.
        assert!(ledger.has_to_be_written(&object, false), "{patch}");
        ledger.written(&acme(12, &ours()), first.status.as_ref().unwrap());
        store.on(Event::Answer(acme(12, &ours())));
        ledger.restore(&mut store);
        assert!(!ledger.has_to_be_written(store.get(&key("acme")).unwrap(), false), "{patch}");
    }
}

#[test]
fn our_own_status_is_not_taken_for_one_of_others() {
    let (mut ledger, mut store) = (Ledger::default(), store(acme(10, &json!({}))));
    let said = acme(10, &ours()).status.unwrap();
    ledger.written(&acme(11, &ours()), &said);
    store.on(Event::Answer(acme(11, &ours())));
    ledger.restore(&mut store);
    assert!(!ledger.has_to_be_written(store.get(&key("acme")).unwrap(), false));
}

#[test]
fn the_status_of_a_former_process_or_of_a_new_object_of_the_name_is_used() {
    let (mut ledger, mut store) = (Ledger::default(), store(acme(10, &ours())));
    ledger.restore(&mut store);
    assert!(!ledger.has_to_be_written(store.get(&key("acme")).unwrap(), false));
    let mut again = acme(11, &json!({ "observedGeneration": -1 }));
    again.meta.uid = "ffffffff-4e5f-6789-abcd-ef0123456789".parse().unwrap();
    store.on(Event::Apply(again));
    ledger.restore(&mut store);
    assert!(!ledger.has_to_be_written(store.get(&key("acme")).unwrap(), false));
}
