use proptest::prelude::*;
use vestibule_core::identity::Kind;
use vestibule_core::model::{Facts, ObjectKey, ObservedRecord, OwnerMark};
use vestibule_core::schedule::Window;

use super::*;

const OURS: Owner = Owner(7);
const THEIRS: Owner = Owner(8);

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + minutes * 60).unwrap()
}

fn id(object_id: u64, content: u64) -> RecordId {
    RecordId::new(OURS, ObjectId(object_id), content)
}

/// Facts that differ only in their end.
fn facts(until: i64) -> Facts {
    Facts { window: Some(Window { from: at(0), until: at(until) }), ..Facts::default() }
}

fn record(id: RecordId, until: i64) -> ObservedRecord {
    ObservedRecord { external_id: id.to_string(), id: Some(id), mark: None, dead: false, facts: facts(until) }
}

fn foreign() -> ObservedRecord {
    ObservedRecord { external_id: "4711".into(), id: None, mark: None, dead: false, facts: facts(1) }
}

fn stands(snapshot: &mut Snapshot, id: RecordId, until: i64) {
    snapshot.stands(&id, facts(until).fingerprint(), Some(at(until)));
}

fn list(snapshot: &mut Snapshot, records: &[ObservedRecord]) -> Merged {
    let mut listing = snapshot.begin_listing();
    for record in records {
        listing.add(record);
    }
    snapshot.finish(listing).unwrap()
}

/// A snapshot with these records, taken from a listing.
fn holding(ids: &[RecordId]) -> Snapshot {
    let mut snapshot = Snapshot::new(OURS);
    let records: Vec<_> = ids.iter().map(|id| record(*id, 9)).collect();
    list(&mut snapshot, &records);
    snapshot
}

#[test]
fn a_first_listing_is_all_new_and_makes_the_snapshot_complete() {
    let mut snapshot = Snapshot::new(OURS);
    assert!(!snapshot.is_complete());
    let merged = list(&mut snapshot, &[record(id(2, 1), 9), record(id(1, 1), 9), foreign()]);
    assert_eq!(merged.appeared, [id(1, 1), id(2, 1)]);
    assert_eq!((merged.foreign, merged.suspicious, snapshot.is_complete()), (1, false, true));
    let existing = ExistingRecord { id: id(1, 1), fingerprint: facts(9).fingerprint(), until: Some(at(9)) };
    assert_eq!(snapshot.existing(ObjectId(1)), [existing]);
    assert_eq!(snapshot.existing(ObjectId(3)), []);
}

#[test]
fn the_same_listing_again_changes_nothing() {
    let mut snapshot = holding(&[id(1, 1), id(2, 1)]);
    let merged = list(&mut snapshot, &[record(id(1, 1), 9), record(id(2, 1), 9)]);
    assert_eq!(merged, Merged::default());
}

#[test]
fn a_foreign_change_is_reported_and_taken_over() {
    let mut snapshot = holding(&[id(1, 1)]);
    let merged = list(&mut snapshot, &[record(id(1, 1), 10)]);
    assert_eq!(merged.changed, [id(1, 1)]);
    assert_eq!(snapshot.existing(ObjectId(1))[0].until, Some(at(10)));
}

#[test]
fn a_missing_record_stays_until_a_second_witness_decides() {
    let mut snapshot = holding(&[id(1, 1), id(2, 1), id(3, 1)]);
    let merged = list(&mut snapshot, &[record(id(3, 1), 9)]);
    assert_eq!(merged.missing, [id(1, 1), id(2, 1)]);
    assert_eq!(snapshot.len(), 3);
    assert!(snapshot.is_missing(&id(1, 1)) && !snapshot.is_missing(&id(3, 1)));
    snapshot.removed(&id(1, 1));
    stands(&mut snapshot, id(2, 1), 9);
    assert!(!snapshot.contains(&id(1, 1)) && !snapshot.is_missing(&id(2, 1)));
    assert_eq!(
        list(&mut snapshot, &[record(id(3, 1), 9)]).missing,
        [id(2, 1)],
        "an update before the listing is no excuse"
    );
}

#[test]
fn a_record_that_is_listed_again_is_no_longer_missing() {
    let mut snapshot = holding(&[id(1, 1), id(2, 1)]);
    list(&mut snapshot, &[record(id(2, 1), 9)]);
    let merged = list(&mut snapshot, &[record(id(1, 1), 9), record(id(2, 1), 9)]);
    assert_eq!(merged, Merged::default());
    assert!(!snapshot.is_missing(&id(1, 1)));
}

