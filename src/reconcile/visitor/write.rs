//! The writers: at the end of a pass the status is written, once, and only if a reader could see a difference.

use std::sync::Arc;

use jiff::SignedDuration;
use vestibule_core::identity::Slot;
use vestibule_core::status::{Truth, Verdict, conditions};

use super::Visitors;
use super::plan::{self, Standing};
use super::row::{PlaceState, Plan};
use super::status::{self, GRACE, verdict};
use super::validate::{Object, Said, validate};
use crate::cluster::rows::Life;
use crate::engine::{Class, Condition, SourceError};
use crate::reconcile::directory::{Directory, tenant_id};

/// Whether a status may have to be written, as far as a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ToTell {
    /// It says what there is to say.
    Nothing,
    /// It differs, or the whole object is needed to know.
    Something,
    /// The work is under way; to be told if it takes long.
    Later,
}

/// How long a new generation may be carried out before its status says that it is.
const PATIENCE: SignedDuration = SignedDuration::from_secs(10);

impl Visitors {
    /// Queues a slot for a writer, with the rank of the work it tells of: the status of a user's new visitor does not
    /// wait behind those of a whole midnight.
    pub(super) fn settle_soon(&self, slot: Slot, class: Class) {
        self.settling.lock().push(slot, class, None, self.clock.now());
        self.settle.notify_one();
    }

    /// Queues a slot if, by its row, its status has something else to say than it says.
    pub(super) fn settle_if_it_differs(&self, slot: Slot, class: Class) {
        match self.by_row_alone(slot) {
            ToTell::Nothing => {}
            ToTell::Something => self.settle_soon(slot, class),
            ToTell::Later => {
                self.settle_later(slot, PATIENCE);
            }
        }
    }

    /// Has a slot looked at again when so much time has gone by, whether or not anything is heard of it. Not before anybody
    /// else: the visitors of a system that hangs are many, and those of a healthy one wait for the same writers.
    fn settle_later(&self, slot: Slot, wait: SignedDuration) {
        let now = self.clock.now();
        let later = now.checked_add(wait).ok();
        self.settling.lock().push(slot, Class::Drift, later, now);
        self.settle.notify_one();
    }

    /// What is to be told of a slot, as far as its row says; its object is not looked at.
    fn by_row_alone(&self, slot: Slot) -> ToTell {
        let directory = self.directory();
        let table = self.table.lock();
        let Some(row) = table.row(slot) else { return ToTell::Nothing };
        if row.is_deleting() || row.plan.refused || row.plan.visit.is_none() {
            return ToTell::Something;
        }
        if !row.is_ours() && is_held(slot, &directory) {
            return ToTell::Something;
        }
        let standing = self.standing(&row.plan, &directory);
        match self.said(slot, &row.plan, &standing, &directory, &Said::default(), row.generation()) {
            None => ToTell::Later,
            Some(said) if status::hash(&said) == row.plan.says => ToTell::Nothing,
            Some(_) => ToTell::Something,
        }
    }

