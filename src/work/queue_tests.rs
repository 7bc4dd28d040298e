use std::time::Duration;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::work::Reason;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

fn queue_of(entries: &[(u64, Priority)]) -> Queue {
    let mut queue = Queue::new();
    for (object_id, priority) in entries {
        queue.push(ObjectId(*object_id), *priority, None, at(0));
    }
    queue
}

fn pop(queue: &mut Queue, now: Timestamp) -> Option<(ObjectId, Priority)> {
    queue.pop(now).map(|(object_id, work)| (object_id, work.priority))
}

fn pop_urgent(queue: &mut Queue, now: Timestamp) -> Option<(ObjectId, Priority)> {
    queue.pop_urgent(now).map(|(object_id, work)| (object_id, work.priority))
}

/// Pops and finishes all entries that are ready.
fn drain(queue: &mut Queue, now: Timestamp) -> Vec<u64> {
    std::iter::from_fn(|| {
        let (object_id, _) = pop(queue, now)?;
        queue.done(object_id);
        Some(object_id.0)
    })
    .collect()
}

#[test]
fn entries_are_served_by_priority_and_in_their_order_within_one() {
    let mut backwards: Vec<(u64, Priority)> = (0..6).zip(Priority::ALL).collect();
    backwards.reverse();
    backwards.extend((6..12).zip(Priority::ALL));
    let mut queue = queue_of(&backwards);
    assert_eq!(drain(&mut queue, at(0)), [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]);
    assert!(queue.is_empty());
}

#[test]
fn an_object_that_is_pushed_again_keeps_its_age_and_gets_the_more_urgent_priority() {
    let mut queue = queue_of(&[(1, Priority::Drift), (2, Priority::UserChange)]);
    queue.push(ObjectId(3), Priority::UserChange, None, at(5));
    queue.push(ObjectId(1), Priority::UserChange, None, at(10));
    queue.push(ObjectId(1), Priority::Retry, None, at(11));
    assert_eq!(queue.len(Priority::UserChange), 3);
    assert_eq!(drain(&mut queue, at(20)), [1, 2, 3]);
}

#[test]
fn the_earlier_of_two_times_counts() {
    let mut queue = Queue::new();
    queue.push(ObjectId(1), Priority::RolloverAddition, Some(at(100)), at(0));
    queue.push(ObjectId(1), Priority::Drift, Some(at(50)), at(0));
    assert_eq!(queue.next_at(), Some(at(50)));
    assert_eq!(pop(&mut queue, at(49)), None);
    assert_eq!(pop(&mut queue, at(50)), Some((ObjectId(1), Priority::RolloverAddition)));
    queue.done(ObjectId(1));
    queue.push(ObjectId(2), Priority::Retry, Some(at(500)), at(60));
    queue.push(ObjectId(2), Priority::UserChange, None, at(61));
    assert_eq!(pop(&mut queue, at(61)), Some((ObjectId(2), Priority::UserChange)));
    assert_eq!(queue.next_at(), None);
}

#[test]
fn the_delay_until_midnight_does_not_count_as_age() {
    let mut queue = Queue::new();
    queue.push(ObjectId(1), Priority::RolloverAddition, Some(at(40_000)), at(0));
    queue.push(ObjectId(2), Priority::RolloverRemoval, None, at(40_001));
    assert_eq!(drain(&mut queue, at(40_002)), [2, 1]);
}

#[test]
fn a_ready_entry_stays_ready_when_the_clock_is_set_back() {
    let mut queue = queue_of(&[(1, Priority::Drift)]);
    queue.push(ObjectId(2), Priority::Drift, Some(at(10)), at(0));
    assert_eq!(pop(&mut queue, at(11)), Some((ObjectId(1), Priority::Drift)));
    assert_eq!(pop(&mut queue, at(-3600)), Some((ObjectId(2), Priority::Drift)));
}

