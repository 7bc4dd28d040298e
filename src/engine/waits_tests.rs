use super::*;
use vestibule_core::identity::Owner;

fn now() -> Timestamp {
    "2026-12-01T14:00:00Z".parse().unwrap()
}

fn inner() -> Inner {
    Inner::new(Owner(1))
}

/// Puts an object in flight.
fn fly(inner: &mut Inner, object_id: u64) {
    inner.queue.push(ObjectId(object_id), Priority::UserChange, None, now());
    while inner.queue.pop(now()).is_some_and(|(popped, _)| popped != ObjectId(object_id)) {}
    assert!(inner.queue.is_in_flight(ObjectId(object_id)));
}

fn land(inner: &mut Inner, object_id: u64) {
    inner.queue.done(ObjectId(object_id));
    inner.end_of_turn(ObjectId(object_id), now());
}

#[test]
fn a_change_queues_each_of_its_waiters_once_and_no_others() {
    let mut inner = inner();
    for (waiter, on) in [(1, 9), (2, 9), (3, 8)] {
        assert!(inner.waits.register(ObjectId(waiter), ObjectId(on), Priority::RolloverAddition.into(), 0));
    }
    assert!(inner.note_change(ObjectId(9), now()));
    assert_eq!(inner.queue.len(Priority::Retry), 2, "the rollover does not wait for them");
    assert_eq!((inner.waits.len(), inner.waits.by_obstacle.len()), (1, 1));
    inner.note_change(ObjectId(9), now());
    assert_eq!(inner.queue.len(Priority::Retry), 2);
}

#[test]
fn waiters_are_queued_at_the_end_of_a_turn_and_only_if_the_record_changed() {
    let mut inner = inner();
    fly(&mut inner, 9);
    assert!(inner.waits.register(ObjectId(1), ObjectId(9), Priority::Revocation.into(), 0));
    land(&mut inner, 9);
    assert_eq!(inner.waits.len(), 1, "nothing has changed");
    fly(&mut inner, 9);
    assert!(!inner.note_change(ObjectId(9), now()));
    assert!(!inner.queue.contains(ObjectId(1)));
    land(&mut inner, 9);
    assert_eq!(inner.queue.len(Priority::UserChange), 1);
}

#[test]
fn a_change_between_the_look_and_the_registration_is_not_missed() {
    let mut inner = inner();
    let since = inner.waits.now();
    inner.note_change(ObjectId(9), now());
    assert!(!inner.waits.register(ObjectId(1), ObjectId(9), Priority::UserChange.into(), since));
    assert!(
        inner.waits.register(ObjectId(1), ObjectId(8), Priority::UserChange.into(), since),
        "another one has not changed"
    );
    let since = inner.waits.now();
    for other in 100..=100 + RECENT as u64 {
        inner.note_change(ObjectId(other), now());
    }
    assert!(
        !inner.waits.register(ObjectId(2), ObjectId(9), Priority::UserChange.into(), since),
        "more than is remembered"
    );
}

#[test]
fn a_reservation_blocks_other_objects_until_its_turn_ends() {
    let mut inner = inner();
    fly(&mut inner, 1);
    fly(&mut inner, 2);
    assert!(inner.waits.reserve("7002", ObjectId(1), Priority::UserChange.into()));
    assert!(inner.waits.reserve("7002", ObjectId(1), Priority::UserChange.into()), "its own");
    assert!(!inner.waits.reserve("7002", ObjectId(2), Priority::UserChange.into()));
    assert!(inner.waits.reserve("7003", ObjectId(2), Priority::UserChange.into()));
    land(&mut inner, 1);
    // Object 2 is in flight itself, and is queued again when its turn ends.
    inner.block(ObjectId(2), Priority::UserChange.into(), Blocked { not_after: None, outcome: None }, now());
    assert!(inner.queue.contains(ObjectId(2)) && !inner.queue.is_in_flight(ObjectId(2)));
    inner.end_of_turn(ObjectId(2), now());
    assert!(inner.waits.reserved.is_empty());
}

#[test]
fn a_known_end_is_a_time_in_the_queue() {
    let mut inner = inner();
    fly(&mut inner, 1);
    let until = "2026-12-01T16:00:00Z".parse().unwrap();
    inner.block(
        ObjectId(1),
        Priority::RolloverAddition.into(),
        Blocked { not_after: Some(until), outcome: None },
        now(),
    );
    assert_eq!((inner.queue.next_at(), inner.queue.len(Priority::Retry)), (Some(until), 1));
}

#[test]
fn waiters_are_bounded_and_each_waits_for_one_object() {
    let mut waits = Waits::default();
    for object_id in 0..MOST as u64 + 5 {
        waits.register(ObjectId(object_id), ObjectId(u64::MAX), Priority::Retry.into(), 0);
    }
    assert_eq!(waits.len(), MOST);
    waits.register(ObjectId(1), ObjectId(7), Priority::Retry.into(), 0);
    assert_eq!((waits.len(), waits.by_obstacle.len()), (MOST, MOST));
    assert_eq!(waits.take(ObjectId(7), |_| true), [(ObjectId(1), Priority::Retry.into())]);
}