    /// One writer: takes slots until it is dropped.
    pub(super) async fn write_statuses(self: Arc<Self>) {
        loop {
            let (popped, next) = {
                let mut queue = self.settling.lock();
                (queue.pop(self.clock.now()), queue.next_at())
            };
            let Some((slot, class)) = popped else {
                let wake = async {
                    match next {
                        Some(at) => self.clock.sleep_until(at).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = self.settle.notified() => {}
                    () = wake => {}
                }
                continue;
            };
            // Another writer may have slept over a notification that was meant for more than one slot.
            self.settle.notify_one();
            let result = self.settle(slot).await;
            let mut queue = self.settling.lock();
            if let Err(error) = result {
                tracing::debug!(?slot, %error, "the status could not be written; tried again");
                queue.retry(slot, class, self.clock.now(), crate::system::Class::Transient, rand::random());
            } else {
                queue.done(slot);
            }
        }
    }

    async fn settle(&self, slot: Slot) -> Result<(), SourceError> {
        // A trouble is told in another way as time goes by.
        let untroubled = !self.is_troubled(slot);
        let missing = {
            let table = self.table.lock();
            table.row(slot).filter(|row| row.life() == Life::Missing).map(|row| table.key_of(row))
        };
        let object = match missing {
            Some(key) => self.fetch(slot, &key).await?,
            None if untroubled && self.by_row_alone(slot) == ToTell::Nothing => {
                self.at_hand.lock().drop_object(slot);
                return Ok(());
            }
            None => self.object(slot).await?,
        };
        let Some(object) = object else { return Ok(()) };
        let (plan, ours) = {
            let table = self.table.lock();
            let Some(row) = table.row(slot) else { return Ok(()) };
            (row.plan.clone(), row.is_ours())
        };
        let directory = self.directory();
        if object.meta.deleting {
            return if ours { self.settle_deletion(slot, &object, &plan, &directory).await } else { Ok(()) };
        }
        if !ours && is_held(slot, &directory) {
            // Taken over, or somebody took the finalizer away: without it a deletion would leave the record behind.
            self.put_finalizer(slot, &object).await?;
        }
        let standing = self.standing_of(&object, &plan, &directory);
        let previous = object.status.clone().unwrap_or_default();
        let said = self.said_patiently(slot, &plan, &standing, &directory, &previous, object.meta.generation);
        if said.as_ref().is_some_and(is_in_grace) {
            self.settle_later(slot, GRACE);
        }
        match said {
            Some(said) if !same(&said, &previous) => self.write_status(slot, &object, said).await,
            _ => {
                self.note_said(slot, &previous);
                Ok(())
            }
        }
    }

    fn standing(&self, plan: &Plan, directory: &Directory) -> Standing {
        match plan.visit {
            Some(visit) => plan::standing(visit, directory.tenant(plan.tenant), self.clock.now()).0,
            None => Standing::Refused(String::new()),
        }
    }

    /// The standing with the sentence of a refusal, which needs the whole object.
    fn standing_of(&self, object: &Object, plan: &Plan, directory: &Directory) -> Standing {
        let visitor = match validate(object) {
            Ok(visitor) => visitor,
            Err(sentence) => return Standing::Refused(sentence),
        };
        let standing = self.standing(plan, directory);
        let tenant = directory.tenant(tenant_id(&visitor.tenant));
        let (Standing::Today, Some(tenant)) = (&standing, tenant) else { return standing };
        let now = self.clock.now();
        let refusal = tenant
            .access
            .iter()
            .find_map(|access| plan::record(&visitor, &object.meta.key, tenant, access, now).err());
        refusal.map_or(standing, Standing::Refused)
    }

    fn said(
        &self,
        slot: Slot,
        plan: &Plan,
        standing: &Standing,
        directory: &Directory,
        previous: &Said,
        generation: i64,
    ) -> Option<Said> {
        let trouble = self.trouble_of(slot, plan);
        let states: Vec<PlaceState> = plan.places.iter().map(|place| place.state).collect();
        let unready = directory.tenant(plan.tenant).and_then(|tenant| tenant.unready.first());
        let verdict = match unready.filter(|_| *standing == Standing::Today && trouble.is_none()) {
            Some(name) => Verdict::dependency_not_ready(format!(
                "waits for AccessIntegration {name}, which is not ready: see its status"
            )),
            None => verdict(standing, &states, trouble.as_ref(), false)?,
        };
        Some(self.settled(slot, &verdict, directory, previous, generation))
    }

    /// As [`Self::said`], but work on a new generation that has taken this long is told as such.
    fn said_patiently(
        &self,
        slot: Slot,
        plan: &Plan,
        standing: &Standing,
        directory: &Directory,
        previous: &Said,
        generation: i64,
    ) -> Option<Said> {
        let new = previous.status.observed_generation != generation;
        let said = self.said(slot, plan, standing, directory, previous, generation);
        let states: Vec<PlaceState> = plan.places.iter().map(|place| place.state).collect();
        said.or_else(|| {
            let verdict = match waits_for(plan, directory).filter(|_| new && *standing == Standing::Today) {
                Some(integration) => Verdict::dependency_not_ready(format!(
                    "waits for AccessIntegration {integration}, which is not connected: see its status"
                )),
                None => verdict(standing, &states, None, new)?,
            };
            Some(self.settled(slot, &verdict, directory, previous, generation))
        })
    }

    pub(super) fn settled(
        &self,
        slot: Slot,
        verdict: &Verdict,
        directory: &Directory,
        previous: &Said,
        generation: i64,
    ) -> Said {
        let held = directory.engines.iter().filter_map(|(key, engine)| {
            let held = engine.held(slot);
            match held {
                Some(held) => held.first().map(|one| (key.name.clone(), one.id, engine.external_id(&one.id))),
                None => None,
            }
        });
        let mut records = status::records(held.collect());
        // What an engine that has not synced holds is not known: what was said of it stays.
        let unknown = directory.engines.iter().filter(|(_, engine)| engine.held(slot).is_none());
        for (key, _) in unknown {
            records.extend(previous.records.iter().filter(|record| record.integration == key.name).cloned());
        }
        Said { status: verdict.settle(&previous.status, generation, self.clock.now()), records }
    }

    pub(super) async fn write_status(
        &self,
        slot: Slot,
        object: &Object,
        said: Said,
    ) -> Result<(), SourceError> {
        let before = object.status.clone().unwrap_or_default();
        let answer = self.writer.status(&object.meta, &before.status, &said.status, &said).await;
        self.take_written(slot, answer.map(Some))?;
        self.note_first_ready(object, &before, &said);
        self.note_said(slot, &said);
        Ok(())
    }

    /// How long the first Ready took since the object was made.
    fn note_first_ready(&self, object: &Object, before: &Said, said: &Said) {
        let first = before.status.condition(conditions::READY).is_none() && is_ready(said) == Some(true);
        if let Some(created) = object.meta.created.filter(|_| first) {
            let seconds = jiff::Timestamp::now().duration_since(created).as_secs_f64();
            self.metrics.controllers.first_ready("Visitor", seconds);
        }
    }

    fn note_said(&self, slot: Slot, said: &Said) {
        if let Some(row) = self.table.lock().row_mut(slot) {
            self.note_status(&mut row.plan, Some(said));
        }
        self.at_hand.lock().drop_object(slot);
    }

    /// Sets our finalizer, on exactly the object that was looked at.
    pub(super) async fn put_finalizer(&self, slot: Slot, object: &Object) -> Result<(), SourceError> {
        if object.meta.is_ours() {
            return Ok(());
        }
        if object.meta.deleting || !self.fence.held() {
            return Err(SourceError::Frozen);
        }
        self.take_written(slot, self.writer.finalizer(&object.meta, true).await)
    }

    /// Takes in the answer to a write. One that met another state of the object is repeated on the state that is there.
    pub(super) fn take_written(
        &self,
        slot: Slot,
        answer: kube::Result<Option<Object>>,
    ) -> Result<(), SourceError> {
        match answer {
            Ok(object) => {
                if let Some(object) = object {
                    self.take_answer(slot, &Arc::new(object));
                }
                Ok(())
            }
            Err(kube::Error::Api(status)) if status.code == 404 => {
                self.at_hand.lock().drop_object(slot);
                self.settle_soon(slot, Class::UserChange);
                Err(SourceError::Frozen)
            }
            Err(error) => {
                self.at_hand.lock().drop_object(slot);
                Err(SourceError::Unreachable(error.to_string()))
            }
        }
    }
}

impl Visitors {
    /// Notes in a row what its status says, and counts it.
    pub(super) fn note_status(&self, plan: &mut Plan, said: Option<&Said>) {
        let word = |ready: Option<bool>| ready.map(|ready| if ready { "True" } else { "False" });
        let ready = said.and_then(is_ready);
        if ready != plan.ready {
            self.metrics.controllers.object("Visitor", conditions::READY, word(plan.ready), word(ready));
        }
        (plan.says, plan.ready) = (said.map_or(0, status::hash), ready);
    }
}

fn is_ready(said: &Said) -> Option<bool> {
    said.status.condition(conditions::READY).map(|ready| ready.status == Truth::True)
}

/// Whether a reader could not tell the two apart, times aside.
pub(super) fn same(a: &Said, b: &Said) -> bool {
    a.status.same_without_times(&b.status) && a.records == b.records
}

/// Whether a system holds something of the slot.
fn is_held(slot: Slot, directory: &Directory) -> bool {
    directory.engines.values().any(|engine| engine.held(slot).is_some_and(|held| !held.is_empty()))
}

/// The integration that a visitor waits for and that is not connected.
fn waits_for<'a>(plan: &Plan, directory: &'a Directory) -> Option<&'a str> {
    let waiting = plan.places.iter().filter(|place| place.state == PlaceState::Waiting);
    let indexes: Vec<u16> = waiting.map(|place| place.integration).collect();
    let down = directory.engines.iter().find(|(key, engine)| {
        let concerned = directory.indexes.get(key).is_some_and(|index| indexes.contains(index));
        concerned && engine.state().borrow().condition != Condition::Connected
    });
    down.map(|(key, _)| key.name.as_str())
}

/// Whether `Ready` keeps its value only until the grace time is over: while a system is down, nothing else will ask.
fn is_in_grace(said: &Said) -> bool {
    let retried = said.status.condition(conditions::RECONCILING).is_some_and(|reconciling| {
        [conditions::PROGRESSING_WITH_RETRY, conditions::THROTTLED].contains(&reconciling.reason.as_str())
    });
    let ready = said.status.condition(conditions::READY);
    retried && ready.is_none_or(|ready| ready.status != Truth::False)
}