#[test]
fn no_entry_waits_longer_when_the_clock_is_set_back() {
    let mut queue = Queue::new();
    queue.push(ObjectId(1), Priority::Retry, None, at(0));
    queue.push(ObjectId(2), Priority::Retry, Some(at(60)), at(0));
    queue.push(ObjectId(3), Priority::Revocation, None, at(0));
    assert_eq!(pop(&mut queue, at(0)), Some((ObjectId(3), Priority::Revocation)));
    queue.push(ObjectId(3), Priority::Revocation, Some(at(90)), at(0));
    queue.set_back(SignedDuration::from_hours(6));
    let back = |seconds: i64| at(seconds - 6 * 3600);
    assert_eq!(queue.next_at(), Some(back(60)));
    assert_eq!(drain(&mut queue, back(59)), [1]);
    assert_eq!(drain(&mut queue, back(60)), [2]);
    queue.done(ObjectId(3));
    assert_eq!(queue.next_at(), Some(back(90)));
    assert_eq!(drain(&mut queue, back(90)), [3]);
    assert!(queue.is_empty());
}

#[test]
fn an_object_in_flight_is_not_popped_twice_but_queued_again_when_done() {
    let mut queue = queue_of(&[(1, Priority::UserChange)]);
    pop(&mut queue, at(0));
    queue.push(ObjectId(1), Priority::Drift, None, at(1));
    queue.push(ObjectId(1), Priority::Revocation, None, at(2));
    assert_eq!((pop(&mut queue, at(3)), queue.in_flight(), queue.contains(ObjectId(1))), (None, 1, true));
    queue.done(ObjectId(1));
    assert_eq!(pop(&mut queue, at(3)), Some((ObjectId(1), Priority::Revocation)));
    queue.done(ObjectId(1));
    assert!(queue.is_empty() && !queue.contains(ObjectId(1)));
}

#[test]
fn work_that_was_not_tried_returns_to_its_old_place() {
    let mut queue = queue_of(&[(1, Priority::UserChange), (2, Priority::UserChange)]);
    pop(&mut queue, at(0));
    queue.put_back(ObjectId(1));
    assert_eq!(drain(&mut queue, at(9)), [1, 2]);
}

#[test]
fn work_that_is_put_back_is_merged_with_what_was_pushed_meanwhile() {
    let mut queue = queue_of(&[(1, Priority::Drift), (2, Priority::UserChange)]);
    pop(&mut queue, at(0));
    pop(&mut queue, at(0));
    queue.push(ObjectId(1), Priority::UserChange, Some(at(90)), at(1));
    queue.put_back(ObjectId(1));
    assert_eq!(pop(&mut queue, at(1)), Some((ObjectId(1), Priority::UserChange)));
}

#[test]
fn the_reserved_places_take_only_revocations_and_user_changes() {
    let mut queue =
        queue_of(&[(1, Priority::RolloverRemoval), (2, Priority::UserChange), (3, Priority::Revocation)]);
    assert_eq!(pop_urgent(&mut queue, at(0)), Some((ObjectId(3), Priority::Revocation)));
    assert_eq!(pop_urgent(&mut queue, at(0)), Some((ObjectId(2), Priority::UserChange)));
    assert_eq!(pop_urgent(&mut queue, at(0)), None);
    assert_eq!(queue.len(Priority::RolloverRemoval), 1);
}

#[test]
fn failed_work_is_tried_again_with_growing_waits_until_it_succeeds() {
    let mut queue = queue_of(&[(1, Priority::UserChange)]);
    let mut now = at(0);
    let mut waits = Vec::new();
    for _ in 0..3 {
        pop(&mut queue, now).unwrap();
        let next = queue.retry(ObjectId(1), Priority::UserChange, now, ErrorKind::Transient, 1.0).unwrap();
        assert_eq!(pop(&mut queue, now), None);
        waits.push(next.duration_since(now).as_secs());
        now = next;
    }
    assert_eq!(waits, [2, 4, 8]);
    assert_eq!(queue.failing(ObjectId(1)), Some(Failing { since: at(0), failures: 3 }));
    assert_eq!(pop(&mut queue, now), Some((ObjectId(1), Priority::Retry)));
    queue.done(ObjectId(1));
    assert_eq!(queue.failing(ObjectId(1)), None);
}