#[test]
fn a_record_created_during_the_listing_is_not_missing() {
    let mut snapshot = holding(&[id(1, 1)]);
    let mut listing = snapshot.begin_listing();
    listing.add(&record(id(1, 1), 9));
    stands(&mut snapshot, id(2, 1), 9);
    assert_eq!(snapshot.finish(listing), Some(Merged::default()));
    assert_eq!(snapshot.len(), 2);
}

#[test]
fn a_record_removed_during_the_listing_does_not_come_back() {
    let mut snapshot = holding(&[id(1, 1), id(2, 1)]);
    let mut listing = snapshot.begin_listing();
    listing.add(&record(id(1, 1), 9));
    listing.add(&record(id(2, 1), 9));
    snapshot.removed(&id(1, 1));
    assert_eq!(snapshot.finish(listing), Some(Merged::default()));
    assert_eq!(snapshot.existing(ObjectId(1)), []);
    assert_eq!(list(&mut snapshot, &[record(id(1, 1), 9), record(id(2, 1), 9)]).appeared, [id(1, 1)]);
}

#[test]
fn a_record_removed_and_created_again_during_the_listing_stays() {
    let mut snapshot = holding(&[id(1, 1)]);
    let mut listing = snapshot.begin_listing();
    snapshot.removed(&id(1, 1));
    stands(&mut snapshot, id(1, 1), 20);
    listing.add(&record(id(1, 1), 9));
    assert_eq!(snapshot.finish(listing), Some(Merged::default()));
    assert_eq!(snapshot.existing(ObjectId(1))[0].until, Some(at(20)));
}

#[test]
fn our_change_during_the_listing_prevails_over_the_listing() {
    let mut snapshot = holding(&[id(1, 1)]);
    let mut listing = snapshot.begin_listing();
    stands(&mut snapshot, id(1, 1), 20);
    listing.add(&record(id(1, 1), 9));
    assert_eq!(snapshot.finish(listing), Some(Merged::default()));
    assert_eq!(snapshot.existing(ObjectId(1))[0].until, Some(at(20)));
}

#[test]
fn an_empty_listing_of_a_system_that_had_records_is_suspicious() {
    let mut snapshot = holding(&[id(1, 1)]);
    let merged = list(&mut snapshot, &[]);
    assert!(merged.suspicious);
    assert_eq!((merged.missing, snapshot.len()), (vec![id(1, 1)], 1));
    let mut snapshot = Snapshot::new(OURS);
    assert!(!list(&mut snapshot, &[]).suspicious, "there were no records");
    list(&mut snapshot, &[foreign()]);
    assert!(list(&mut snapshot, &[]).suspicious, "there were foreign records");
}

#[test]
fn a_listing_with_only_foreign_records_is_not_empty() {
    let mut snapshot = holding(&[id(1, 1)]);
    let merged = list(&mut snapshot, &[foreign()]);
    assert_eq!((merged.suspicious, merged.missing), (false, vec![id(1, 1)]));
}

#[test]
fn an_empty_listing_after_our_own_removals_is_not_suspicious() {
    let mut snapshot = holding(&[id(1, 1)]);
    snapshot.removed(&id(1, 1));
    assert!(!list(&mut snapshot, &[]).suspicious);
}

#[test]
fn a_dead_record_is_neither_kept_nor_a_witness() {
    let mut snapshot = holding(&[id(1, 1)]);
    let dead = ObservedRecord { dead: true, ..record(id(1, 1), 9) };
    let merged = list(&mut snapshot, &[dead, foreign()]);
    assert_eq!(merged.missing, [id(1, 1)]);
}

#[test]
fn a_record_on_two_pages_counts_once_as_the_later_page_shows_it() {
    let mut snapshot = Snapshot::new(OURS);
    let merged = list(&mut snapshot, &[record(id(1, 1), 9), record(id(2, 1), 9), record(id(1, 1), 10)]);
    assert_eq!(merged.appeared, [id(1, 1), id(2, 1)]);
    assert_eq!(snapshot.existing(ObjectId(1))[0].until, Some(at(10)));
}

#[test]
fn other_owners_are_named_by_their_marks_and_ids_without_a_mark_are_strangers() {
    let mark =
        OwnerMark { owner_id: "far/away".into(), kind: Kind::Visitor, object: ObjectKey::new("a", "b") };
    let mut records: Vec<_> = (8..30)
        .flat_map(|owner| [owner, owner])
        .map(|owner| record(RecordId { owner: Owner(owner), ..id(1, 1) }, 9))
        .collect();
    for marked in [1, 2] {
        records[marked].mark = Some(mark.clone());
    }
    let merged = list(&mut Snapshot::new(OURS), &records);
    assert_eq!((merged.foreign, merged.appeared.len()), (44, 0));
    assert_eq!(merged.others, ["far/away".to_owned()].into());
}

