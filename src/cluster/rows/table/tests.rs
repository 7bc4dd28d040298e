//! The table, event by event.

mod model;

use vestibule_core::identity::ObjectId;
use vestibule_core::model::ObjectKey;

use super::super::Life;
use super::{Table, Todo};
use crate::cluster::FINALIZER;
use crate::cluster::object::{DecodedObject, Meta, Uid};
use crate::cluster::watch::{Event, Scope};

type Object = DecodedObject<&'static str, ()>;
type Rows = Table<u32>;

fn uid(number: u128) -> Uid {
    let hex = format!("{number:032x}");
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    parts.join("-").parse().unwrap()
}

/// The object `default/name` with this uid at this resourceVersion.
fn object(name: &str, of: u128, version: u64) -> Object {
    let meta = Meta {
        key: ObjectKey::new("default", name),
        uid: uid(of),
        resource_version: version,
        generation: 1,
        deleting: false,
        deleted_at: None,
        finalizers: Vec::new(),
        annotations: [].into(),
        created: None,
    };
    DecodedObject { meta, spec: Ok("spec"), status: None }
}

fn with(mut object: Object, change: impl FnOnce(&mut Meta)) -> Object {
    change(&mut object.meta);
    object
}

fn ours(object: Object) -> Object {
    with(object, |meta| meta.finalizers.push(FINALIZER.to_owned()))
}

fn object_id(name: &str) -> ObjectId {
    ObjectId::of_visitor(&ObjectKey::new("default", name))
}

fn rows() -> Rows {
    Table::new(ObjectId::of_visitor, &[Scope::Everywhere])
}

/// The work that follows from some events, in words: `seen a 1@10`, `gone a 1`, `vanished a`, `list done`.
fn todos(rows: &mut Rows, events: impl IntoIterator<Item = Event<Object>>) -> Vec<String> {
    let mut said = Vec::new();
    for event in events {
        let work = rows.on(event);
        said.extend(work.iter().map(|todo| words(rows, todo)));
    }
    said
}

fn words(rows: &Rows, todo: &Todo<Object, u32>) -> String {
    let number = |uid: Uid| uid.to_string().trim_start_matches(['0', '-']).to_owned();
    let state = |word: &str, object: &Object| {
        let Meta { key, uid, resource_version, .. } = &object.meta;
        format!("{word} {} {}@{resource_version}", key.name, number(*uid))
    };
    match todo {
        Todo::Reconcile(_, object) => state("seen", object),
        Todo::Newer(_, object) => state("newer", object),
        Todo::Gone(_, stone) => format!("gone {} {}", stone.key.name, number(stone.uid)),
        Todo::Vanished(object_id) => format!("vanished {}", rows.key(*object_id).unwrap().name),
        Todo::ListDone => "list done".to_owned(),
    }
}

fn list(objects: impl IntoIterator<Item = Object>) -> Vec<Event<Object>> {
    let init = [Event::Init(Scope::Everywhere)].into_iter();
    let items = objects.into_iter().map(Event::InitApply);
    init.chain(items).chain([Event::InitDone(Scope::Everywhere)]).collect()
}

fn listed(objects: impl IntoIterator<Item = Object>) -> Rows {
    let mut rows = rows();
    todos(&mut rows, list(objects));
    rows
}

fn life(rows: &Rows, name: &str) -> Option<Life> {
    rows.row(object_id(name)).map(super::Row::life)
}

#[test]
fn the_first_list_reports_every_object_and_its_end() {
    let mut rows = rows();
    assert!(!rows.is_complete());
    let said = todos(&mut rows, list([object("a", 1, 10), object("b", 2, 11)]));
    assert_eq!(said, ["seen a 1@10", "seen b 2@11", "list done"]);
    assert!(rows.is_complete());
    assert_eq!((rows.len(), rows.iter().count()), (2, 2));
    assert_eq!(rows.key(object_id("a")), Some(ObjectKey::new("default", "a")));
}

#[test]
fn a_second_list_reports_only_changed_objects() {
    let mut rows = listed([object("a", 1, 10), object("b", 2, 11)]);
    let edited = with(object("b", 2, 20), |meta| meta.generation = 2);
    assert_eq!(todos(&mut rows, list([object("a", 1, 10), edited])), ["seen b 2@20", "list done"]);
}