#[test]
fn the_age_of_a_revocation_begins_when_it_is_queued() {
    let mut queue = Queue::new();
    queue.push(ObjectId(1), Priority::UserChange, None, at(0));
    assert_eq!(queue.oldest_revocation(), None);
    queue.push(ObjectId(2), Priority::Revocation, None, at(5));
    queue.push(ObjectId(3), Priority::Revocation, None, at(7));
    assert_eq!(queue.oldest_revocation(), Some(at(5)));
    assert_eq!(pop(&mut queue, at(9)), Some((ObjectId(2), Priority::Revocation)));
    assert_eq!(queue.oldest_revocation(), Some(at(5)), "in flight");
    queue.retry(ObjectId(2), Priority::Revocation, at(30), ErrorKind::Transient, 0.5);
    assert_eq!(queue.oldest_revocation(), Some(at(5)), "and after it has failed");
    queue.done(ObjectId(2));
    assert_eq!(queue.oldest_revocation(), Some(at(7)));
}

#[test]
fn a_turn_without_an_outcome_keeps_priority_and_age_and_waits_a_little_longer_each_time() {
    let mut queue = queue_of(&[(1, Priority::Revocation), (2, Priority::UserChange)]);
    let mut now = at(0);
    for wait in [2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(pop(&mut queue, now), Some((ObjectId(1), Priority::Revocation)));
        queue.defer(ObjectId(1), Priority::Revocation, now, 1.0);
        assert_eq!((queue.pending_revocations(), queue.oldest_revocation()), (1, Some(at(0))));
        assert_eq!(queue.next_at(), Some(now + SignedDuration::from_secs(wait)));
        now += SignedDuration::from_secs(wait);
    }
    queue.push(ObjectId(1), Priority::Drift, None, now);
    assert_eq!(pop(&mut queue, now), Some((ObjectId(1), Priority::Revocation)), "new work does not wait");
    queue.done(ObjectId(1));
    assert_eq!((queue.pending_revocations(), queue.oldest_revocation()), (0, None));
    pop(&mut queue, now);
    queue.defer(ObjectId(2), Priority::UserChange, now, 0.0);
    assert_eq!(
        pop(&mut queue, now + SignedDuration::from_secs(1)),
        Some((ObjectId(2), Priority::UserChange))
    );
    queue.done(ObjectId(2));
    queue.defer(ObjectId(2), Priority::UserChange, now, 0.0);
    assert!(queue.contains(ObjectId(2)), "also if its turn has ended without a report");
}

#[test]
fn the_reason_survives_failures_and_the_more_urgent_work_decides_it() {
    let mut queue = Queue::new();
    let first = Priority::RolloverAddition.with_reason(Reason::User);
    queue.push(ObjectId(1), first, None, at(0));
    let mut now = at(0);
    for attempt in 0..3 {
        let (_, work) = queue.pop(now).unwrap();
        assert_eq!(work, first, "attempt {attempt}");
        match attempt {
            0 => queue.put_back(ObjectId(1)),
            1 => queue.defer(ObjectId(1), work, now, 0.5),
            _ => drop(queue.retry(ObjectId(1), work, now, ErrorKind::Transient, 0.5)),
        }
        now += SignedDuration::from_mins(1);
    }
    queue.push(ObjectId(1), Priority::Drift.with_reason(Reason::Drift), None, now);
    assert_eq!(queue.pop(now), Some((ObjectId(1), Priority::Retry.with_reason(Reason::User))));
    let deletion = Priority::Revocation.with_reason(Reason::Deletion);
    queue.push(ObjectId(1), deletion, None, now);
    queue.put_back(ObjectId(1));
    assert_eq!(queue.pop(now), Some((ObjectId(1), deletion)));
}

#[test]
fn revocations_count_while_they_wait_are_in_flight_or_have_failed() {
    let mut queue =
        queue_of(&[(1, Priority::Revocation), (2, Priority::RolloverRemoval), (3, Priority::UserChange)]);
    assert_eq!(queue.pending_revocations(), 2);
    pop(&mut queue, at(0));
    assert_eq!(queue.pending_revocations(), 2, "in flight");
    queue.retry(ObjectId(1), Priority::Revocation, at(0), ErrorKind::Terminal, 0.5);
    assert_eq!(queue.pending_revocations(), 2, "failed");
    assert!(queue.is_revoking(ObjectId(1)) && !queue.is_revoking(ObjectId(3)));
}

