use jiff::Timestamp;
use serde_json::{Value, json};
use vestibule_core::status::Status;

use super::*;
use crate::api::PropertySpec;
use crate::cluster::object::DecodedObject;
use crate::reconcile::fixtures::{read, whole, with};

fn annotated(value: &str) -> Meta {
    let annotations = json!({ "metadata": { "annotations": { ABANDON: value } } });
    let object: DecodedObject<PropertySpec, Value> = read(&with(whole("tower", &json!({})), &annotations));
    object.meta
}

fn message(verdict: &Verdict) -> String {
    let status = verdict.settle(&Status::default(), 1, Timestamp::UNIX_EPOCH);
    status.condition("Ready").unwrap().message.clone()
}

#[test]
fn only_the_value_true_abandons() {
    for (value, abandoned) in [("true", true), ("yes", false), ("True", false), ("", false), ("false", false)]
    {
        assert_eq!(
            (is_abandoned(&annotated(value)), is_misspelt(&annotated(value))),
            (abandoned, !abandoned)
        );
    }
}

#[test]
fn a_failed_deletion_names_the_annotation_and_its_value_however_long_the_reason_is() {
    for why in ["no answer came", "no answer came.", &"x".repeat(5_000)] {
        let message = message(&deletion_failed(why, "the record", true));
        assert!(
            message.contains(". To leave the record there, annotate access.vestibule.dev/abandon: \"true\".")
        );
        assert!(message.ends_with("it must be \"true\""), "{message}");
    }
}

#[test]
fn an_annotation_with_another_value_is_mentioned_during_the_deletion() {
    assert_eq!(message(&deleting("its records are being removed", false)), "its records are being removed");
    let said = message(&deleting("its records are being removed", true));
    assert!(said.ends_with("has another value now, which does nothing: it must be \"true\""), "{said}");
}
