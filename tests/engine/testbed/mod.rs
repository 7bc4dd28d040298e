//! A testbed: one engine on a system in memory, with a declared side and its own time.

mod clock;
mod house;
mod records;
mod site;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinHandle;
use vestibule::clock::{Clock, SharedClock};
use vestibule::cluster::lease::Fence;
use vestibule::engine::{
    Engine, Outcome, Parts, Priority, Reason, Settings, State, rate_limit, rate_limiter::RateLimiter,
};
use vestibule::metrics::Metrics;
use vestibule::shutdown::{Shutdown, Trigger};
use vestibule::system::memory::Memory;
use vestibule_core::guard::Limits;
use vestibule_core::identity::Owner;
use vestibule_core::model::{DesiredRecord, Mode, ObjectKey, ObservedRecord};
use vestibule_core::ownership::Ownership;
use vestibule_core::plan::DesiredState;

pub(crate) use clock::Virtual;
pub(crate) use house::House;
pub(crate) use records::*;
pub(crate) use site::{Call, Fate, Site};

/// How long a call takes.
pub(crate) const LATENCY: Duration = Duration::from_millis(10);

/// The longest wait of a test, on the clock of the testbed.
const PATIENCE: Duration = Duration::from_hours(2);

/// The parts of a testbed.
pub(crate) struct Setup {
    pub(crate) memory: Memory,
    pub(crate) settings: Settings,
    /// Rate and number of concurrent calls of the account.
    pub(crate) limits: rate_limit::Limits,
    /// Records that are declared and exist already.
    pub(crate) standing: Vec<DesiredRecord>,
    /// Whether `status.ownerId` is written when the engine asks for it.
    pub(crate) records_owner_id: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            memory: Memory::with_groups(GROUPS),
            settings: Settings {
                mode: Mode::Enforce,
                suspended: false,
                limits: Limits::default(),
                released: None,
                resync: SignedDuration::from_hours(12),
                ownership: Ownership { recorded: true, ..Ownership::default() },
                generation: 1,
                max_in_flight: 4,
            },
            limits: rate_limit::Limits { rate: None, burst: 1, max_in_flight: 4 },
            standing: Vec::new(),
            records_owner_id: true,
        }
    }
}

/// Writes `status.ownerId` as soon as the engine asks for it, as the low-volume loop does.
async fn record_owner_id(engine: Arc<Engine>) {
    let mut state = engine.state();
    if state.wait_for(|state| state.claims_owner_id).await.is_ok() {
        engine.allow_writes();
    }
}

/// See the module's documentation.
pub(crate) struct Testbed {
    pub(crate) engine: Arc<Engine>,
    pub(crate) site: Arc<Site>,
    pub(crate) house: Arc<House>,
    pub(crate) clock: Arc<Virtual>,
    settings: Settings,
    metrics: Arc<Metrics>,
    lease: Arc<Lease>,
    trigger: Trigger,
    pub(crate) running: JoinHandle<()>,
}

impl Setup {
    /// Starts the engine; nothing has been called yet.
    pub(crate) fn raise(mut self) -> Testbed {
        let memory = Arc::new(std::mem::take(&mut self.memory));
        self.raise_over(memory, Arc::new(Virtual::start()), OWNER_ID)
    }

    fn raise_over(self, memory: Arc<Memory>, clock: Arc<Virtual>, owner_id: &str) -> Testbed {
        let site = Site::new(memory, clock.clone(), LATENCY);
        let house = Arc::new(House::default());
        for record in &self.standing {
            site.memory.put(shown(record));
            house.desired_states(record);
        }
        let (lease, metrics) = (Arc::new(Lease(AtomicBool::new(true))), Metrics::new());
        let engine = Engine::new(Parts {
            integration: ObjectKey::new("acme", "door"),
            owner: Owner::of(owner_id),
            system: site.clone(),
            source: house.clone(),
            rate_limiter: RateLimiter::new(self.limits, clock.clone()),
            fence: Fence::always_open(lease.clone()),
            clock: clock.clone() as SharedClock,
            metrics: metrics.clone(),
            settings: self.settings.clone(),
        });
        if self.records_owner_id {
            tokio::spawn(record_owner_id(Arc::clone(&engine)));
        }
        let (trigger, shutdown) = Shutdown::new();
        let running = tokio::spawn(Arc::clone(&engine).run(shutdown));
        Testbed { engine, site, house, clock, settings: self.settings, metrics, lease, trigger, running }
    }

    /// Starts the engine, awaits the two syncs that prove which records are missing, and forgets their calls.
    pub(crate) async fn start(self) -> Testbed {
        let testbed = self.raise();
        testbed.engine.request_witness();
        testbed.until("the second sync", |testbed| testbed.state().syncs > 1).await;
        testbed.rest().await;
        testbed.forget();
        testbed
    }
}

impl Testbed {
    /// An engine after its first sync of an empty system.
    pub(crate) async fn empty() -> Self {
        Setup::default().start().await
    }

