use std::time::Duration;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::engine::Reason;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

fn queue_of(entries: &[(u64, Class)]) -> Queue {
    let mut queue = Queue::new();
    for (slot, class) in entries {
        queue.push(Slot(*slot), *class, None, at(0));
    }
    queue
}

fn pop(queue: &mut Queue, now: Timestamp) -> Option<(Slot, Class)> {
    queue.pop(now).map(|(slot, work)| (slot, work.class))
}

fn pop_urgent(queue: &mut Queue, now: Timestamp) -> Option<(Slot, Class)> {
    queue.pop_urgent(now).map(|(slot, work)| (slot, work.class))
}

/// Pops and finishes all that is ready.
fn drain(queue: &mut Queue, now: Timestamp) -> Vec<u64> {
    std::iter::from_fn(|| {
        let (slot, _) = pop(queue, now)?;
        queue.done(slot);
        Some(slot.0)
    })
    .collect()
}

#[test]
fn classes_are_served_by_rank_and_first_come_first_served_within_one() {
    let mut backwards: Vec<(u64, Class)> = (0..6).zip(Class::ALL).collect();
    backwards.reverse();
    backwards.extend((6..12).zip(Class::ALL));
    let mut queue = queue_of(&backwards);
    assert_eq!(drain(&mut queue, at(0)), [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]);
    assert!(queue.is_empty());
}

#[test]
fn a_slot_that_is_pushed_again_is_one_entry_with_the_more_urgent_class_and_its_age() {
    let mut queue = queue_of(&[(1, Class::Drift), (2, Class::UserChange)]);
    queue.push(Slot(3), Class::UserChange, None, at(5));
    queue.push(Slot(1), Class::UserChange, None, at(10));
    queue.push(Slot(1), Class::Retry, None, at(11));
    assert_eq!(queue.len(Class::UserChange), 3);
    assert_eq!(drain(&mut queue, at(20)), [1, 2, 3]);
}

#[test]
fn the_earlier_of_two_times_holds() {
    let mut queue = Queue::new();
    queue.push(Slot(1), Class::RolloverAddition, Some(at(100)), at(0));
    queue.push(Slot(1), Class::Drift, Some(at(50)), at(0));
    assert_eq!(queue.next_at(), Some(at(50)));
    assert_eq!(pop(&mut queue, at(49)), None);
    assert_eq!(pop(&mut queue, at(50)), Some((Slot(1), Class::RolloverAddition)));
    queue.done(Slot(1));
    queue.push(Slot(2), Class::Retry, Some(at(500)), at(60));
    queue.push(Slot(2), Class::UserChange, None, at(61));
    assert_eq!(pop(&mut queue, at(61)), Some((Slot(2), Class::UserChange)));
    assert_eq!(queue.next_at(), None);
}

#[test]
fn waiting_for_midnight_makes_nobody_older() {
    let mut queue = Queue::new();
    queue.push(Slot(1), Class::RolloverAddition, Some(at(40_000)), at(0));
    queue.push(Slot(2), Class::RolloverRemoval, None, at(40_001));
    assert_eq!(drain(&mut queue, at(40_002)), [2, 1]);
}

#[test]
fn what_became_ready_stays_ready_when_the_clock_is_set_back() {
    let mut queue = queue_of(&[(1, Class::Drift)]);
    queue.push(Slot(2), Class::Drift, Some(at(10)), at(0));
    assert_eq!(pop(&mut queue, at(11)), Some((Slot(1), Class::Drift)));
    assert_eq!(pop(&mut queue, at(-3600)), Some((Slot(2), Class::Drift)));
}

#[test]
fn what_waits_waits_no_longer_when_the_clock_is_set_back() {
    let mut queue = Queue::new();
    queue.push(Slot(1), Class::Retry, None, at(0));
    queue.push(Slot(2), Class::Retry, Some(at(60)), at(0));
    queue.push(Slot(3), Class::Revocation, None, at(0));
    assert_eq!(pop(&mut queue, at(0)), Some((Slot(3), Class::Revocation)));
    queue.push(Slot(3), Class::Revocation, Some(at(90)), at(0));
    queue.set_back(SignedDuration::from_hours(6));
    let back = |seconds: i64| at(seconds - 6 * 3600);
    assert_eq!(queue.next_at(), Some(back(60)));
    assert_eq!(drain(&mut queue, back(59)), [1]);
    assert_eq!(drain(&mut queue, back(60)), [2]);
    queue.done(Slot(3));
    assert_eq!(queue.next_at(), Some(back(90)));
    assert_eq!(drain(&mut queue, back(90)), [3]);
    assert!(queue.is_empty());
}

