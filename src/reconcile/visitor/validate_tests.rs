use serde_json::{Value, json};

use super::*;
use crate::reconcile::fixtures::{jane, key, read, with};

fn object(patch: &Value) -> Object {
    read(&with(jane(), patch))
}

fn spec(patch: &Value) -> Result<Validated, String> {
    validate(&object(&json!({ "spec": patch })))
}

fn refusal(patch: &Value) -> String {
    spec(patch).unwrap_err()
}

#[test]
fn a_visitor_is_read_with_its_tenant() {
    let visitor = spec(&json!({ "phone": "+49 30 1", "credentialNumber": "0012345" })).unwrap();
    let Validated { person, visit, tenant, credential_number } = &visitor;
    assert_eq!((&*person.first_name, &*person.last_name), ("Jane", "Doe"));
    assert_eq!((&*person.email, &*person.phone), ("jane@example.org", "+49 30 1"));
    assert_eq!((tenant, credential_number.as_deref()), (&key("acme"), Some("0012345")));
    assert_eq!((visit.days(), visit.hours().is_some()), (1, true));
    assert_eq!(Visit::from(visitor.packed()), *visit);
}

#[test]
fn absent_fields_of_a_visitor_are_empty() {
    let visitor = spec(&json!({ "firstName": null, "email": null })).unwrap();
    let Person { first_name, email, phone, .. } = visitor.person;
    assert_eq!((first_name + &email + &phone, visitor.credential_number), (String::new(), None));
}

#[test]
fn control_characters_and_surrounding_white_space_never_leave_the_cluster() {
    let patch =
        json!({ "firstName": " Ja\u{0}ne\n", "lastName": "\tDo\u{7f}e ", "phone": "\r\n030 1\u{1b} " });
    let person = spec(&patch).unwrap().person;
    assert_eq!((&*person.first_name, &*person.last_name, &*person.phone), ("Jane", "Doe", "030 1"));
}

#[test]
fn emails_are_compared_and_sent_in_lower_case() {
    let person = spec(&json!({ "email": " Jane.DOE@Example.ORG " })).unwrap().person;
    assert_eq!(person.email, "jane.doe@example.org");
}

#[test]
fn each_refusal_names_the_field_and_what_to_write() {
    let visit = |visit: &Value| refusal(&json!({ "visit": visit }));
    let rows = [
        (refusal(&json!({ "lastName": " \u{0} " })), "spec.lastName is empty: write the visitor's last name"),
        (
            refusal(&json!({ "lastName": "\u{200b}" })),
            "spec.lastName is empty: write the visitor's last name",
        ),
        (
            visit(&json!({ "from": "1.12.2026" })),
            "spec.visit.from \"1.12.2026\" is not a date: write year, month and day, such as \"2026-12-01\"",
        ),
        (
            visit(&json!({ "from": "2206-12-01" })),
            "spec.visit.from \"2206-12-01\" is not between the years 2000 and 2150: check the year",
        ),
        (
            visit(&json!({ "to": "2026-11-30" })),
            "spec.visit.to is 2026-11-30, before spec.visit.from 2026-12-01: write the later day in spec.visit.to",
        ),
        (
            visit(&json!({ "to": "2027-05-30" })),
            "the visit has 181 days, but at most 180 are allowed: declare a second Visitor for the rest",
        ),
        (
            visit(&json!({ "startTime": "9 am" })),
            "spec.visit.startTime \"9 am\" is not a time of day: write \"00:00\" to \"23:59\", in quotes",
        ),
        (
            visit(&json!({ "endTime": null })),
            "spec.visit.endTime is missing: write both spec.visit.startTime and spec.visit.endTime, or neither for the whole day",
        ),
    ];
    for (said, sentence) in rows {
        assert_eq!(said, sentence);
    }
}

#[test]
fn an_unreadable_spec_is_refused_with_the_field_and_without_personal_data() {
    let said = refusal(&json!({ "lastName": { "secret": "Doe" } }));
    assert_eq!(said, "spec.lastName cannot be read: expected a string");
    let nothing = object(&json!({ "spec": null }));
    assert!(validate(&nothing).unwrap_err().starts_with("spec cannot be read"));
}

#[test]
fn only_ids_of_our_form_and_of_that_integration_are_known() {
    let ours = "vst-000007-00000000000001-0000002a-0";
    let records = json!([
        { "integration": "netbox", "externalId": ours },
        { "integration": "annex", "externalId": "vst-000007-00000000000001-0000002b-1" },
        { "integration": "salto", "externalId": "4711" },
        { "integration": "upper", "externalId": ours.to_uppercase() },
    ]);
    let object = object(&json!({ "status": { "observedGeneration": 1, "records": records } }));
    let known = |integration: &str| -> Vec<String> {
        known_ids(&object, integration).iter().map(ToString::to_string).collect()
    };
    assert_eq!(known("netbox"), [ours]);
    assert_eq!(known("annex").len(), 1);
    assert_eq!(known("salto").len() + known("upper").len() + known("elsewhere").len(), 0);
}

#[test]
fn a_visitor_without_a_status_has_no_ids() {
    assert!(known_ids(&object(&json!({})), "netbox").is_empty());
    let spoilt = object(&json!({ "status": { "observedGeneration": "x" } }));
    assert!(spoilt.status.is_none() && known_ids(&spoilt, "netbox").is_empty());
}