#[test]
fn a_terminal_error_ends_work_unless_the_work_removes_access() {
    let mut queue = queue_of(&[(1, Priority::UserChange), (2, Priority::Revocation)]);
    pop(&mut queue, at(0));
    pop(&mut queue, at(0));
    assert_eq!(queue.retry(ObjectId(1), Priority::UserChange, at(0), ErrorKind::Terminal, 0.5), None);
    assert!(!queue.contains(ObjectId(1)));
    let again = queue.retry(ObjectId(2), Priority::Revocation, at(0), ErrorKind::Terminal, 0.5).unwrap();
    assert_eq!(queue.oldest_revocation(), Some(at(0)));
    assert_eq!(pop(&mut queue, again), Some((ObjectId(2), Priority::Revocation)));
    assert_eq!(queue.oldest_revocation(), Some(at(0)));
    queue.done(ObjectId(2));
    assert_eq!(queue.oldest_revocation(), None);
}

#[test]
fn a_throttled_call_does_not_count_as_a_failure_of_the_work() {
    let mut queue = queue_of(&[(1, Priority::Drift)]);
    pop(&mut queue, at(0));
    let throttled = ErrorKind::Throttled(Some(Duration::from_secs(7)));
    assert_eq!(queue.retry(ObjectId(1), Priority::Drift, at(0), throttled, 0.5), Some(at(7)));
    assert_eq!(queue.failing(ObjectId(1)).map(|failing| failing.failures), Some(0));
}

#[test]
fn a_user_change_does_not_wait_for_the_back_off_of_earlier_work() {
    let mut queue = queue_of(&[(1, Priority::UserChange)]);
    pop(&mut queue, at(0));
    queue.push(ObjectId(1), Priority::UserChange, None, at(1));
    queue.retry(ObjectId(1), Priority::UserChange, at(2), ErrorKind::Transient, 1.0);
    assert_eq!(pop(&mut queue, at(2)), Some((ObjectId(1), Priority::UserChange)));
}

#[test]
fn a_forgotten_object_is_removed_and_ends_with_its_flight() {
    let mut queue = queue_of(&[(1, Priority::Drift), (2, Priority::Drift)]);
    pop(&mut queue, at(0));
    queue.push(ObjectId(1), Priority::Retry, None, at(0));
    queue.forget(ObjectId(1));
    queue.forget(ObjectId(2));
    assert_eq!((pop(&mut queue, at(9)), queue.in_flight()), (None, 1));
    queue.done(ObjectId(1));
    assert!(queue.is_empty());
}

#[test]
fn endless_user_changes_leave_every_sixteenth_place_to_overdue_work() {
    let mut queue =
        queue_of(&[(1, Priority::RolloverRemoval), (2, Priority::RolloverRemoval), (3, Priority::Drift)]);
    let mut served = Vec::new();
    for change in 100..148 {
        queue.push(ObjectId(change), Priority::UserChange, None, at(1));
        let (object_id, _) = pop(&mut queue, at(1)).unwrap();
        queue.done(object_id);
        served.push(object_id.0);
    }
    let unhurried: Vec<usize> = (0..served.len()).filter(|index| served[*index] < 100).collect();
    assert_eq!(unhurried, [15, 31], "the drift is not overdue yet");
    for change in 200..216 {
        queue.push(ObjectId(change), Priority::UserChange, None, at(1801));
        let (object_id, _) = pop(&mut queue, at(1801)).unwrap();
        served.push(object_id.0);
    }
    assert_eq!(served.iter().position(|object_id| *object_id == 3), Some(48));
}

