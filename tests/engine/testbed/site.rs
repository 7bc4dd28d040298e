//! The system of the testbed: the one in memory, behind a wire on which a test decides what happens to each call.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use vestibule::clock::SharedClock;
use vestibule::system::memory::Memory;
use vestibule::system::{AccessSystem, Applied, ErrorCode, ErrorKind, Health, Page, Scope, SystemError};
use vestibule_core::adapt::Capabilities;
use vestibule_core::diff::Step;
use vestibule_core::identity::RecordId;
use vestibule_core::model::{DesiredRecord, Facts};
use vestibule_core::schedule::Window;

/// One call on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) id: Option<RecordId>,
    pub(crate) at: Timestamp,
}

/// What happens to a call.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// It is done and answered.
    Done,
    /// It is refused, and nothing is done.
    Fails(ErrorKind),
    /// A write: the login has no right to it.
    Denied,
    /// The address answers, but not as this system, whatever the call.
    NotFound,
    /// It is done, and the answer is lost.
    AnswerLost,
    /// It is in flight and arrives with [`Site::arrive`]. No answer comes.
    Late,
    /// The same; it arrives after this time.
    LateAfter(Duration),
    /// It neither arrives nor fails.
    Hangs,
    /// A write: nothing is done, and this is the answer.
    Claims(Applied),
    /// A read: this is the answer.
    Shows(Page),
}

type Rule = Box<dyn FnMut(&Call) -> Fate + Send>;

/// See the module's documentation.
pub(crate) struct Site {
    pub(crate) memory: Arc<Memory>,
    clock: SharedClock,
    latency: Duration,
    calls: Mutex<Vec<Call>>,
    rule: Mutex<Option<Rule>>,
    late: Mutex<Vec<Step>>,
    alters: Mutex<Option<Alteration>>,
    edits: Mutex<Edits>,
    dates_off: SignedDuration,
}

/// How the system changes the texts that it receives.
type Alteration = fn(&mut Facts);

/// When each record was last changed, and the error of the system's own clock.
#[derive(Default)]
struct Edits {
    at: BTreeMap<RecordId, Timestamp>,
    clock_off: SignedDuration,
}

impl Site {
    pub(crate) fn new(memory: impl Into<Arc<Memory>>, clock: SharedClock, latency: Duration) -> Arc<Self> {
        let memory = memory.into();
        Arc::new(Self::of(memory, clock, latency))
    }

    fn of(memory: Arc<Memory>, clock: SharedClock, latency: Duration) -> Self {
        let (calls, rule, late, alters, edits, dates_off) = Default::default();
        Self { memory, clock, latency, calls, rule, late, alters, edits, dates_off }
    }

    /// Another connection to the same system, with another setting of the zone of its dates: they are read as so much later,
    /// and written as so much earlier.
    pub(crate) fn in_another_zone(&self, dates_off: SignedDuration) -> Arc<Self> {
        let (memory, clock) = (Arc::clone(&self.memory), Arc::clone(&self.clock));
        Arc::new(Self { dates_off, ..Self::of(memory, clock, self.latency) })
    }

    /// Decides what happens to calls from now on.
    pub(crate) fn rule(&self, rule: impl FnMut(&Call) -> Fate + Send + 'static) {
        *self.rule.lock() = Some(Box::new(rule));
    }

    /// Every call of this name has this fate; the others succeed.
    pub(crate) fn every(&self, name: &'static str, fate: Fate) {
        self.rule(move |call| if call.name == name { fate.clone() } else { Fate::Done });
    }

    /// The next call of this name has this fate; all others succeed.
    pub(crate) fn next(&self, name: &'static str, fate: Fate) {
        let mut fate = Some(fate);
        self.rule(move |call| if call.name == name { fate.take().unwrap_or(Fate::Done) } else { Fate::Done });
    }

    /// From now on the system changes the texts that it stores.
    pub(crate) fn alters(&self, alteration: Option<Alteration>) {
        *self.alters.lock() = alteration;
    }

    /// The clock of the system is wrong by this much.
    pub(crate) fn clock_is_off(&self, by: SignedDuration) {
        self.edits.lock().clock_off = by;
    }

    /// Carries out a step in the system.
    async fn carry_out(&self, step: &Step) -> Result<Applied, SystemError> {
        let applied = self.memory.apply(&self.in_its_zone(step)).await?;
        self.edits.lock().at.insert(step.id(), self.clock.now());
        if let Some(alteration) = *self.alters.lock() {
            self.memory.edit(&step.id().to_string(), alteration);
        }
        Ok(applied)
    }

