use serde_json::{Value, json};
use vestibule_core::status::Kstatus;
use vestibule_core::status::Kstatus::{Current, Failed};

use super::*;
use crate::reconcile::fixtures::{at, read, reading, says, whole, with};

fn object(patch: &Value) -> Object {
    read(&with(whole("tower", &json!({ "displayName": "Tower", "timeZone": "Europe/Berlin" })), patch))
}

fn checked(spec: &Value) -> Result<Validated, String> {
    validate(&object(&json!({ "spec": spec })))
}

fn status_of(patch: &Value, children: &Children) -> (Status, Kstatus) {
    let object = object(patch);
    let status = verdict(&object, &validate(&object), children).settle(
        &Status::default(),
        1,
        at("2026-12-01T09:00:00Z"),
    );
    let reading = reading(&status, 1);
    (status, reading)
}

fn one_child() -> Children {
    Children { integrations: 1, ..Children::default() }
}

#[test]
fn a_property_gives_its_time_zone_and_the_time_at_which_records_are_created() {
    let plain = checked(&json!({})).unwrap();
    assert_eq!(
        (plain.facts.zone.name(), plain.facts.provision, plain.suspended),
        ("Europe/Berlin", Provision::AtMidnight, false)
    );
    let early = checked(&json!({ "visitors": { "provision": "OnApply" }, "suspend": true })).unwrap();
    assert_eq!((early.facts.provision, early.suspended), (Provision::OnApply, true));
    assert!(checked(&json!({ "schedule": { "occupantSync": "03:00" } })).is_ok());
}

#[test]
fn an_invalid_property_names_the_field_and_what_to_write() {
    assert_eq!(
        checked(&json!({ "timeZone": "Berlin" })).unwrap_err(),
        "spec.timeZone \"Berlin\" is not a time zone: write an Area/City name of the IANA database such as \"Europe/London\""
    );
    let schedule = checked(&json!({ "schedule": { "occupantSync": "3 am" } })).unwrap_err();
    assert!(schedule.starts_with("spec.schedule.occupantSync \"3 am\" is not a time of day"), "{schedule}");
    assert_eq!(
        checked(&json!({ "timeZone": 1 })).unwrap_err(),
        "spec.timeZone cannot be read: expected a string"
    );
}

#[test]
fn a_valid_property_is_ready_and_says_if_nothing_refers_to_it() {
    let (status, kstatus) = status_of(&json!({}), &one_child());
    assert_eq!((says(&status, "Ready"), kstatus), ("True Succeeded".into(), Current));
    assert_eq!(status.condition("Ready").unwrap().message, "valid");
    let (alone, _) = status_of(&json!({}), &Children::default());
    assert_eq!(alone.condition("Ready").unwrap().message, "valid; no AccessIntegration refers to it yet");
}

#[test]
fn an_invalid_property_stalls_a_suspended_one_rests_and_a_deleted_one_names_what_it_waits_for() {
    let (invalid, kstatus) =
        status_of(&json!({ "spec": { "timeZone": "Berlin", "suspend": true } }), &one_child());
    assert_eq!((says(&invalid, "Ready"), kstatus), ("False InvalidSpec".into(), Failed));
    let (resting, _) = status_of(&json!({ "spec": { "suspend": true } }), &one_child());
    assert_eq!((says(&resting, "Ready"), resting.observed_generation), ("True Suspended".into(), 1));
    let deleting = json!({ "metadata": { "deletionTimestamp": "2026-12-01T08:00:00Z" }, "spec": { "timeZone": "Berlin" } });
    let (deleting, _) =
        status_of(&deleting, &Children { draining: vec!["a".into(), "b".into()], ..one_child() });
    assert_eq!(says(&deleting, "Ready"), "False Deleting");
    let message = &deleting.condition("Ready").unwrap().message;
    assert!(
        message.starts_with("waits until these AccessIntegrations have removed their records: a, b."),
        "{message}"
    );
}

#[test]
fn a_property_counts_its_visitors_and_integrations_that_are_not_ready() {
    let children =
        Children { integrations: 3, not_ready: vec!["a".into(), "b".into()], ..Children::default() };
    let counted = counts(&children, Visitors { all: 5, not_ready: 4 });
    assert_eq!(
        (counted.visitors, counted.visitors_not_ready, counted.integrations_not_ready),
        (Some(5), Some(4), Some(2))
    );
}

#[test]
fn a_reference_stays_in_its_namespace() {
    assert_eq!(key("hq", &"tower".into()), ObjectKey::new("hq", "tower"));
}