#[test]
fn ten_thousand_objects_are_queued_within_half_a_second() {
    let started = std::time::Instant::now();
    let mut queue = Queue::new();
    for object_id in 0..10_000_u64 {
        queue.push(
            ObjectId(object_id.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            Priority::RolloverAddition,
            None,
            at(0),
        );
    }
    let pushed = started.elapsed();
    assert_eq!(drain(&mut queue, at(1)).len(), 10_000);
    println!("pushed in {pushed:?}, popped and done in {:?}", started.elapsed().saturating_sub(pushed));
    // A release build takes a few milliseconds; an unoptimised build on a shared machine gets a hundred times that.
    assert!(pushed < Duration::from_millis(500), "{pushed:?}");
}

#[derive(Clone, Debug)]
enum Event {
    Push(u64, Priority, Option<i64>),
    Wait(i64),
    Pop,
    PopUrgent,
    Done(prop::sample::Index),
    PutBack(prop::sample::Index),
    Fail(prop::sample::Index, ErrorKind),
}

fn priorities() -> impl Strategy<Value = Priority> {
    prop::sample::select(Priority::ALL.to_vec())
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let errors =
        prop::sample::select(vec![ErrorKind::Transient, ErrorKind::Dependency, ErrorKind::Throttled(None)]);
    let event = prop_oneof![
        5 => (0u64..12, priorities(), prop::option::of(0i64..900)).prop_map(|(object_id, priority, at)| Event::Push(object_id, priority, at)),
        2 => (0i64..400).prop_map(Event::Wait),
        4 => Just(Event::Pop),
        1 => Just(Event::PopUrgent),
        3 => any::<prop::sample::Index>().prop_map(Event::Done),
        1 => any::<prop::sample::Index>().prop_map(Event::PutBack),
        1 => (any::<prop::sample::Index>(), errors).prop_map(|(index, error)| Event::Fail(index, error)),
    ];
    prop::collection::vec(event, 1..200)
}

/// Mostly user changes, more than are served.
fn arrivals() -> impl Strategy<Value = Priority> {
    prop_oneof![4 => Just(Priority::UserChange), 1 => prop::sample::select(Priority::ALL[2..].to_vec())]
}

/// A naive model of the queue: for each object the most urgent priority and the earliest time of all unserved work.
#[derive(Default)]
struct Model {
    waiting: BTreeMap<u64, (Priority, i64)>,
    flying: BTreeMap<u64, (Priority, Option<(Priority, i64)>)>,
}

impl Model {
    fn push(&mut self, object_id: u64, priority: Priority, time: i64) {
        let merge = |old: (Priority, i64)| (old.0.min(priority), old.1.min(time));
        if let Some((_, again)) = self.flying.get_mut(&object_id) {
            *again = Some(again.map_or((priority, time), merge));
        } else {
            let entry = self.waiting.get(&object_id).copied().map_or((priority, time), merge);
            self.waiting.insert(object_id, entry);
        }
    }

    fn land(&mut self, object_id: u64) -> Priority {
        let (priority, again) = self.flying.remove(&object_id).unwrap();
        if let Some((priority, time)) = again {
            self.push(object_id, priority, time);
        }
        priority
    }

    fn ready(&self, now: i64) -> impl Iterator<Item = Priority> {
        self.waiting.values().filter(move |(_, time)| *time <= now).map(|(priority, _)| *priority)
    }

    /// Checks a pop: the right priority, an object that is ready, and `None` only if none is ready.
    fn popped(
        &mut self,
        got: Option<(ObjectId, Priority)>,
        urgent: bool,
        now: i64,
    ) -> Result<(), TestCaseError> {
        let best = self.ready(now).min().filter(|priority| !urgent || priority.urgent());
        let Some((object_id, priority)) = got else {
            prop_assert_eq!(best, None, "something was ready");
            return Ok(());
        };
        prop_assert!(!self.flying.contains_key(&object_id.0), "one object is in flight twice");
        let entry = self.waiting.remove(&object_id.0);
        prop_assert!(
            entry.is_some_and(|(its, time)| its == priority && time <= now),
            "{entry:?} as {priority:?}"
        );
        prop_assert!(
            best != Some(Priority::Revocation) || priority == Priority::Revocation,
            "a revocation was overtaken"
        );
        prop_assert!(!urgent || priority.urgent());
        self.flying.insert(object_id.0, (priority, None));
        Ok(())
    }

    fn agrees(&self, queue: &Queue) -> Result<(), TestCaseError> {
        for priority in Priority::ALL {
            let expected = self.waiting.values().filter(|(its, _)| *its == priority).count();
            prop_assert_eq!(queue.len(priority), expected);
        }
        prop_assert_eq!(queue.in_flight(), self.flying.len());
        for object_id in 0..12 {
            let known = self.waiting.contains_key(&object_id) || self.flying.contains_key(&object_id);
            prop_assert_eq!(queue.contains(ObjectId(object_id)), known);
        }
        Ok(())
    }
}

fn play(queue: &mut Queue, model: &mut Model, event: &Event, now: &mut i64) -> Result<(), TestCaseError> {
    let flying = |model: &Model, index: &prop::sample::Index| {
        let object_ids: Vec<u64> = model.flying.keys().copied().collect();
        (!object_ids.is_empty()).then(|| *index.get(&object_ids))
    };
    match event {
        Event::Push(object_id, priority, delay) => {
            let time = *now + delay.unwrap_or(0);
            queue.push(ObjectId(*object_id), *priority, delay.map(|_| at(time)), at(*now));
            model.push(*object_id, *priority, time);
        }
        Event::Wait(step) => *now += step,
        Event::Pop => model.popped(pop(queue, at(*now)), false, *now)?,
        Event::PopUrgent => model.popped(pop_urgent(queue, at(*now)), true, *now)?,
        Event::Done(index) => {
            if let Some(object_id) = flying(model, index) {
                queue.done(ObjectId(object_id));
                model.land(object_id);
            }
        }
        Event::PutBack(index) => {
            if let Some(object_id) = flying(model, index) {
                queue.put_back(ObjectId(object_id));
                let priority = model.land(object_id);
                model.push(object_id, priority, *now);
            }
        }
        Event::Fail(index, error) => {
            if let Some(object_id) = flying(model, index) {
                let priority = model.land(object_id);
                let again = queue.retry(ObjectId(object_id), priority, at(*now), *error, 0.0).unwrap();
                model.push(object_id, priority.retried(), again.as_second() - 1_790_000_000);
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
        for object_id in model.flying.keys().copied().collect::<Vec<_>>() {
            queue.done(ObjectId(object_id));
            model.land(object_id);
        }
        while let Some(next) = queue.next_at() {
            now = now.max(next.as_second() - 1_790_000_000);
            let before: usize = Priority::ALL.iter().map(|priority| queue.len(*priority)).sum();
            prop_assert!(!drain(&mut queue, at(now)).is_empty() && before > 0);
        }
        drain(&mut queue, at(now));
        prop_assert!(queue.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_work_starves_whatever_is_pushed(
        victim in prop::sample::select(vec![Priority::RolloverRemoval, Priority::RolloverAddition, Priority::Retry, Priority::Drift]),
        arriving in prop::collection::vec(arrivals(), 4000),
    ) {
        let mut queue = queue_of(&[(0, victim)]);
        let (mut object_id, mut now) = (1, at(0));
        // Two entries arrive for each one that is served, so all other work piles up.
        for pair in arriving.chunks(2) {
            for priority in pair {
                queue.push(ObjectId(object_id), *priority, None, now);
                object_id += 1;
            }
            let (served, _) = pop(&mut queue, now).unwrap();
            queue.done(served);
            if served == ObjectId(0) {
                break;
            }
            now = now.checked_add(SignedDuration::from_secs(30)).unwrap();
        }
        // First its patience passes. Then the older work of other priorities is served, in every 16th place.
        let due = after(at(0), victim.patience());
        let older = u32::try_from(due.duration_since(at(0)).as_secs() / 30 * 2 + 1).unwrap();
        let bound = after(due, Duration::from_secs(30).saturating_mul(16 * older));
        prop_assert!(!queue.contains(ObjectId(0)) && now <= bound, "{victim:?} was served at {now}");
    }
}

#[test]
fn failures_are_remembered_over_a_pause_and_forgotten_when_forgiven() {
    let mut queue = queue_of(&[(1, Priority::Revocation)]);
    pop(&mut queue, at(0));
    queue.retry(ObjectId(1), Priority::Revocation, at(0), ErrorKind::Transient, 0.5);
    pop(&mut queue, at(10));
    queue.pause(ObjectId(1));
    assert_eq!(queue.failing(ObjectId(1)).map(|failing| failing.failures), Some(1));
    queue.forgive(ObjectId(1));
    assert_eq!(queue.failing(ObjectId(1)), None);
}

#[test]
fn a_removal_that_waits_for_its_next_attempt_does_not_count_as_removing() {
    let mut queue = queue_of(&[(1, Priority::RolloverRemoval), (2, Priority::UserChange)]);
    assert!(queue.is_removing());
    assert_eq!(pop(&mut queue, at(0)), Some((ObjectId(2), Priority::UserChange)));
    assert_eq!(pop(&mut queue, at(0)), Some((ObjectId(1), Priority::RolloverRemoval)));
    assert!(queue.is_removing() && queue.is_in_flight(ObjectId(1)));
    queue.retry(ObjectId(1), Priority::RolloverRemoval, at(0), ErrorKind::Transient, 0.5);
    assert!(!queue.is_removing() && !queue.is_in_flight(ObjectId(1)));
}
