//! Decides which status is written next: those that users wait for at once, those after a midnight or an outage a few
//! at a time.

use jiff::{SignedDuration, Timestamp};
use vestibule_core::identity::ObjectId;

use crate::engine::{Priority, Reason, Work};
use crate::work::queue::Queue;

/// The most concurrent writes of statuses that no user waits for. The more there are, the longer each takes.
const MAX_BACKGROUND_WRITES: usize = 4;

/// The same while users change objects: each of their Visitors waits for three writes.
const MAX_BACKGROUND_WRITES_BESIDE_USERS: usize = 1;

/// How long after a user's change another one is expected.
const USER_CHANGE_LINGERS: SignedDuration = SignedDuration::from_secs(5);

/// When many Visitors wait, one "waiting" status is written per interval: no person acts on these, and each write takes
/// time of the API server.
const WAITING_STATUS_INTERVAL: SignedDuration = SignedDuration::from_millis(100);

/// How far ahead "waiting" statuses are scheduled. A Visitor beyond this horizon asks again.
const WAITING_STATUS_HORIZON: SignedDuration = SignedDuration::from_mins(1);

/// The ids of objects with a status or finalizer that may have to be written.
#[derive(Default)]
pub(super) struct StatusQueue {
    pub(super) queue: Queue,
    users_at: Option<Timestamp>,
    /// When the last "waiting" status was written.
    reported_at: Option<Timestamp>,
    /// When the last scheduled one will be written.
    scheduled_until: Option<Timestamp>,
}

impl StatusQueue {
    /// Adapts to a clock that was set back by this much, so that no entry waits for that time once more.
    pub(super) fn set_back(&mut self, by: SignedDuration) {
        self.queue.set_back(by);
        (self.users_at, self.reported_at, self.scheduled_until) = (None, None, None);
    }

    /// Whether one more "waiting" status may be written now; if not, when to ask again.
    pub(super) fn may_report_waiting(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        // Half the interval, since a Visitor may ask a little before or after the time it was given.
        if self.reported_at.is_none_or(|at| now.duration_since(at) >= WAITING_STATUS_INTERVAL / 2) {
            self.reported_at = Some(now);
            return Ok(());
        }
        let end = now.checked_add(WAITING_STATUS_HORIZON).unwrap_or(Timestamp::MAX);
        let next = self
            .scheduled_until
            .map_or(now, |until| until.max(now))
            .checked_add(WAITING_STATUS_INTERVAL)
            .unwrap_or(end);
        if next < end {
            self.scheduled_until = Some(next);
        }
        Err(next.min(end))
    }

    /// The next object: an urgent one at once, any other if few enough writes are in flight.
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

/// A status as queued work. Its reason appears in no audit.
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

    /// How many are taken until none is given.
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
        assert_eq!(taken(&mut status_queue, begun), 1, "the user's own object");
        status_queue.queue.push(ObjectId(101), Priority::UserChange, None, begun);
        assert_eq!(taken(&mut status_queue, begun), 1, "another user's object is always taken");
        status_queue.queue.done(ObjectId(100));
        status_queue.queue.done(ObjectId(101));
        assert_eq!(taken(&mut status_queue, begun), MAX_BACKGROUND_WRITES_BESIDE_USERS);
        assert_eq!(
            taken(&mut status_queue, begun + USER_CHANGE_LINGERS),
            MAX_BACKGROUND_WRITES - MAX_BACKGROUND_WRITES_BESIDE_USERS
        );
    }

    #[test]
    fn waiting_statuses_are_written_one_per_interval() {
        let (begun, mut status_queue) = (Timestamp::UNIX_EPOCH, StatusQueue::default());
        assert_eq!(status_queue.may_report_waiting(begun), Ok(()));
        assert_eq!(status_queue.may_report_waiting(begun), Err(begun + WAITING_STATUS_INTERVAL));
        assert_eq!(status_queue.may_report_waiting(begun), Err(begun + WAITING_STATUS_INTERVAL * 2));
        assert_eq!(
            status_queue.may_report_waiting(begun + WAITING_STATUS_INTERVAL),
            Ok(()),
            "its time has come"
        );
        assert_eq!(
            status_queue.may_report_waiting(begun + WAITING_STATUS_INTERVAL),
            Err(begun + WAITING_STATUS_INTERVAL * 3),
            "after those that are scheduled"
        );
        let hours = begun + SignedDuration::from_hours(2);
        assert_eq!(status_queue.may_report_waiting(hours), Ok(()), "a schedule in the past is forgotten");
    }

    #[test]
    fn waiting_statuses_are_scheduled_up_to_a_horizon() {
        let (begun, mut status_queue) = (Timestamp::UNIX_EPOCH, StatusQueue::default());
        let last = (0..5_000).map(|_| status_queue.may_report_waiting(begun)).last();
        assert_eq!(last, Some(Err(begun + WAITING_STATUS_HORIZON)));
    }

    #[test]
    fn work_that_users_wait_for_is_never_delayed() {
        assert_eq!(taken(&mut full(Priority::UserChange), Timestamp::UNIX_EPOCH), 20);
        assert_eq!(taken(&mut full(Priority::Revocation), Timestamp::UNIX_EPOCH), 20);
    }
}