#[test]
fn altered_forms_of_our_ids_are_recognised_in_a_listing() {
    let whole = record(id(1, 1), 9);
    let text = id(2, 1).to_string();
    let cut =
        |length: usize| ObservedRecord { id: None, external_id: text[..length].to_owned(), ..whole.clone() };
    let mut listing = Snapshot::new(OURS).begin_listing();
    for person in [whole.clone(), cut(4), cut(10), cut(11), cut(32), foreign()] {
        listing.add(&person);
    }
    let found: Vec<String> = listing.take_misnamed().into_keys().collect();
    assert_eq!(found, [&text[..11], &text[..32]]);
}

#[test]
fn a_listing_is_void_once_another_one_has_begun() {
    let mut snapshot = holding(&[id(1, 1)]);
    let old = snapshot.begin_listing();
    let new = snapshot.begin_listing();
    assert_eq!(snapshot.finish(old), None);
    assert!(snapshot.finish(new).unwrap().suspicious);
}

#[test]
fn an_abandoned_listing_changes_nothing_and_keeps_no_memory() {
    let mut snapshot = holding(&[id(1, 1), id(2, 1)]);
    let mut listing = snapshot.begin_listing();
    listing.add(&record(id(5, 1), 9));
    drop(listing);
    snapshot.removed(&id(1, 1));
    assert!(snapshot.gone.is_empty());
    assert_eq!((snapshot.len(), snapshot.is_missing(&id(2, 1))), (1, false));
}

#[test]
fn several_records_of_one_object_are_kept_apart() {
    let mut snapshot = Snapshot::new(OURS);
    for content in 1..4 {
        stands(&mut snapshot, id(1, content), 9);
    }
    stands(&mut snapshot, id(1, 1).next(), 9);
    assert_eq!(
        (snapshot.len(), snapshot.existing(ObjectId(1)).len(), snapshot.object_ids().count()),
        (4, 4, 1)
    );
    for gone in [id(1, 1), id(1, 3), id(1, 1).next()] {
        snapshot.removed(&gone);
        snapshot.removed(&gone);
    }
    assert_eq!(
        snapshot.existing(ObjectId(1)).iter().map(|existing| existing.id).collect::<Vec<_>>(),
        [id(1, 2)]
    );
    assert!(snapshot.more.is_empty());
    snapshot.removed(&id(1, 2));
    assert!(snapshot.is_empty());
}

#[test]
fn records_of_other_owners_are_never_added() {
    let mut snapshot = holding(&[id(1, 1)]);
    let theirs = RecordId { owner: THEIRS, ..id(1, 1) };
    stands(&mut snapshot, theirs, 9);
    snapshot.removed(&theirs);
    assert_eq!((snapshot.len(), snapshot.contains(&theirs)), (1, false));
}

#[test]
fn ids_and_ends_survive_their_packing() {
    let widest = RecordId { number: 1023, ..id((1 << 56) - 1, u64::MAX) };
    for until in [None, Some(at(0)), Some("2105-12-31T23:59:00Z".parse().unwrap())] {
        let mut snapshot = Snapshot::new(OURS);
        snapshot.stands(&widest, 5, until);
        assert_eq!(
            snapshot.existing(widest.object_id),
            [ExistingRecord { id: widest, fingerprint: 5, until }]
        );
    }
    let mut snapshot = Snapshot::new(OURS);
    snapshot.stands(&widest, 5, Some(Timestamp::MAX));
    assert!(snapshot.existing(widest.object_id)[0].until.unwrap() > "2106-01-01T00:00:00Z".parse().unwrap());
}

#[test]
fn a_record_takes_at_most_64_bytes() {
    assert_eq!(size_of::<(ObjectId, Entry)>(), 32);
    assert_eq!(size_of::<Found>(), 32);
    let mut snapshot = Snapshot::new(OURS);
    for object_id in 0..100_000 {
        snapshot.stands(&id(object_id, 1), object_id, Some(at(9)));
    }
    // The hash table has a power of two of buckets, at most seven eighths of them in use, and one control byte for each.
    let buckets = (snapshot.first.capacity() * 8).div_ceil(7).next_power_of_two();
    let bytes = buckets * (32 + 1) / 100_000;
    println!("{bytes} bytes a record at 100,000");
    assert!(bytes <= 64, "{bytes}");
}