#[test]
fn a_list_that_begins_again_without_an_end_loses_no_object() {
    let mut rows = listed([object("a", 1, 10), object("b", 2, 11)]);
    let init = || Event::Init(Scope::Everywhere);
    let cut = [init(), Event::InitApply(object("a", 1, 10)), init()];
    assert_eq!(todos(&mut rows, cut), [""; 0]);
    assert_eq!(todos(&mut rows, list([object("a", 1, 10), object("b", 2, 11)])), ["list done"]);
    let many = (0..600).map(|_| init());
    assert_eq!(todos(&mut rows, many), [""; 0]);
    let rest = [Event::InitApply(object("b", 2, 11)), Event::InitDone(Scope::Everywhere)];
    assert_eq!(todos(&mut rows, rest), ["vanished a", "list done"]);
}

#[test]
fn an_object_missing_from_a_list_after_410_is_only_suspected_to_be_gone() {
    let mut rows = listed([object("a", 1, 10), object("b", 2, 11)]);
    assert_eq!(todos(&mut rows, list([object("a", 1, 10)])), ["vanished b", "list done"]);
    assert_eq!(life(&rows, "b"), Some(Life::Missing));
    assert_eq!(todos(&mut rows, list([object("a", 1, 10)])), ["vanished b", "list done"]);
}

#[test]
fn an_empty_list_removes_no_object() {
    let mut rows = listed([object("a", 1, 10), object("b", 2, 11)]);
    let mut said = todos(&mut rows, list([]));
    said.sort();
    assert_eq!(said, ["list done", "vanished a", "vanished b"]);
    assert!(!rows.forget(object_id("a"), uid(1)));
    assert_eq!(rows.len(), 2);
}

#[test]
fn a_live_get_decides_whether_a_missing_object_is_gone() {
    let mut rows = listed([object("a", 1, 10), object("b", 2, 11), object("c", 3, 12)]);
    todos(&mut rows, list([]));
    assert_eq!(todos(&mut rows, [Event::Answer(object("a", 1, 10))]), ["seen a 1@10"]);
    assert_eq!(life(&rows, "a"), Some(Life::Living));
    let gone = rows.not_found::<Object>(object_id("b"), uid(2)).unwrap();
    assert_eq!(words(&rows, &gone), "gone b 2");
    assert_eq!(rows.not_found::<Object>(object_id("b"), uid(2)), None);
    assert_eq!(todos(&mut rows, [Event::Answer(object("c", 9, 40))]), ["gone c 3"]);
    assert_eq!(todos(&mut rows, [Event::Apply(object("c", 9, 40))]), ["seen c 9@40"]);
    assert_eq!(rows.not_found::<Object>(object_id("c"), uid(3)), None);
}

#[test]
fn a_missing_object_that_a_later_list_holds_was_never_gone() {
    let mut rows = listed([object("a", 1, 10)]);
    todos(&mut rows, list([]));
    assert_eq!(todos(&mut rows, list([object("a", 1, 10)])), ["seen a 1@10", "list done"]);
    assert_eq!(life(&rows, "a"), Some(Life::Living));
}

#[test]
fn a_list_from_a_stale_cache_neither_sets_back_nor_loses_a_row() {
    let mut rows = listed([object("a", 1, 30)]);
    assert_eq!(todos(&mut rows, list([object("a", 1, 10)])), ["list done"]);
    assert_eq!(rows.row(object_id("a")).unwrap().resource_version(), 30);
    assert_eq!(todos(&mut rows, [Event::Delete(object("a", 1, 31))]), ["gone a 1"]);
    assert_eq!(todos(&mut rows, list([object("a", 1, 30)])), ["list done"]);
    assert_eq!(life(&rows, "a"), Some(Life::Gone));
}

#[test]
fn stale_events_are_dropped() {
    let mut rows = listed([object("a", 1, 10)]);
    let older = with(object("a", 1, 9), |meta| meta.generation = 0);
    let echo = with(object("a", 1, 10), |meta| meta.generation = 7);
    assert_eq!(todos(&mut rows, [Event::Apply(older), Event::Apply(echo)]), [""; 0]);
    assert_eq!(rows.row(object_id("a")).unwrap().generation(), 1);
}

#[test]
fn writes_of_others_are_no_news_but_their_version_is_kept() {
    let mut rows = listed([object("a", 1, 10)]);
    let labelled = with(object("a", 1, 12), |meta| meta.finalizers.push("example.com/other".to_owned()));
    assert_eq!(todos(&mut rows, [Event::Apply(labelled.clone())]), ["newer a 1@12"]);
    assert_eq!(todos(&mut rows, [Event::Apply(labelled)]), [""; 0]);
    assert_eq!(rows.row(object_id("a")).unwrap().resource_version(), 12);
}