#[test]
fn a_slot_in_flight_is_not_given_out_twice_but_queued_again_when_done() {
    let mut queue = queue_of(&[(1, Class::UserChange)]);
    pop(&mut queue, at(0));
    queue.push(Slot(1), Class::Drift, None, at(1));
    queue.push(Slot(1), Class::Revocation, None, at(2));
    assert_eq!((pop(&mut queue, at(3)), queue.in_flight(), queue.contains(Slot(1))), (None, 1, true));
    queue.done(Slot(1));
    assert_eq!(pop(&mut queue, at(3)), Some((Slot(1), Class::Revocation)));
    queue.done(Slot(1));
    assert!(queue.is_empty() && !queue.contains(Slot(1)));
}

#[test]
fn what_was_not_tried_gets_its_old_place() {
    let mut queue = queue_of(&[(1, Class::UserChange), (2, Class::UserChange)]);
    pop(&mut queue, at(0));
    queue.put_back(Slot(1));
    assert_eq!(drain(&mut queue, at(9)), [1, 2]);
}

#[test]
fn what_was_put_back_takes_over_what_was_pushed_meanwhile() {
    let mut queue = queue_of(&[(1, Class::Drift), (2, Class::UserChange)]);
    pop(&mut queue, at(0));
    pop(&mut queue, at(0));
    queue.push(Slot(1), Class::UserChange, Some(at(90)), at(1));
    queue.put_back(Slot(1));
    assert_eq!(pop(&mut queue, at(1)), Some((Slot(1), Class::UserChange)));
}

#[test]
fn the_reserved_places_take_only_revocations_and_user_changes() {
    let mut queue = queue_of(&[(1, Class::RolloverRemoval), (2, Class::UserChange), (3, Class::Revocation)]);
    assert_eq!(pop_urgent(&mut queue, at(0)), Some((Slot(3), Class::Revocation)));
    assert_eq!(pop_urgent(&mut queue, at(0)), Some((Slot(2), Class::UserChange)));
    assert_eq!(pop_urgent(&mut queue, at(0)), None);
    assert_eq!(queue.len(Class::RolloverRemoval), 1);
}

#[test]
fn a_failed_item_is_tried_again_later_and_later_until_it_succeeds() {
    let mut queue = queue_of(&[(1, Class::UserChange)]);
    let mut now = at(0);
    let mut waits = Vec::new();
    for _ in 0..3 {
        pop(&mut queue, now).unwrap();
        let next = queue.retry(Slot(1), Class::UserChange, now, ErrorClass::Transient, 1.0).unwrap();
        assert_eq!(pop(&mut queue, now), None);
        waits.push(next.duration_since(now).as_secs());
        now = next;
    }
    assert_eq!(waits, [2, 4, 8]);
    assert_eq!(queue.failing(Slot(1)), Some(Failing { since: at(0), failures: 3 }));
    assert_eq!(pop(&mut queue, now), Some((Slot(1), Class::Retry)));
    queue.done(Slot(1));
    assert_eq!(queue.failing(Slot(1)), None);
}

#[test]
fn a_revocation_counts_from_when_it_began_to_wait_whether_or_not_it_was_tried() {
    let mut queue = Queue::new();
    queue.push(Slot(1), Class::UserChange, None, at(0));
    assert_eq!(queue.oldest_revocation(), None);
    queue.push(Slot(2), Class::Revocation, None, at(5));
    queue.push(Slot(3), Class::Revocation, None, at(7));
    assert_eq!(queue.oldest_revocation(), Some(at(5)));
    assert_eq!(pop(&mut queue, at(9)), Some((Slot(2), Class::Revocation)));
    assert_eq!(queue.oldest_revocation(), Some(at(5)), "under way");
    queue.retry(Slot(2), Class::Revocation, at(30), ErrorClass::Transient, 0.5);
    assert_eq!(queue.oldest_revocation(), Some(at(5)), "and after it has failed");
    queue.done(Slot(2));
    assert_eq!(queue.oldest_revocation(), Some(at(7)));
}

