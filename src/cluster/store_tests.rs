use serde_json::{Value, json};

use super::*;
use crate::cluster::object::RawObject;

type Any = DecodedObject<Value, Value>;

/// Each digit is a uid: another digit is another object.
fn object(namespace: &str, name: &str, uid: u8, version: u64) -> Any {
    let object = json!({ "metadata": {
        "namespace": namespace, "name": name, "uid": format!("0000000{uid}-0000-0000-0000-000000000000"),
        "resourceVersion": version.to_string(),
    }, "spec": {} });
    serde_json::from_value::<RawObject<Value, Value>>(object).unwrap().into_seen()
}

fn one(version: u64) -> Any {
    object("hq", "one", 1, version)
}

fn everywhere() -> Store<Value, Value> {
    Store::new(&[Scope::Everywhere])
}

fn list(store: &mut Store<Value, Value>, scope: &Scope, objects: impl IntoIterator<Item = Any>) {
    store.on(Event::Init(scope.clone()));
    for object in objects {
        store.on(Event::InitApply(object));
    }
    store.on(Event::InitDone(scope.clone()));
}

/// Names with uid and version, in order.
fn held(store: &Store<Value, Value>) -> Vec<String> {
    let texts = store.iter().map(|(key, object)| {
        format!("{key} {} {}", &object.meta.uid.to_string()[7..8], object.meta.resource_version)
    });
    texts.collect()
}

/// A store that has listed one object.
fn listed() -> Store<Value, Value> {
    let mut store = everywhere();
    list(&mut store, &Scope::Everywhere, [one(5)]);
    store
}

#[test]
fn a_store_is_complete_when_every_scope_has_been_listed_once() {
    let scopes = Scope::of(&["hq".into(), "lab".into()]);
    let mut store: Store<Value, Value> = Store::new(&scopes);
    list(&mut store, &scopes[0], [one(5)]);
    assert!(!store.is_complete(), "what the other namespace has is not known yet");
    store.on(Event::Init(scopes[1].clone()));
    assert!(!store.is_complete());
    assert!(store.on(Event::InitDone(scopes[1].clone())), "an empty list is news too");
    assert!(store.is_complete());
    store.on(Event::Init(scopes[1].clone()));
    assert!(store.is_complete(), "a relist makes nothing unknown");
}

#[test]
fn a_relist_drops_missing_objects_only_when_it_is_done() {
    let mut store = listed();
    store.on(Event::Apply(object("hq", "two", 2, 6)));
    store.on(Event::Init(Scope::Everywhere));
    store.on(Event::InitApply(object("hq", "two", 2, 6)));
    assert_eq!(held(&store), ["hq/one 1 5", "hq/two 2 6"], "a list that is not done proves nothing");
    store.on(Event::InitDone(Scope::Everywhere));
    assert_eq!(held(&store), ["hq/two 2 6"]);
}

#[test]
fn a_list_that_begins_again_counts_from_its_beginning() {
    let mut store = listed();
    store.on(Event::Init(Scope::Everywhere));
    store.on(Event::InitApply(one(5)));
    store.on(Event::Init(Scope::Everywhere));
    store.on(Event::InitDone(Scope::Everywhere));
    assert_eq!(held(&store), [""; 0]);
}

#[test]
fn a_list_of_one_namespace_says_nothing_of_another() {
    let scopes = Scope::of(&["hq".into(), "lab".into()]);
    let mut store: Store<Value, Value> = Store::new(&scopes);
    list(&mut store, &scopes[0], [one(5)]);
    list(&mut store, &scopes[1], [object("lab", "one", 2, 6)]);
    list(&mut store, &scopes[0], []);
    assert_eq!(held(&store), ["lab/one 2 6"]);
    assert!(
        store.get(&ObjectKey::new("lab", "one")).is_some()
            && store.get(&ObjectKey::new("hq", "one")).is_none()
    );
}

#[test]
fn only_a_newer_state_is_news() {
    let mut store = listed();
    let rows = [(4, false), (5, false), (6, true), (6, false), (5, false)];
    for (version, news) in rows {
        assert_eq!(store.on(Event::Apply(one(version))), news, "{version}");
    }
    assert_eq!(held(&store), ["hq/one 1 6"]);
    list(&mut store, &Scope::Everywhere, [one(3)]);
    assert_eq!(held(&store), ["hq/one 1 6"], "a list may be older than an answer of ours");
}

#[test]
fn an_object_made_again_replaces_the_old_one_and_a_late_state_of_the_old_one_does_not_come_back() {
    let mut store = listed();
    assert!(store.on(Event::Apply(object("hq", "one", 2, 9))));
    assert!(!store.on(Event::Apply(one(7))));
    assert!(!store.on(Event::Answer(one(10))), "an answer never tells of another object");
    assert_eq!(held(&store), ["hq/one 2 9"]);
}

#[test]
fn a_deletion_removes_exactly_the_object_that_it_names() {
    let mut store = listed();
    assert!(!store.on(Event::Delete(object("hq", "one", 2, 9))), "another uid");
    assert!(!store.on(Event::Delete(object("lab", "one", 1, 9))), "another namespace");
    assert!(store.on(Event::Delete(one(9))));
    assert!(!store.on(Event::Delete(one(9))), "deleted twice");
    assert_eq!(held(&store), [""; 0]);
}

#[test]
fn an_answer_changes_a_known_object_and_brings_no_gone_one_back() {
    let mut store = listed();
    assert!(store.on(Event::Answer(one(6))));
    assert!(!store.on(Event::Apply(one(6))), "the echo of our own write");
    store.on(Event::Delete(one(8)));
    assert!(!store.on(Event::Answer(one(7))));
    assert_eq!(held(&store), [""; 0]);
}

#[test]
fn an_interruption_changes_nothing() {
    let mut store = listed();
    assert!(!store.on(Event::Interrupted("410".into())));
    assert_eq!((held(&store).len(), store.is_complete()), (1, true));
}
