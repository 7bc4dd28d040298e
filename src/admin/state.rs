//! The state behind the probes: heartbeats of loops, gates that must open, and pages of diagnostics.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use serde_json::Value;

use crate::clock::SharedClock;

/// The heartbeats of every loop of the process. Cheap to clone.
///
/// They use the clock of the lease, which is never set. On the clock of schedules, the demo's jump to midnight would
/// look like a standstill.
#[derive(Clone)]
pub struct Heartbeats {
    beats: Arc<Mutex<BTreeMap<String, Beat>>>,
    clock: SharedClock,
}

#[derive(Clone, Copy)]
struct Beat {
    last: Timestamp,
    limit: SignedDuration,
}

/// The heartbeat of one loop. A loop that ends without [`Heartbeat::retire`] counts as stuck.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    of: Heartbeats,
    name: String,
}

/// The conditions under which the process counts as ready: caches listed, configuration valid. None depends on an
/// access system or on leadership: a standby is ready. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    gates: Arc<Mutex<BTreeMap<&'static str, String>>>,
}

/// One condition of readiness.
#[derive(Clone, Debug)]
pub struct Gate {
    of: Readiness,
    name: &'static str,
}

/// The content of `/debug/state.json`, page by page. Cheap to clone. Pages contain names of objects, counts and times,
/// and never a person's data.
#[derive(Clone, Default)]
pub struct Diagnostics {
    pages: Arc<Mutex<BTreeMap<String, Page>>>,
}

type Page = Arc<dyn Fn() -> Value + Send + Sync>;

// === impl Heartbeats ===

impl Heartbeats {
    /// No loops yet.
    pub fn new(clock: SharedClock) -> Self {
        Self { beats: Arc::default(), clock }
    }

    /// Registers a loop, which must beat at least once within every `limit` from now on.
    pub fn start(&self, name: impl Into<String>, limit: SignedDuration) -> Heartbeat {
        let name = name.into();
        self.beats.lock().insert(name.clone(), Beat { last: self.clock.now(), limit });
        Heartbeat { of: self.clone(), name }
    }

    /// `Err` with a sentence for each loop that is stuck.
    pub fn check(&self) -> Result<(), Vec<String>> {
        let now = self.clock.now();
        let stuck: Vec<_> = self
            .beats
            .lock()
            .iter()
            .filter(|(_, beat)| now.duration_since(beat.last) > beat.limit)
            .map(|(name, beat)| stands_still(name, *beat, now))
            .collect();
        if stuck.is_empty() { Ok(()) } else { Err(stuck) }
    }
}

fn stands_still(name: &str, beat: Beat, now: Timestamp) -> String {
    let silent = now.duration_since(beat.last).as_secs();
    format!("the loop {name} has not moved for {silent} s; {} s are allowed", beat.limit.as_secs())
}

impl fmt::Debug for Heartbeats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.beats.lock().keys()).finish()
    }
}

// === impl Heartbeat ===

impl Heartbeat {
    /// The loop has moved.
    pub fn beat(&self) {
        if let Some(beat) = self.of.beats.lock().get_mut(&self.name) {
            beat.last = self.of.clock.now();
        }
    }

    /// The loop ends because its work is over.
    pub fn retire(self) {
        self.of.beats.lock().remove(&self.name);
    }
}

// === impl Readiness ===

impl Readiness {
    /// Adds a condition that is not met yet.
    pub fn require(&self, name: &'static str) -> Gate {
        let gate = Gate { of: self.clone(), name };
        gate.shut("not ready yet");
        gate
    }

    /// `Err` with a sentence for each gate that is shut.
    pub fn check(&self) -> Result<(), Vec<String>> {
        let shut: Vec<_> = self.gates.lock().iter().map(|(name, why)| format!("{name}: {why}")).collect();
        if shut.is_empty() { Ok(()) } else { Err(shut) }
    }
}

impl Gate {
    /// The condition is met.
    pub fn open(&self) {
        self.of.gates.lock().remove(self.name);
    }

    /// The condition is not met (any more), with the reason.
    pub fn shut(&self, why: impl Into<String>) {
        self.of.gates.lock().insert(self.name, why.into());
    }
}

// === impl Diagnostics ===

impl Diagnostics {
    /// Shows the value of `page` under `name`, from now on. It replaces a page of the same name.
    pub fn show(&self, name: impl Into<String>, page: impl Fn() -> Value + Send + Sync + 'static) {
        self.pages.lock().insert(name.into(), Arc::new(page));
    }

    /// Removes the page of that name.
    pub fn hide(&self, name: &str) {
        self.pages.lock().remove(name);
    }

    /// All pages.
    pub fn collect(&self) -> Value {
        // Called without the lock: a page may take locks of its own.
        let pages = self.pages.lock().clone();
        pages.into_iter().map(|(name, page)| (name, page())).collect::<serde_json::Map<_, _>>().into()
    }
}

impl fmt::Debug for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.pages.lock().keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SetClock;

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
    }

    #[test]
    fn a_loop_that_does_not_move_is_named_and_one_that_retired_is_not() {
        let clock = Arc::new(SetClock::starting_at(at(0)));
        let heartbeats = Heartbeats::new(clock.clone());
        let visitors = heartbeats.start("visitors", SignedDuration::from_secs(60));
        let lease = heartbeats.start("lease", SignedDuration::from_secs(60));
        assert_eq!(heartbeats.check(), Ok(()));
        clock.set(at(100));
        visitors.beat();
        let stuck = heartbeats.check().expect_err("the lease's loop stands still");
        assert!(stuck.len() == 1 && stuck[0].starts_with("the loop lease has not moved for "), "{stuck:?}");
        lease.retire();
        assert_eq!(heartbeats.check(), Ok(()));
    }

    #[test]
    fn readiness_needs_every_gate_and_says_which_is_shut() {
        let readiness = Readiness::default();
        assert_eq!(readiness.check(), Ok(()), "a standby requires nothing and is ready");
        let (visitors, tenants) = (readiness.require("visitors"), readiness.require("tenants"));
        visitors.open();
        tenants.shut("the first list is under way");
        assert_eq!(readiness.check(), Err(vec!["tenants: the first list is under way".into()]));
        tenants.open();
        assert_eq!(readiness.check(), Ok(()));
    }
}
