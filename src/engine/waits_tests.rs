use super::*;
use vestibule_core::identity::Owner;

fn now() -> Timestamp {
    "2026-12-01T14:00:00Z".parse().unwrap()
}

fn inner() -> Inner {
    Inner::new(Owner(1))
}

/// Puts a slot in flight.
fn fly(inner: &mut Inner, slot: u64) {
    inner.queue.push(Slot(slot), Class::UserChange, None, now());
    while inner.queue.pop(now()).is_some_and(|(popped, _)| popped != Slot(slot)) {}
    assert!(inner.queue.is_in_flight(Slot(slot)));
}

fn land(inner: &mut Inner, slot: u64) {
    inner.queue.done(Slot(slot));
    inner.end_of_turn(Slot(slot), now());
}

#[test]
fn a_change_queues_those_that_wait_for_it_once_and_no_others() {
    let mut inner = inner();
    for (waiter, on) in [(1, 9), (2, 9), (3, 8)] {
        assert!(inner.waits.register(Slot(waiter), Slot(on), Class::RolloverAddition.into(), 0));
    }
    assert!(inner.note_change(Slot(9), now()));
    assert_eq!(inner.queue.len(Class::Retry), 2, "the rollover does not wait for them");
    assert_eq!((inner.waits.len(), inner.waits.by_obstacle.len()), (1, 1));
    inner.note_change(Slot(9), now());
    assert_eq!(inner.queue.len(Class::Retry), 2);
}

#[test]
fn what_changes_in_a_turn_is_looked_at_when_the_turn_is_over_and_only_if_it_changed() {
    let mut inner = inner();
    fly(&mut inner, 9);
    assert!(inner.waits.register(Slot(1), Slot(9), Class::Revocation.into(), 0));
    land(&mut inner, 9);
    assert_eq!(inner.waits.len(), 1, "nothing has changed");
    fly(&mut inner, 9);
    assert!(!inner.note_change(Slot(9), now()));
    assert!(!inner.queue.contains(Slot(1)));
    land(&mut inner, 9);
    assert_eq!(inner.queue.len(Class::UserChange), 1);
}

#[test]
fn a_change_between_the_look_and_the_registration_is_not_missed() {
    let mut inner = inner();
    let since = inner.waits.now();
    inner.note_change(Slot(9), now());
    assert!(!inner.waits.register(Slot(1), Slot(9), Class::UserChange.into(), since));
    assert!(
        inner.waits.register(Slot(1), Slot(8), Class::UserChange.into(), since),
        "another one has not changed"
    );
    let since = inner.waits.now();
    for other in 100..=100 + RECENT as u64 {
        inner.note_change(Slot(other), now());
    }
    assert!(
        !inner.waits.register(Slot(2), Slot(9), Class::UserChange.into(), since),
        "more than is remembered"
    );
}

#[test]
fn what_a_turn_has_reserved_is_waited_for_until_the_turn_is_over() {
    let mut inner = inner();
    fly(&mut inner, 1);
    fly(&mut inner, 2);
    assert!(inner.waits.reserve("7002", Slot(1), Class::UserChange.into()));
    assert!(inner.waits.reserve("7002", Slot(1), Class::UserChange.into()), "its own");
    assert!(!inner.waits.reserve("7002", Slot(2), Class::UserChange.into()));
    assert!(inner.waits.reserve("7003", Slot(2), Class::UserChange.into()));
    land(&mut inner, 1);
    // It is in flight itself, and queued again when it has landed.
    inner.block(Slot(2), Class::UserChange.into(), Blocked { not_after: None, outcome: None }, now());
    assert!(inner.queue.contains(Slot(2)) && !inner.queue.is_in_flight(Slot(2)));
    inner.end_of_turn(Slot(2), now());
    assert!(inner.waits.reserved.is_empty());
}

#[test]
fn an_end_that_is_known_is_a_time_in_the_queue() {
    let mut inner = inner();
    fly(&mut inner, 1);
    let until = "2026-12-01T16:00:00Z".parse().unwrap();
    inner.block(
        Slot(1),
        Class::RolloverAddition.into(),
        Blocked { not_after: Some(until), outcome: None },
        now(),
    );
    assert_eq!((inner.queue.next_at(), inner.queue.len(Class::Retry)), (Some(until), 1));
}

#[test]
fn there_is_a_bound_and_a_waiter_waits_for_one_object() {
    let mut waits = Waits::default();
    for slot in 0..MOST as u64 + 5 {
        waits.register(Slot(slot), Slot(u64::MAX), Class::Retry.into(), 0);
    }
    assert_eq!(waits.len(), MOST);
    waits.register(Slot(1), Slot(7), Class::Retry.into(), 0);
    assert_eq!((waits.len(), waits.by_obstacle.len()), (MOST, MOST));
    assert_eq!(waits.take(Slot(7), |_| true), [(Slot(1), Class::Retry.into())]);
}