#[test]
fn an_edit_a_mark_of_deletion_and_an_annotation_of_ours_are_news() {
    let mut rows = listed([object("a", 1, 10)]);
    let edited = |version| with(object("a", 1, version), |meta| meta.generation = 2);
    let asked = |version| {
        with(edited(version), |meta| {
            meta.annotations.insert("access.vestibule.dev/abandon".to_owned(), "true".to_owned());
        })
    };
    let marked = with(asked(13), |meta| (meta.deleting, meta.generation) = (true, 3));
    let events = [edited(11), asked(12), marked].map(Event::Apply);
    assert_eq!(todos(&mut rows, events), ["seen a 1@11", "seen a 1@12", "seen a 1@13"]);
    assert!(rows.row(object_id("a")).unwrap().is_deleting());
}

#[test]
fn the_answer_to_our_own_write_makes_its_late_event_an_echo() {
    let mut rows = listed([object("a", 1, 10)]);
    assert_eq!(todos(&mut rows, [Event::Answer(ours(object("a", 1, 12)))]), ["newer a 1@12"]);
    assert!(rows.row(object_id("a")).unwrap().is_ours());
    let late = [object("a", 1, 11), ours(object("a", 1, 12))].map(Event::Apply);
    assert_eq!(todos(&mut rows, late), [""; 0]);
    assert!(rows.row(object_id("a")).unwrap().is_ours());
}

#[test]
fn an_edit_that_first_shows_in_the_answer_to_our_own_write_is_news_there() {
    let mut rows = listed([object("a", 1, 10)]);
    let answer = ours(with(object("a", 1, 12), |meta| meta.generation = 2));
    assert_eq!(todos(&mut rows, [Event::Answer(answer.clone())]), ["seen a 1@12"]);
    assert_eq!(todos(&mut rows, [Event::Apply(answer)]), [""; 0]);
}

#[test]
fn a_stripped_finalizer_is_news_unless_the_object_is_going_anyway() {
    let mut rows = listed([ours(object("a", 1, 10)), ours(object("b", 2, 11))]);
    assert_eq!(todos(&mut rows, [Event::Apply(object("a", 1, 20))]), ["seen a 1@20"]);
    let going = with(object("b", 2, 21), |meta| meta.deleting = true);
    let marked = ours(with(object("b", 2, 20), |meta| meta.deleting = true));
    assert_eq!(
        todos(&mut rows, [Event::Apply(marked), Event::Answer(going)]),
        ["seen b 2@20", "newer b 2@21"]
    );
    let Some(Todo::Gone(_, stone)) = rows.on(Event::Delete(object("a", 1, 22))).pop() else { panic!() };
    assert!(stone.was_ours);
}

#[test]
fn a_deletion_leaves_a_tombstone_until_it_is_forgotten() {
    let mut rows = listed([object("a", 1, 10)]);
    rows.row_mut(object_id("a")).unwrap().state = 7;
    let work = rows.on(Event::Delete(object("a", 1, 11)));
    let [Todo::Gone(at, stone)] = work.as_slice() else { panic!("{work:?}") };
    assert_eq!((*at, stone.state, stone.was_ours), (object_id("a"), 7, false));
    assert_eq!(life(&rows, "a"), Some(Life::Gone));
    assert_eq!(todos(&mut rows, [Event::Delete(object("a", 1, 11))]), [""; 0]);
    assert!(!rows.forget(object_id("a"), uid(9)));
    assert!(rows.forget(object_id("a"), uid(1)));
    assert!(rows.is_empty());
}

#[test]
fn a_living_row_is_never_forgotten() {
    let mut rows = listed([object("a", 1, 10)]);
    assert!(!rows.forget(object_id("a"), uid(1)));
    assert_eq!(life(&rows, "a"), Some(Life::Living));
}

#[test]
fn a_late_answer_to_an_own_write_brings_no_object_back() {
    let mut rows = listed([object("a", 1, 10)]);
    todos(&mut rows, [Event::Delete(object("a", 1, 13))]);
    assert_eq!(todos(&mut rows, [Event::Answer(ours(object("a", 1, 12)))]), [""; 0]);
    assert_eq!(life(&rows, "a"), Some(Life::Gone));
    rows.forget(object_id("a"), uid(1));
    assert_eq!(todos(&mut rows, [Event::Answer(ours(object("a", 1, 12)))]), [""; 0]);
    assert!(rows.is_empty());
}