    /// The engine of another integration over the same system, after its first syncs. The two engines know of each
    /// other.
    pub(crate) async fn beside(&self, owner_id: &str) -> Self {
        let setup = Setup::default();
        let other = setup.raise_over(Arc::clone(&self.site.memory), Arc::clone(&self.clock), owner_id);
        self.house.meets(&other.engine);
        other.house.meets(&self.engine);
        other.until("the first sync", |other| other.state().syncs > 0).await;
        other
    }

    /// An engine after its first sync of a system with exactly these records.
    pub(crate) async fn holding(records: &[&DesiredRecord]) -> Self {
        let standing = records.iter().map(|record| (*record).clone()).collect();
        Setup { standing, ..Setup::default() }.start().await
    }

    /// Declares a record and queues its object.
    pub(crate) fn push(&self, record: &DesiredRecord, priority: Priority) {
        self.house.desired_states(record);
        self.engine.push(record.id.object_id, priority.with_reason(Reason::User));
    }

    /// Declares that no record is wanted any more, and queues the object.
    pub(crate) fn delete(&self, record: &DesiredRecord, priority: Priority) {
        self.house.declare(record.id.object_id, DesiredState::Nothing);
        self.engine.push(record.id.object_id, priority.with_reason(Reason::Deletion));
    }

    /// Changes the settings of the running engine.
    pub(crate) fn set(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.settings.clone();
        change(&mut settings);
        self.engine.set_settings(settings);
    }

    /// The lease is lost, or held again.
    pub(crate) fn lead(&self, leads: bool) {
        self.lease.0.store(leads, Ordering::SeqCst);
    }

    pub(crate) fn shut_down(&self) {
        self.trigger.request();
    }

    pub(crate) fn state(&self) -> State {
        self.engine.state().borrow().clone()
    }

    /// A number of `/debug/state.json`.
    pub(crate) fn shows(&self, key: &str) -> u64 {
        self.engine.diagnostics()[key].as_u64().unwrap()
    }

    /// A number of `/metrics` that has no label but the integration, rounded down; 0 if there is none.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let text = self.metrics.encode(self.clock.now());
        let start = format!("{name}{{integration=\"acme/door\"}} ");
        let found = text.lines().find_map(|line| line.strip_prefix(&start)?.split('.').next()?.parse().ok());
        found.unwrap_or_default()
    }

    /// The last outcome reported for a record's object.
    pub(crate) fn last(&self, record: &DesiredRecord) -> Option<Outcome> {
        self.house.outcomes(record.id.object_id).pop()
    }

    /// The living people of the system.
    pub(crate) fn living(&self) -> Vec<ObservedRecord> {
        self.site.memory.all_records().into_iter().filter(|person| !person.dead).collect()
    }

    /// Whether exactly these records of this owner live in the system, with their content.
    pub(crate) fn holds(&self, records: &[&DesiredRecord]) -> bool {
        let ours: Vec<_> = self.living().into_iter().filter(|person| person.id.is_some()).collect();
        let lives = |record: &DesiredRecord| {
            ours.iter().any(|one| {
                one.id.is_some_and(|id| id.same_content(&record.id)) && one.facts == record.facts()
            })
        };
        ours.len() == records.len() && records.iter().all(|record| lives(record))
    }

    pub(crate) fn forget(&self) {
        self.site.forget();
        self.house.forget();
    }

    /// Lets time pass.
    pub(crate) async fn pass(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    /// Awaits a condition.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let started = tokio::time::Instant::now();
        let waited = || started.elapsed();
        while !holds(self) {
            let shown =
                || format!("{what} never came: {}, {:?}", self.engine.diagnostics(), self.site.names());
            assert!(waited() < PATIENCE, "{}", shown());
            let step = if waited() < Duration::from_secs(2) { 1 } else { 250 };
            tokio::time::sleep(Duration::from_millis(step)).await;
        }
    }

    /// Awaits that nothing is queued, in progress or waiting for its confirmation.
    pub(crate) async fn rest(&self) {
        self.until("rest", |testbed| {
            let all = testbed.engine.diagnostics();
            let queued = all["queued"].as_object().unwrap().values().all(|count| count == 0);
            queued && all["inFlight"] == 0 && all["unconfirmed"] == 0
        })
        .await;
    }

    /// Asks for a full sync and awaits its end.
    pub(crate) async fn sync(&self) {
        let before = self.state().syncs;
        self.engine.request_sync("now");
        self.until("a full sync", |testbed| testbed.state().syncs > before).await;
        self.rest().await;
    }
}

/// The lease's own clock: at the end of time when the lease is lost.
#[derive(Debug)]
struct Lease(AtomicBool);

#[async_trait]
impl Clock for Lease {
    fn now(&self) -> Timestamp {
        if self.0.load(Ordering::SeqCst) { Timestamp::UNIX_EPOCH } else { Timestamp::MAX }
    }

    async fn sleep_until(&self, _: Timestamp) {
        std::future::pending::<()>().await;
    }
}