#[test]
fn a_turn_without_an_outcome_keeps_priority_and_age_and_waits_a_little_longer_each_time() {
    let mut queue = queue_of(&[(1, Class::Revocation), (2, Class::UserChange)]);
    let mut now = at(0);
    for wait in [2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(pop(&mut queue, now), Some((Slot(1), Class::Revocation)));
        queue.defer(Slot(1), Class::Revocation, now, 1.0);
        assert_eq!((queue.pending_revocations(), queue.oldest_revocation()), (1, Some(at(0))));
        assert_eq!(queue.next_at(), Some(now + SignedDuration::from_secs(wait)));
        now += SignedDuration::from_secs(wait);
    }
    queue.push(Slot(1), Class::Drift, None, now);
    assert_eq!(pop(&mut queue, now), Some((Slot(1), Class::Revocation)), "news do not wait for it");
    queue.done(Slot(1));
    assert_eq!((queue.pending_revocations(), queue.oldest_revocation()), (0, None));
    pop(&mut queue, now);
    queue.defer(Slot(2), Class::UserChange, now, 0.0);
    assert_eq!(pop(&mut queue, now + SignedDuration::from_secs(1)), Some((Slot(2), Class::UserChange)));
    queue.done(Slot(2));
    queue.defer(Slot(2), Class::UserChange, now, 0.0);
    assert!(queue.contains(Slot(2)), "also if its turn is over but was not reported");
}

#[test]
fn the_reason_of_work_survives_failures_and_that_of_the_more_urgent_stays() {
    let mut queue = Queue::new();
    let first = Class::RolloverAddition.with_reason(Reason::User);
    queue.push(Slot(1), first, None, at(0));
    let mut now = at(0);
    for attempt in 0..3 {
        let (_, work) = queue.pop(now).unwrap();
        assert_eq!(work, first, "attempt {attempt}");
        match attempt {
            0 => queue.put_back(Slot(1)),
            1 => queue.defer(Slot(1), work, now, 0.5),
            _ => drop(queue.retry(Slot(1), work, now, ErrorClass::Transient, 0.5)),
        }
        now += SignedDuration::from_mins(1);
    }
    queue.push(Slot(1), Class::Drift.with_reason(Reason::Drift), None, now);
    assert_eq!(queue.pop(now), Some((Slot(1), Class::Retry.with_reason(Reason::User))));
    let deletion = Class::Revocation.with_reason(Reason::Deletion);
    queue.push(Slot(1), deletion, None, now);
    queue.put_back(Slot(1));
    assert_eq!(queue.pop(now), Some((Slot(1), deletion)));
}

#[test]
fn revocations_count_while_they_wait_are_under_way_or_have_failed() {
    let mut queue = queue_of(&[(1, Class::Revocation), (2, Class::RolloverRemoval), (3, Class::UserChange)]);
    assert_eq!(queue.pending_revocations(), 2);
    pop(&mut queue, at(0));
    assert_eq!(queue.pending_revocations(), 2, "under way");
    queue.retry(Slot(1), Class::Revocation, at(0), ErrorClass::Terminal, 0.5);
    assert_eq!(queue.pending_revocations(), 2, "failed");
    assert!(queue.is_revoking(Slot(1)) && !queue.is_revoking(Slot(3)));
}

#[test]
fn a_final_error_is_not_tried_again_unless_it_takes_away() {
    let mut queue = queue_of(&[(1, Class::UserChange), (2, Class::Revocation)]);
    pop(&mut queue, at(0));
    pop(&mut queue, at(0));
    assert_eq!(queue.retry(Slot(1), Class::UserChange, at(0), ErrorClass::Terminal, 0.5), None);
    assert!(!queue.contains(Slot(1)));
    let again = queue.retry(Slot(2), Class::Revocation, at(0), ErrorClass::Terminal, 0.5).unwrap();
    assert_eq!(queue.oldest_revocation(), Some(at(0)));
    assert_eq!(pop(&mut queue, again), Some((Slot(2), Class::Revocation)));
    assert_eq!(queue.oldest_revocation(), Some(at(0)));
    queue.done(Slot(2));
    assert_eq!(queue.oldest_revocation(), None);
}

