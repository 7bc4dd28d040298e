//! Who is written next: what users wait for at once, what a midnight or an outage brings a few at a time.

use jiff::{SignedDuration, Timestamp};
use vestibule_core::identity::Slot;

use crate::engine::queue::Queue;
use crate::engine::{Class, Reason, Work};

/// Writes under way of what nobody waits for. How many there are is how long each takes.
const UNHURRIED: usize = 4;

/// The same while users change something: their own visitors have three writes each to wait for.
const BESIDE_USERS: usize = 1;

/// How long after the last of a user's changes another one is expected.
const LATELY: SignedDuration = SignedDuration::from_secs(5);

/// Of very many that wait one after the other is told that it does: nobody acts on it, and each write takes the API
/// server's time from those of other systems.
const SPACING: SignedDuration = SignedDuration::from_millis(100);

/// How far the line of those reaches; who comes behind it asks again.
const LINE: SignedDuration = SignedDuration::from_mins(1);

/// Slots whose status or finalizer may have to be written.
#[derive(Default)]
pub(super) struct Settling {
    pub(super) queue: Queue,
    users_at: Option<Timestamp>,
    /// When the last one was told that it waits.
    told_at: Option<Timestamp>,
    /// When the last one in line will be.
    line: Option<Timestamp>,
}

impl Settling {
    /// The clock was set back by so much: nobody waits for that time once more.
    pub(super) fn set_back(&mut self, by: SignedDuration) {
        self.queue.set_back(by);
        (self.users_at, self.told_at, self.line) = (None, None, None);
    }

    /// Whether one more may be told now that it waits; if not, when it may ask again.
    pub(super) fn may_tell(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        // Whoever was given a time comes a little late or early.
        if self.told_at.is_none_or(|at| now.duration_since(at) >= SPACING / 2) {
            self.told_at = Some(now);
            return Ok(());
        }
        let end = now.checked_add(LINE).unwrap_or(Timestamp::MAX);
        let next = self.line.map_or(now, |line| line.max(now)).checked_add(SPACING).unwrap_or(end);
        if next < end {
            self.line = Some(next);
        }
        Err(next.min(end))
    }

    /// The next one: the urgent at once, the others if there are not too many of them under way.
    pub(super) fn next(&mut self, now: Timestamp) -> Option<(Slot, Class)> {
        let lately = self.users_at.is_some_and(|at| now.duration_since(at) < LATELY);
        let most = if lately { BESIDE_USERS } else { UNHURRIED };
        let free = self.queue.in_flight() < most;
        let next = if free { self.queue.pop(now) } else { self.queue.pop_urgent(now) };
        let next = next.map(|(slot, work)| (slot, work.class));
        if next.is_some_and(|(_, class)| class.urgent()) {
            self.users_at = Some(now);
        }
        next
    }
}

/// A status as queued work. No audit asks for its reason.
pub(super) const fn status_work(class: Class) -> Work {
    class.with_reason(Reason::CatchUp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(class: Class) -> Settling {
        let mut settling = Settling::default();
        (0..20).for_each(|slot| settling.queue.push(Slot(slot), class, None, Timestamp::UNIX_EPOCH));
        settling
    }

    /// How many are taken before one is not.
    fn taken(settling: &mut Settling, now: Timestamp) -> usize {
        std::iter::from_fn(|| settling.next(now)).count()
    }

    #[test]
    fn a_midnight_is_written_a_few_at_a_time_and_fewer_while_users_wait() {
        let begun = Timestamp::UNIX_EPOCH;
        let mut settling = full(Class::RolloverAddition);
        assert_eq!(taken(&mut settling, begun), UNHURRIED);
        let mut settling = full(Class::RolloverAddition);
        settling.queue.push(Slot(100), Class::UserChange, None, begun);
        assert_eq!(taken(&mut settling, begun), 1, "the user's own");
        settling.queue.push(Slot(101), Class::UserChange, None, begun);
        assert_eq!(taken(&mut settling, begun), 1, "there is always a place for another user's");
        settling.queue.done(Slot(100));
        settling.queue.done(Slot(101));
        assert_eq!(taken(&mut settling, begun), BESIDE_USERS);
        assert_eq!(taken(&mut settling, begun + LATELY), UNHURRIED - BESIDE_USERS);
    }

    #[test]
    fn very_many_that_wait_are_told_one_after_the_other() {
        let (begun, mut settling) = (Timestamp::UNIX_EPOCH, Settling::default());
        assert_eq!(settling.may_tell(begun), Ok(()));
        assert_eq!(settling.may_tell(begun), Err(begun + SPACING));
        assert_eq!(settling.may_tell(begun), Err(begun + SPACING * 2));
        assert_eq!(settling.may_tell(begun + SPACING), Ok(()), "whose time has come");
        assert_eq!(settling.may_tell(begun + SPACING), Err(begun + SPACING * 3), "behind those in line");
        let hours = begun + SignedDuration::from_hours(2);
        assert_eq!(settling.may_tell(hours), Ok(()), "a line that is over is forgotten");
    }

    #[test]
    fn the_line_of_those_who_wait_has_an_end() {
        let (begun, mut settling) = (Timestamp::UNIX_EPOCH, Settling::default());
        let last = (0..5_000).map(|_| settling.may_tell(begun)).last();
        assert_eq!(last, Some(Err(begun + LINE)));
    }

    #[test]
    fn what_users_wait_for_is_never_held_up() {
        assert_eq!(taken(&mut full(Class::UserChange), Timestamp::UNIX_EPOCH), 20);
        assert_eq!(taken(&mut full(Class::Revocation), Timestamp::UNIX_EPOCH), 20);
    }
}
