//! Who is written next: what users wait for at once, what a midnight or an outage brings a few at a time.

use jiff::{SignedDuration, Timestamp};
use vestibule_core::identity::ObjectId;

use crate::engine::queue::Queue;
use crate::engine::{Priority, Reason, Work};

/// Writes under way of what nobody waits for. How many there are is how long each takes.
const MAX_BACKGROUND_WRITES: usize = 4;

/// The same while users change something: their own visitors have three writes each to wait for.
const MAX_BACKGROUND_WRITES_BESIDE_USERS: usize = 1;

/// How long after the last of a user's changes another one is expected.
const USER_CHANGE_LINGERS: SignedDuration = SignedDuration::from_secs(5);

/// Of very many that wait one after the other is told that it does: nobody acts on it, and each write takes the API
/// server's time from those of other systems.
const WAITING_STATUS_INTERVAL: SignedDuration = SignedDuration::from_millis(100);

/// How far the line of those reaches; who comes behind it asks again.
const WAITING_STATUS_HORIZON: SignedDuration = SignedDuration::from_mins(1);

/// Slots whose status or finalizer may have to be written.
#[derive(Default)]
pub(super) struct StatusQueue {
    pub(super) queue: Queue,
    users_at: Option<Timestamp>,
    /// When the last one was told that it waits.
    reported_at: Option<Timestamp>,
    /// When the last one in line will be.
    line: Option<Timestamp>,
}

impl StatusQueue {
    /// The clock was set back by so much: nobody waits for that time once more.
    pub(super) fn set_back(&mut self, by: SignedDuration) {
        self.queue.set_back(by);
        (self.users_at, self.reported_at, self.line) = (None, None, None);
    }

    /// Whether one more may be told now that it waits; if not, when it may ask again.
    pub(super) fn may_report_waiting(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        // Whoever was given a time comes a little late or early.
        if self.reported_at.is_none_or(|at| now.duration_since(at) >= WAITING_STATUS_INTERVAL / 2) {
            self.reported_at = Some(now);
            return Ok(());
        }
        let end = now.checked_add(WAITING_STATUS_HORIZON).unwrap_or(Timestamp::MAX);
        let next =
            self.line.map_or(now, |line| line.max(now)).checked_add(WAITING_STATUS_INTERVAL).unwrap_or(end);
        if next < end {
            self.line = Some(next);
        }
        Err(next.min(end))
    }

    /// The next one: the urgent at once, the others if there are not too many of them under way.
    pub(super) fn next(&mut self, now: Timestamp) -> Option<(ObjectId, Priority)> {
        let lately = self.users_at.is_some_and(|at| now.duration_since(at) < USER_CHANGE_LINGERS);
        let most = if lately { MAX_BACKGROUND_WRITES_BESIDE_USERS } else { MAX_BACKGROUND_WRITES };
        let free = self.queue.in_flight() < most;
        let next = if free { self.queue.pop(now) } else { self.queue.pop_urgent(now) };
        let next = next.map(|(object_id, work)| (object_id, work.priority));
        if next.is_some_and(|(_, priority)| priority.urgent()) {
            self.users_at = Some(now);
        }
        next
    }
}

/// A status as queued work. No audit asks for its reason.
pub(super) const fn status_work(priority: Priority) -> Work {
    priority.with_reason(Reason::CatchUp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(priority: Priority) -> StatusQueue {
        let mut status_queue = StatusQueue::default();
        (0..20).for_each(|object_id| {
            status_queue.queue.push(ObjectId(object_id), priority, None, Timestamp::UNIX_EPOCH);
        });
        status_queue
    }

    /// How many are taken before one is not.
    fn taken(status_queue: &mut StatusQueue, now: Timestamp) -> usize {
        std::iter::from_fn(|| status_queue.next(now)).count()
    }

    #[test]
    fn a_midnight_is_written_a_few_at_a_time_and_fewer_while_users_wait() {
        let begun = Timestamp::UNIX_EPOCH;
        let mut status_queue = full(Priority::RolloverAddition);
        assert_eq!(taken(&mut status_queue, begun), MAX_BACKGROUND_WRITES);
        let mut status_queue = full(Priority::RolloverAddition);
        status_queue.queue.push(ObjectId(100), Priority::UserChange, None, begun);
        assert_eq!(taken(&mut status_queue, begun), 1, "the user's own");
        status_queue.queue.push(ObjectId(101), Priority::UserChange, None, begun);
        assert_eq!(taken(&mut status_queue, begun), 1, "there is always a place for another user's");
        status_queue.queue.done(ObjectId(100));
        status_queue.queue.done(ObjectId(101));
        assert_eq!(taken(&mut status_queue, begun), MAX_BACKGROUND_WRITES_BESIDE_USERS);
        assert_eq!(
            taken(&mut status_queue, begun + USER_CHANGE_LINGERS),
            MAX_BACKGROUND_WRITES - MAX_BACKGROUND_WRITES_BESIDE_USERS
        );
    }

    #[test]
    fn very_many_that_wait_are_told_one_after_the_other() {
        let (begun, mut status_queue) = (Timestamp::UNIX_EPOCH, StatusQueue::default());
        assert_eq!(status_queue.may_report_waiting(begun), Ok(()));
        assert_eq!(status_queue.may_report_waiting(begun), Err(begun + WAITING_STATUS_INTERVAL));
        assert_eq!(status_queue.may_report_waiting(begun), Err(begun + WAITING_STATUS_INTERVAL * 2));
        assert_eq!(
            status_queue.may_report_waiting(begun + WAITING_STATUS_INTERVAL),
            Ok(()),
            "whose time has come"
        );
        assert_eq!(
            status_queue.may_report_waiting(begun + WAITING_STATUS_INTERVAL),
            Err(begun + WAITING_STATUS_INTERVAL * 3),
            "behind those in line"
        );
        let hours = begun + SignedDuration::from_hours(2);
        assert_eq!(status_queue.may_report_waiting(hours), Ok(()), "a line that is over is forgotten");
    }

    #[test]
    fn the_line_of_those_who_wait_has_an_end() {
        let (begun, mut status_queue) = (Timestamp::UNIX_EPOCH, StatusQueue::default());
        let last = (0..5_000).map(|_| status_queue.may_report_waiting(begun)).last();
        assert_eq!(last, Some(Err(begun + WAITING_STATUS_HORIZON)));
    }

    #[test]
    fn what_users_wait_for_is_never_held_up() {
        assert_eq!(taken(&mut full(Priority::UserChange), Timestamp::UNIX_EPOCH), 20);
        assert_eq!(taken(&mut full(Priority::Revocation), Timestamp::UNIX_EPOCH), 20);
    }
}