#[test]
fn being_too_fast_is_not_the_fault_of_the_item() {
    let mut queue = queue_of(&[(1, Class::Drift)]);
    pop(&mut queue, at(0));
    let throttled = ErrorClass::Throttled(Some(Duration::from_secs(7)));
    assert_eq!(queue.retry(Slot(1), Class::Drift, at(0), throttled, 0.5), Some(at(7)));
    assert_eq!(queue.failing(Slot(1)).map(|failing| failing.failures), Some(0));
}

#[test]
fn a_change_by_the_user_does_not_wait_for_the_back_off_of_the_old_state() {
    let mut queue = queue_of(&[(1, Class::UserChange)]);
    pop(&mut queue, at(0));
    queue.push(Slot(1), Class::UserChange, None, at(1));
    queue.retry(Slot(1), Class::UserChange, at(2), ErrorClass::Transient, 1.0);
    assert_eq!(pop(&mut queue, at(2)), Some((Slot(1), Class::UserChange)));
}

#[test]
fn a_dropped_slot_is_forgotten_and_ends_with_its_flight() {
    let mut queue = queue_of(&[(1, Class::Drift), (2, Class::Drift)]);
    pop(&mut queue, at(0));
    queue.push(Slot(1), Class::Retry, None, at(0));
    queue.drop_slot(Slot(1));
    queue.drop_slot(Slot(2));
    assert_eq!((pop(&mut queue, at(9)), queue.in_flight()), (None, 1));
    queue.done(Slot(1));
    assert!(queue.is_empty());
}

#[test]
fn user_changes_without_end_leave_every_sixteenth_place_to_what_is_overdue() {
    let mut queue = queue_of(&[(1, Class::RolloverRemoval), (2, Class::RolloverRemoval), (3, Class::Drift)]);
    let mut served = Vec::new();
    for change in 100..148 {
        queue.push(Slot(change), Class::UserChange, None, at(1));
        let (slot, _) = pop(&mut queue, at(1)).unwrap();
        queue.done(slot);
        served.push(slot.0);
    }
    let unhurried: Vec<usize> = (0..served.len()).filter(|index| served[*index] < 100).collect();
    assert_eq!(unhurried, [15, 31], "the drift is not overdue yet");
    for change in 200..216 {
        queue.push(Slot(change), Class::UserChange, None, at(1801));
        let (slot, _) = pop(&mut queue, at(1801)).unwrap();
        served.push(slot.0);
    }
    assert_eq!(served.iter().position(|slot| *slot == 3), Some(48));
}

#[test]
fn ten_thousand_items_are_queued_in_a_blink() {
    let started = std::time::Instant::now();
    let mut queue = Queue::new();
    for slot in 0..10_000_u64 {
        queue.push(Slot(slot.wrapping_mul(0x9e37_79b9_7f4a_7c15)), Class::RolloverAddition, None, at(0));
    }
    let pushed = started.elapsed();
    assert_eq!(drain(&mut queue, at(1)).len(), 10_000);
    println!("pushed in {pushed:?}, popped and done in {:?}", started.elapsed().saturating_sub(pushed));
    // A few milliseconds in a release build; a shared, unoptimised one gets a hundred times that.
    assert!(pushed < Duration::from_millis(500), "{pushed:?}");
}

#[derive(Clone, Debug)]
enum Event {
    Push(u64, Class, Option<i64>),
    Wait(i64),
    Pop,
    PopUrgent,
    Done(prop::sample::Index),
    PutBack(prop::sample::Index),
    Fail(prop::sample::Index, ErrorClass),
}

