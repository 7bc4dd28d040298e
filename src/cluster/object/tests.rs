use serde::Deserialize;
use serde_json::{Value, json};

use super::{DecodedObject, RawObject};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    last_name: String,
    visit: Visit,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Visit {
    from: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Status {
    phase: String,
}

const UID: &str = "0a1b2c3d-4e5f-6789-abcd-ef0123456789";

fn visitor(spec: &Value) -> Value {
    json!({
        "apiVersion": "access.vestibule.dev/v1alpha1", "kind": "Visitor",
        "metadata": {
            "name": "v1", "namespace": "hq", "uid": UID, "resourceVersion": "42", "generation": 3,
            "creationTimestamp": "2026-12-01T08:00:00Z",
            "annotations": {
                "access.vestibule.dev/abandon": "true",
                "kubectl.kubernetes.io/last-applied-configuration": "{\"huge\": true}",
            },
            "finalizers": ["example.com/a", "access.vestibule.dev/records"],
            "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}],
        },
        "spec": spec,
        "status": {"phase": "in"},
    })
}

fn read(object: &Value) -> DecodedObject<Spec, Status> {
    serde_json::from_str::<RawObject<Spec, Status>>(&object.to_string()).unwrap().into_seen()
}

fn complaint(spec: &Value) -> String {
    read(&visitor(spec)).spec.unwrap_err()
}

#[test]
fn an_object_is_read_without_the_annotations_of_others() {
    let seen = read(&visitor(&json!({"lastName": "Doe", "visit": {"from": "2026-12-01"}})));
    assert_eq!((seen.meta.key.to_string(), seen.meta.uid.to_string()), ("hq/v1".to_owned(), UID.to_owned()));
    assert_eq!((seen.meta.resource_version, seen.meta.generation, seen.meta.deleting), (42, 3, false));
    assert_eq!(seen.meta.annotations.keys().collect::<Vec<_>>(), ["access.vestibule.dev/abandon"]);
    assert!(seen.meta.is_ours() && seen.meta.finalizers.len() == 2);
    assert_eq!(seen.spec.unwrap().visit.from, "2026-12-01");
    assert_eq!(seen.status.unwrap().phase, "in");
}

#[test]
fn a_bad_spec_is_a_sentence_that_names_the_field_and_no_personal_data() {
    assert_eq!(
        complaint(&json!({"lastName": "Doe", "visit": {"from": 7_777}})),
        "spec.visit.from cannot be read: expected a string"
    );
    let name_for_a_struct = complaint(&json!({"lastName": "Doe", "visit": "Secret, expected nobody"}));
    assert_eq!(name_for_a_struct, "spec.visit cannot be read: expected struct Visit");
    assert_eq!(complaint(&json!({"visit": {}})), "spec.visit cannot be read: missing field `from`");
    assert_eq!(complaint(&Value::Null), "spec cannot be read: expected struct Spec");
}

#[test]
fn a_bad_status_is_none_and_ours_to_write_anew() {
    let mut object = visitor(&json!({"lastName": "Doe", "visit": {"from": "2026-12-01"}}));
    object["status"] = json!({"phase": 7});
    let seen = read(&object);
    assert!(seen.status.is_none() && seen.spec.is_ok());
}

#[test]
fn an_object_without_uid_or_version_is_an_error_of_the_wire() {
    for field in ["uid", "resourceVersion", "name"] {
        let mut object = visitor(&json!({}));
        object["metadata"][field] = Value::Null;
        assert!(serde_json::from_value::<RawObject<Spec, Status>>(object).is_err(), "{field}");
    }
}

#[test]
fn debug_shows_which_object_and_nothing_of_its_spec() {
    let seen = read(&visitor(&json!({"lastName": "Personal", "visit": {"from": "2026-12-01"}})));
    let text = format!("{seen:?}");
    assert!(text.contains("v1") && !text.contains("Personal"), "{text}");
}
