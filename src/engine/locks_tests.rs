//! The order of an engine's locks.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use vestibule_core::diff::Step;
use vestibule_core::guard::Limits;
use vestibule_core::identity::RecordId;
use vestibule_core::model::Mode;
use vestibule_core::ownership::Ownership;

use super::*;
use crate::clock::SystemClock;
use crate::system::memory::Memory;

/// So long a thread that nothing stops may take at most.
const SOON: Duration = Duration::from_secs(10);

/// Nobody declares anything.
struct Nobody;

#[async_trait]
impl DesiredStateSource for Nobody {
    async fn desired_state(&self, _: &ObjectKey, _: ObjectId) -> Result<DesiredStateAnswer, SourceError> {
        Err(SourceError::Frozen)
    }

    async fn ensure_finalizer(&self, _: ObjectId) -> Result<(), SourceError> {
        Err(SourceError::Frozen)
    }

    fn is_complete(&self) -> bool {
        false
    }

    fn knows(&self, _: ObjectId) -> bool {
        false
    }

    async fn is_gone(&self, _: &ObjectKey) -> Result<bool, SourceError> {
        Ok(false)
    }

    async fn report(&self, _: Report) {}
}

fn settings() -> Settings {
    Settings {
        mode: Mode::Enforce,
        suspended: false,
        limits: Limits::default(),
        released: None,
        resync: SignedDuration::from_hours(12),
        ownership: Ownership::default(),
        generation: 1,
        max_in_flight: 4,
    }
}

pub(super) fn engine() -> Arc<Engine> {
    let clock: SharedClock = Arc::new(SystemClock);
    Engine::new(Parts {
        integration: ObjectKey::new("acme", "door"),
        owner: Owner(7),
        system: Arc::new(Memory::default()),
        source: Arc::new(Nobody),
        rate_limiter: RateLimiter::new(
            rate_limit::Limits { rate: None, burst: 1, max_in_flight: 4 },
            Arc::clone(&clock),
        ),
        fence: Fence::always_open(Arc::clone(&clock)),
        clock,
        metrics: Metrics::new(),
        settings: settings(),
    })
}

/// Does it in a thread of its own; the receiver hears of the end.
fn aside(does: impl FnOnce() + Send + 'static) -> mpsc::Receiver<()> {
    let (done, end) = mpsc::channel();
    thread::spawn(move || {
        does();
        let _ = done.send(());
    });
    end
}

#[test]
fn a_step_that_waits_for_the_memory_keeps_nobody_from_the_settings() {
    let engine = engine();
    let inner = engine.inner.lock();
    let stepping = Arc::clone(&engine);
    let (begun, begin) = mpsc::channel();
    let end = aside(move || {
        begun.send(()).unwrap();
        let step = Step::Remove(RecordId::new(Owner(7), ObjectId(1), 1));
        assert!(stepping.check_allowed(&step).is_ok());
    });
    begin.recv_timeout(SOON).unwrap();
    // It comes to its wait somewhere among these looks.
    for _ in 0..100_000 {
        assert!(engine.settings.try_write().is_some(), "a step holds the settings while it waits");
        thread::yield_now();
    }
    drop(inner);
    end.recv_timeout(SOON).unwrap();
}

#[test]
fn settings_that_are_as_before_wait_for_no_reader() {
    let engine = engine();
    let reading = engine.settings.read();
    let setting = Arc::clone(&engine);
    let end = aside(move || setting.set_settings(settings()));
    end.recv_timeout(SOON).unwrap();
    drop(reading);
}