fn classes() -> impl Strategy<Value = Class> {
    prop::sample::select(Class::ALL.to_vec())
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let errors = prop::sample::select(vec![
        ErrorClass::Transient,
        ErrorClass::Dependency,
        ErrorClass::Throttled(None),
    ]);
    let event = prop_oneof![
        5 => (0u64..12, classes(), prop::option::of(0i64..900)).prop_map(|(slot, class, at)| Event::Push(slot, class, at)),
        2 => (0i64..400).prop_map(Event::Wait),
        4 => Just(Event::Pop),
        1 => Just(Event::PopUrgent),
        3 => any::<prop::sample::Index>().prop_map(Event::Done),
        1 => any::<prop::sample::Index>().prop_map(Event::PutBack),
        1 => (any::<prop::sample::Index>(), errors).prop_map(|(index, error)| Event::Fail(index, error)),
    ];
    prop::collection::vec(event, 1..200)
}

/// Mostly user changes, more of them than are served.
fn arrivals() -> impl Strategy<Value = Class> {
    prop_oneof![4 => Just(Class::UserChange), 1 => prop::sample::select(Class::ALL[2..].to_vec())]
}

/// What the queue must know: per slot the most urgent class and the earliest time of all that is not yet served.
#[derive(Default)]
struct Model {
    waiting: BTreeMap<u64, (Class, i64)>,
    flying: BTreeMap<u64, (Class, Option<(Class, i64)>)>,
}

impl Model {
    fn push(&mut self, slot: u64, class: Class, time: i64) {
        let merge = |old: (Class, i64)| (old.0.min(class), old.1.min(time));
        if let Some((_, again)) = self.flying.get_mut(&slot) {
            *again = Some(again.map_or((class, time), merge));
        } else {
            let entry = self.waiting.get(&slot).copied().map_or((class, time), merge);
            self.waiting.insert(slot, entry);
        }
    }

    fn land(&mut self, slot: u64) -> Class {
        let (class, again) = self.flying.remove(&slot).unwrap();
        if let Some((class, time)) = again {
            self.push(slot, class, time);
        }
        class
    }

    fn ready(&self, now: i64) -> impl Iterator<Item = Class> {
        self.waiting.values().filter(move |(_, time)| *time <= now).map(|(class, _)| *class)
    }

    /// Checks a pop: the right class, a slot that is ready in it, and none if none is.
    fn popped(&mut self, got: Option<(Slot, Class)>, urgent: bool, now: i64) -> Result<(), TestCaseError> {
        let best = self.ready(now).min().filter(|class| !urgent || class.urgent());
        let Some((slot, class)) = got else {
            prop_assert_eq!(best, None, "something was ready");
            return Ok(());
        };
        prop_assert!(!self.flying.contains_key(&slot.0), "two in flight of one slot");
        let entry = self.waiting.remove(&slot.0);
        prop_assert!(entry.is_some_and(|(its, time)| its == class && time <= now), "{entry:?} as {class:?}");
        prop_assert!(
            best != Some(Class::Revocation) || class == Class::Revocation,
            "a revocation was overtaken"
        );
        prop_assert!(!urgent || class.urgent());
        self.flying.insert(slot.0, (class, None));
        Ok(())
    }

    fn agrees(&self, queue: &Queue) -> Result<(), TestCaseError> {
        for class in Class::ALL {
            let expected = self.waiting.values().filter(|(its, _)| *its == class).count();
            prop_assert_eq!(queue.len(class), expected);
        }
        prop_assert_eq!(queue.in_flight(), self.flying.len());
        for slot in 0..12 {
            let known = self.waiting.contains_key(&slot) || self.flying.contains_key(&slot);
            prop_assert_eq!(queue.contains(Slot(slot)), known);
        }
        Ok(())
    }
}

