//! Activity without a call: people who use doors, and temporary levels that end (2.15).

use jiff::{SignedDuration, Timestamp};

use super::answer::Inner;
use super::edit::walk;
use super::store::{Person, Store, over};
use crate::frame::dice::Dice;

/// The next person at a door, and the time.
#[derive(Clone, Debug)]
pub(super) struct Walkers {
    dice: Dice,
    next: Option<Timestamp>,
}

/// The most accesses after one change of the clock; earlier ones are dropped.
const MOST: u32 = 5_000;

impl Walkers {
    /// The people of this seed; the first comes after one interval.
    pub(super) fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed), next: None }
    }
}

impl Inner {
    /// Carries out every access that is due.
    pub(super) fn walk_until(&mut self, now: Timestamp) {
        let per_hour = self.switches.number("walk.per-hour").unwrap_or(0.0);
        if per_hour <= 0.0 {
            self.walkers.next = None;
            return;
        }
        let interval = SignedDuration::from_secs_f64((3600.0 / per_hour).clamp(0.001, 1e9));
        let after = |at: Timestamp| at.saturating_add(interval).unwrap_or(Timestamp::MAX);
        let window = interval.saturating_mul(i32::try_from(MOST).unwrap_or(i32::MAX));
        let earliest = now.saturating_sub(window).unwrap_or(Timestamp::MIN);
        // After the clock is set back, the interval starts from there.
        let due = self.walkers.next.filter(|next| *next <= after(now));
        let mut next = due.unwrap_or_else(|| after(now)).max(earliest);
        while next <= now {
            self.walk_once(next);
            next = after(next);
        }
        self.walkers.next = Some(next);
    }

    fn walk_once(&mut self, at: Timestamp) {
        let (person, usual, door) =
            (self.walkers.dice.next(), self.walkers.dice.chance(0.85), self.walkers.dice.next());
        let Some(key) = person_at(&self.store, person) else { return };
        let portals =
            self.store.people.get(key).map(|p| portals_of(&self.store, p, usual)).unwrap_or_default();
        let index = usize::try_from(door % portals.len().max(1) as u64).unwrap_or(0);
        if let Some(portal) = portals.get(index) {
            let (record, _) = walk(self, at, key, *portal, None);
            self.log(record);
        }
    }

    /// Removes levels whose AUTOREMOVE is due (2.16 #6), at most once in a second of the simulator's clock.
    pub(super) fn remove_ended_levels(&mut self, now: Timestamp) {
        let same_second = self.ticked.as_second() == now.as_second();
        if self.switches.is("levels.autoremove", "ignored") || same_second {
            return;
        }
        let local = self.store.local(now);
        let inclusive = self.switches.is("dates.expiry", "inclusive");
        let ended =
            |person: &Person| person.levels.iter().any(|l| l.auto_remove && over(l.exp, local, inclusive));
        let keys: Vec<u64> =
            self.store.people.live_from(0).filter(|(_, p)| ended(p)).map(|(key, _)| key).collect();
        for key in keys {
            if let Some(person) = self.store.people.get_mut(key) {
                person.levels.retain(|l| !(l.auto_remove && over(l.exp, local, inclusive)));
            }
        }
    }
}

/// A living person for a random number, without a loop over all of them.
fn person_at(store: &Store, number: u64) -> Option<u64> {
    let from = number % store.people.next_key().max(1);
    let mut onward = store.people.live_from(from).chain(store.people.live_from(0));
    onward.next().map(|(key, _)| key)
}

/// The doors that a person may open, or all of them.
fn portals_of(store: &Store, person: &Person, usual: bool) -> Vec<u64> {
    let levels: Vec<_> = person.levels.iter().filter_map(|held| store.levels.get(&held.level)).collect();
    let opens = |portal: &u64| levels.iter().any(|level| store.opens(level, *portal));
    let own: Vec<u64> = store.portals.keys().copied().filter(opens).collect();
    if usual && !own.is_empty() { own } else { store.portals.keys().copied().collect() }
}
