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

/// The most that a thread may take if no lock blocks it.
const SOON: Duration = Duration::from_secs(10);

/// A source that knows no object.
struct EmptySource;

#[async_trait]
impl DesiredStateSource for EmptySource {
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
        source: Arc::new(EmptySource),
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

/// Runs a closure in its own thread. The receiver gets a message at its end.
fn in_thread(action: impl FnOnce() + Send + 'static) -> mpsc::Receiver<()> {
    let (done, end) = mpsc::channel();
    thread::spawn(move || {
        action();
        let _ = done.send(());
    });
    end
}

#[test]
fn a_step_that_waits_for_the_inner_lock_does_not_block_the_settings() {
    let engine = engine();
    let inner = engine.inner.lock();
    let stepping = Arc::clone(&engine);
    let (begun, begin) = mpsc::channel();
    let end = in_thread(move || {
        begun.send(()).unwrap();
        let step = Step::Remove(RecordId::new(Owner(7), ObjectId(1), 1));
        assert!(stepping.check_allowed(&step).is_ok());
    });
    begin.recv_timeout(SOON).unwrap();
    // The thread reaches its wait during these attempts.
    for _ in 0..100_000 {
        assert!(engine.settings.try_write().is_some(), "a step holds the settings while it waits");
        thread::yield_now();
    }
    drop(inner);
    end.recv_timeout(SOON).unwrap();
}

#[test]
fn unchanged_settings_wait_for_no_reader() {
    let engine = engine();
    let reading = engine.settings.read();
    let setting = Arc::clone(&engine);
    let end = in_thread(move || setting.set_settings(settings()));
    end.recv_timeout(SOON).unwrap();
    drop(reading);
}