fn play(queue: &mut Queue, model: &mut Model, event: &Event, now: &mut i64) -> Result<(), TestCaseError> {
    let flying = |model: &Model, index: &prop::sample::Index| {
        let slots: Vec<u64> = model.flying.keys().copied().collect();
        (!slots.is_empty()).then(|| *index.get(&slots))
    };
    match event {
        Event::Push(slot, class, delay) => {
            let time = *now + delay.unwrap_or(0);
            queue.push(Slot(*slot), *class, delay.map(|_| at(time)), at(*now));
            model.push(*slot, *class, time);
        }
        Event::Wait(step) => *now += step,
        Event::Pop => model.popped(pop(queue, at(*now)), false, *now)?,
        Event::PopUrgent => model.popped(pop_urgent(queue, at(*now)), true, *now)?,
        Event::Done(index) => {
            if let Some(slot) = flying(model, index) {
                queue.done(Slot(slot));
                model.land(slot);
            }
        }
        Event::PutBack(index) => {
            if let Some(slot) = flying(model, index) {
                queue.put_back(Slot(slot));
                let class = model.land(slot);
                model.push(slot, class, *now);
            }
        }
        Event::Fail(index, error) => {
            if let Some(slot) = flying(model, index) {
                let class = model.land(slot);
                let again = queue.retry(Slot(slot), class, at(*now), *error, 0.0).unwrap();
                model.push(slot, class.retried(), again.as_second() - 1_790_000_000);
            }
        }
    }
    model.agrees(queue)
}

proptest! {
    #[test]
    fn it_agrees_with_a_naive_model_and_loses_nothing(events in events()) {
        let (mut queue, mut model, mut now) = (Queue::new(), Model::default(), 0);
        for event in &events {
            play(&mut queue, &mut model, event, &mut now)?;
        }
        for slot in model.flying.keys().copied().collect::<Vec<_>>() {
            queue.done(Slot(slot));
            model.land(slot);
        }
        while let Some(next) = queue.next_at() {
            now = now.max(next.as_second() - 1_790_000_000);
            let before: usize = Class::ALL.iter().map(|class| queue.len(*class)).sum();
            prop_assert!(!drain(&mut queue, at(now)).is_empty() && before > 0);
        }
        drain(&mut queue, at(now));
        prop_assert!(queue.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn nothing_starves_whatever_keeps_coming(
        victim in prop::sample::select(vec![Class::RolloverRemoval, Class::RolloverAddition, Class::Retry, Class::Drift]),
        arriving in prop::collection::vec(arrivals(), 4000),
    ) {
        let mut queue = queue_of(&[(0, victim)]);
        let (mut slot, mut now) = (1, at(0));
        // Two arrive each second and one is served: everything but the victim piles up.
        for pair in arriving.chunks(2) {
            for class in pair {
                queue.push(Slot(slot), *class, None, now);
                slot += 1;
            }
            let (served, _) = pop(&mut queue, now).unwrap();
            queue.done(served);
            if served == Slot(0) {
                break;
            }
            now = now.checked_add(SignedDuration::from_secs(30)).unwrap();
        }
        // Its patience of at most 60 passes, then those of the other classes that were due before it, a 16th at a time.
        let due = after(at(0), victim.patience());
        let older = u32::try_from(due.duration_since(at(0)).as_secs() / 30 * 2 + 1).unwrap();
        let bound = after(due, Duration::from_secs(30).saturating_mul(16 * older));
        prop_assert!(!queue.contains(Slot(0)) && now <= bound, "{victim:?} was served at {now}");
    }
}

#[test]
fn failures_are_remembered_over_a_pause_and_forgotten_when_forgiven() {
    let mut queue = queue_of(&[(1, Class::Revocation)]);
    pop(&mut queue, at(0));
    queue.retry(Slot(1), Class::Revocation, at(0), ErrorClass::Transient, 0.5);
    pop(&mut queue, at(10));
    queue.pause(Slot(1));
    assert_eq!(queue.failing(Slot(1)).map(|failing| failing.failures), Some(1));
    queue.forgive(Slot(1));
    assert_eq!(queue.failing(Slot(1)), None);
}

#[test]
fn what_waits_for_its_next_attempt_is_not_being_removed() {
    let mut queue = queue_of(&[(1, Class::RolloverRemoval), (2, Class::UserChange)]);
    assert!(queue.is_removing());
    assert_eq!(pop(&mut queue, at(0)), Some((Slot(2), Class::UserChange)));
    assert_eq!(pop(&mut queue, at(0)), Some((Slot(1), Class::RolloverRemoval)));
    assert!(queue.is_removing() && queue.is_in_flight(Slot(1)));
    queue.retry(Slot(1), Class::RolloverRemoval, at(0), ErrorClass::Transient, 0.5);
    assert!(!queue.is_removing() && !queue.is_in_flight(Slot(1)));
}