#[test]
fn memory_comes_back_after_most_records_are_gone() {
    let ids: Vec<_> = (0..5000).map(|object_id| id(object_id, 1)).collect();
    let mut snapshot = holding(&ids);
    ids.iter().skip(10).for_each(|id| snapshot.removed(id));
    let left: Vec<_> = ids.iter().take(10).map(|id| record(*id, 9)).collect();
    list(&mut snapshot, &left);
    assert!(snapshot.first.capacity() < 100, "{}", snapshot.first.capacity());
}

#[derive(Clone, Debug)]
enum Event {
    Stands(RecordId, i64),
    Removed(RecordId),
    Begin,
    Page(Vec<(RecordId, i64)>),
    GiveUp,
    Finish,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let ids = || (0u64..4, 0u64..3).prop_map(|(object_id, content)| id(object_id, content));
    let event = prop_oneof![
        4 => (ids(), 0i64..3).prop_map(|(id, until)| Event::Stands(id, until)),
        3 => ids().prop_map(Event::Removed),
        2 => Just(Event::Begin),
        4 => prop::collection::vec((ids(), 0i64..3), 0..6).prop_map(Event::Page),
        1 => Just(Event::GiveUp),
        3 => Just(Event::Finish),
    ];
    prop::collection::vec(event, 1..60)
}

/// The same snapshot, made of plain sets.
#[derive(Default)]
struct Model {
    known: BTreeMap<RecordId, i64>,
    missing: BTreeSet<RecordId>,
    touched: BTreeSet<RecordId>,
    listed: BTreeMap<RecordId, i64>,
}

impl Model {
    fn finish(&mut self) -> Merged {
        let mut merged = Merged { suspicious: self.listed.is_empty(), ..Merged::default() };
        for (id, until) in std::mem::take(&mut self.listed) {
            if self.touched.contains(&id) {
                continue;
            }
            self.missing.remove(&id);
            match self.known.insert(id, until) {
                None => merged.appeared.push(id),
                Some(old) if old != until => merged.changed.push(id),
                Some(_) => {}
            }
            self.touched.insert(id);
        }
        merged.missing = self.known.keys().filter(|id| !self.touched.contains(id)).copied().collect();
        self.missing.extend(&merged.missing);
        merged.suspicious &= !merged.missing.is_empty();
        merged
    }

    fn agrees(&self, snapshot: &Snapshot) -> Result<(), TestCaseError> {
        let as_held = |(id, until): (&RecordId, &i64)| (*id, facts(*until).fingerprint(), Some(at(*until)));
        let mut existing: Vec<_> =
            snapshot.iter().map(|existing| (existing.id, existing.fingerprint, existing.until)).collect();
        existing.sort();
        prop_assert_eq!(existing, self.known.iter().map(as_held).collect::<Vec<_>>());
        prop_assert_eq!(snapshot.len(), self.known.len());
        for id in self.known.keys() {
            prop_assert_eq!(snapshot.is_missing(id), self.missing.contains(id));
            prop_assert!(snapshot.existing(id.object_id).iter().any(|existing| existing.id == *id));
        }
        Ok(())
    }
}

fn play(
    snapshot: &mut Snapshot,
    model: &mut Model,
    listing: &mut Option<Listing>,
    event: Event,
) -> Result<(), TestCaseError> {
    match event {
        Event::Stands(id, until) => {
            stands(snapshot, id, until);
            model.known.insert(id, until);
            model.missing.remove(&id);
            model.touched.insert(id);
        }
        Event::Removed(id) => {
            snapshot.removed(&id);
            model.known.remove(&id);
            model.missing.remove(&id);
            model.touched.insert(id);
        }
        Event::Begin => {
            *listing = Some(snapshot.begin_listing());
            model.touched.clear();
            model.listed.clear();
        }
        Event::Page(page) => {
            for (id, until) in page {
                if let Some(listing) = listing {
                    listing.add(&record(id, until));
                    model.listed.insert(id, until);
                }
            }
        }
        Event::GiveUp => *listing = None,
        Event::Finish => {
            if let Some(listing) = listing.take() {
                prop_assert_eq!(snapshot.finish(listing), Some(model.finish()));
            }
        }
    }
    model.agrees(snapshot)
}

proptest! {
    #[test]
    fn it_agrees_with_a_naive_model(events in events()) {
        let (mut snapshot, mut model, mut listing) = (Snapshot::new(OURS), Model::default(), None);
        for event in events {
            play(&mut snapshot, &mut model, &mut listing, event)?;
        }
    }
}