    /// A step as it is sent.
    fn in_its_zone(&self, step: &Step) -> Step {
        let sent = |record: &Arc<DesiredRecord>| {
            let Window { from, until } = record.window;
            let window = Window { from: from - self.dates_off, until: until - self.dates_off };
            Arc::new(DesiredRecord { window, ..(**record).clone() })
        };
        match step {
            Step::Create(record) => Step::Create(sent(record)),
            Step::Update { id, record, fields } => {
                Step::Update { id: *id, record: sent(record), fields: fields.clone() }
            }
            other => other.clone(),
        }
    }

    /// A page as it is read.
    fn shown_in_its_zone(&self, mut page: Page) -> Page {
        for window in page.records.iter_mut().filter_map(|record| record.facts.window.as_mut()) {
            *window = Window { from: window.from + self.dates_off, until: window.until + self.dates_off };
        }
        page
    }

    fn edited(&self, id: RecordId) -> Option<Timestamp> {
        let edits = self.edits.lock();
        edits
            .at
            .get(&id)
            .filter(|_| self.memory.capabilities().shows_edit_time)
            .map(|at| *at + edits.clock_off)
    }

    /// From now on every call succeeds.
    pub(crate) fn heal(&self) {
        *self.rule.lock() = None;
    }

    /// The late calls arrive now.
    pub(crate) async fn arrive(&self) {
        let late = std::mem::take(&mut *self.late.lock());
        for step in late {
            let _ = self.carry_out(&step).await;
        }
    }

    /// All calls since the last [`Self::forget`], in their order.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().clone()
    }

    /// The names of these calls.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.calls.lock().iter().map(|call| call.name).collect()
    }

    /// How many of these calls have this name.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.calls.lock().iter().filter(|call| call.name == name).count()
    }

    /// The writes among these calls.
    pub(crate) fn writes(&self) -> Vec<(&'static str, RecordId)> {
        let writes = ["create", "update", "reduce", "assign-card", "withdraw-card", "remove"];
        let calls = self.calls.lock();
        calls.iter().filter(|c| writes.contains(&c.name)).filter_map(|c| Some((c.name, c.id?))).collect()
    }

    pub(crate) fn forget(&self) {
        self.calls.lock().clear();
    }

    async fn begin(&self, name: &'static str, id: Option<RecordId>) -> Fate {
        let call = Call { name, id, at: self.clock.now() };
        let fate = self.rule.lock().as_mut().map_or(Fate::Done, |rule| rule(&call));
        self.calls.lock().push(call);
        tokio::time::sleep(self.latency).await;
        if matches!(fate, Fate::Hangs) {
            std::future::pending::<()>().await;
        }
        fate
    }
}

fn failure(name: &'static str, priority: ErrorKind) -> SystemError {
    SystemError::new(priority, name, format!("{name} failed, as the test requests"))
}

fn not_found(name: &'static str) -> SystemError {
    failure(name, ErrorKind::Terminal).with_code(ErrorCode::Endpoint)
}

#[async_trait]
impl AccessSystem for Site {
    fn capabilities(&self) -> &Capabilities {
        self.memory.capabilities()
    }

    async fn check(&self) -> Result<Health, SystemError> {
        match self.begin("check", None).await {
            Fate::Fails(priority) => Err(failure("check", priority)),
            Fate::NotFound => Err(not_found("check")),
            _ => self.memory.check().await,
        }
    }

    async fn observe(&self, scope: Scope) -> Result<Page, SystemError> {
        let name = scope.name();
        let id = if let Scope::Record(id) | Scope::UsedId(id) = &scope { Some(*id) } else { None };
        match self.begin(name, id).await {
            Fate::Fails(priority) => Err(failure(name, priority)),
            Fate::NotFound => Err(not_found(name)),
            Fate::Shows(observed) => Ok(observed),
            _ => {
                let edited = id.and_then(|id| self.edited(id));
                Ok(Page { edited, ..self.shown_in_its_zone(self.memory.observe(scope).await?) })
            }
        }
    }

    async fn apply(&self, step: &Step) -> Result<Applied, SystemError> {
        let name = step.name();
        match self.begin(name, Some(step.id())).await {
            Fate::Fails(priority) => return Err(failure(name, priority)),
            Fate::NotFound => return Err(not_found(name)),
            Fate::Denied => return Err(failure(name, ErrorKind::Auth).with_code(ErrorCode::MayNotCreate)),
            Fate::Claims(applied) => return Ok(applied),
            Fate::Late => self.late.lock().push(step.clone()),
            Fate::LateAfter(time) => {
                tokio::time::sleep(time).await;
                self.late.lock().push(step.clone());
            }
            Fate::AnswerLost => {
                self.carry_out(step).await?;
            }
            _ => return self.carry_out(step).await,
        }
        Err(failure(name, ErrorKind::Transient))
    }

    fn record_format(&self) -> u64 {
        self.dates_off.as_secs().cast_unsigned()
    }

    async fn close(&self) {
        self.begin("close", None).await;
    }
}