#[test]
fn no_late_event_brings_back_an_object_that_a_live_get_proved_gone() {
    let mut rows = listed([object("a", 1, 10)]);
    assert!(rows.not_found::<Object>(object_id("a"), uid(1)).is_some());
    let edited = |version| with(object("a", 1, version), |meta| meta.generation = 2);
    let late = [Event::Answer(edited(11)), Event::Apply(edited(12)), Event::Delete(edited(13))];
    assert_eq!(todos(&mut rows, late), [""; 0]);
    assert_eq!(life(&rows, "a"), Some(Life::Gone));
}

#[test]
fn an_answer_to_an_own_write_does_not_count_as_listed() {
    let mut rows = listed([object("a", 1, 10)]);
    let answer = Event::Answer(ours(object("a", 1, 11)));
    let gap = [Event::Init(Scope::Everywhere), answer, Event::InitDone(Scope::Everywhere)];
    assert_eq!(todos(&mut rows, gap), ["newer a 1@11", "vanished a", "list done"]);
}

#[test]
fn another_uid_is_a_removal_and_a_new_object() {
    let mut rows = listed([object("a", 1, 10)]);
    rows.row_mut(object_id("a")).unwrap().state = 7;
    let work = rows.on(Event::Apply(object("a", 2, 20)));
    let [Todo::Gone(_, stone), Todo::Reconcile(..)] = work.as_slice() else { panic!("{work:?}") };
    assert_eq!((stone.uid, stone.state), (uid(1), 7));
    assert_eq!((rows.row(object_id("a")).unwrap().state, rows.len()), (0, 1));
    assert_eq!(todos(&mut rows, [Event::Apply(object("a", 1, 15))]), [""; 0]);
    assert_eq!(todos(&mut rows, [Event::Delete(object("a", 1, 19))]), [""; 0]);
    assert_eq!(life(&rows, "a"), Some(Life::Living));
}

#[test]
fn deleted_and_made_again_in_the_gap_of_a_relist_is_seen_by_the_uid() {
    let mut rows = listed([ours(object("a", 1, 10))]);
    let said = todos(&mut rows, list([object("a", 2, 20)]));
    assert_eq!(said, ["gone a 1", "seen a 2@20", "list done"]);
    assert!(!rows.row(object_id("a")).unwrap().is_ours());
}

#[test]
fn an_object_created_again_after_a_known_deletion_is_not_reported_gone_twice() {
    let mut rows = listed([object("a", 1, 10)]);
    todos(&mut rows, [Event::Delete(object("a", 1, 11))]);
    assert_eq!(todos(&mut rows, [Event::Apply(object("a", 2, 12))]), ["seen a 2@12"]);
    assert!(!rows.forget(object_id("a"), uid(1)));
}

#[test]
fn the_deletion_of_an_unseen_successor_means_that_the_known_object_is_gone() {
    let mut rows = listed([object("a", 1, 10)]);
    assert_eq!(todos(&mut rows, [Event::Delete(object("a", 2, 20))]), ["gone a 1"]);
    assert_eq!(todos(&mut rows, [Event::Delete(object("z", 3, 21))]), [""; 0]);
}

#[test]
fn an_object_whose_spec_cannot_be_read_has_a_row_like_any_other() {
    let mut rows = rows();
    let bad = DecodedObject { spec: Err("spec.visit cannot be read".to_owned()), ..object("a", 1, 10) };
    assert_eq!(todos(&mut rows, list([bad.clone()])), ["seen a 1@10", "list done"]);
    assert_eq!(todos(&mut rows, list([bad])), ["list done"]);
}

#[test]
fn the_list_of_one_namespace_says_nothing_about_another() {
    let scopes = Scope::of(&["default".to_owned(), "other".to_owned()]);
    let [here, there] = scopes.as_slice() else { panic!() };
    let mut rows = Table::new(ObjectId::of_visitor, &scopes);
    let foreign = with(object("b", 2, 11), |meta| meta.key.namespace = "other".to_owned());
    let first =
        [Event::Init(here.clone()), Event::InitApply(object("a", 1, 10)), Event::InitDone(here.clone())];
    assert_eq!(todos(&mut rows, first), ["seen a 1@10"]);
    let second = [Event::Init(there.clone()), Event::InitApply(foreign), Event::InitDone(there.clone())];
    assert_eq!(todos(&mut rows, second), ["seen b 2@11", "list done"]);
    let empty = [Event::Init(here.clone()), Event::InitDone(here.clone())];
    assert_eq!(todos(&mut rows, empty), ["vanished a", "list done"]);
}
