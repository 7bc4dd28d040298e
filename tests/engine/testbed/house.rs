//! The declared side of the testbed: the desired records, and all reports of the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use parking_lot::Mutex;
use vestibule::engine::{DesiredStateAnswer, DesiredStateSource, Engine, Outcome, Report, SourceError};
use vestibule_core::identity::{ObjectId, Owner, RecordId};
use vestibule_core::model::{DesiredRecord, ObjectKey};
use vestibule_core::plan::DesiredState;

/// See the module's documentation. An object id that was never declared has no object.
#[derive(Default)]
pub(crate) struct House(Mutex<Rooms>, Mutex<Vec<Weak<Engine>>>);

#[derive(Default)]
struct Rooms {
    desired_states: BTreeMap<ObjectId, DesiredStateAnswer>,
    objects: BTreeSet<ObjectKey>,
    claims: Vec<ObjectId>,
    claim_fails: Option<SourceError>,
    want_fails: Option<SourceError>,
    report_panics: bool,
    incomplete: bool,
    reports: Vec<Report>,
    asked_gone: usize,
}

impl House {
    /// Adds another engine of the same process.
    pub(crate) fn meets(&self, engine: &Arc<Engine>) {
        self.1.lock().push(Arc::downgrade(engine));
    }

    fn neighbours(&self) -> Vec<Arc<Engine>> {
        self.1.lock().iter().filter_map(Weak::upgrade).collect()
    }

    pub(crate) fn declare(&self, object_id: ObjectId, desired: DesiredState) {
        self.declare_known(object_id, desired, Vec::new());
    }

    /// The status of the object names ids under which it was created.
    pub(crate) fn declare_known(&self, object_id: ObjectId, desired: DesiredState, known: Vec<RecordId>) {
        self.0.lock().desired_states.insert(object_id, DesiredStateAnswer { desired, known });
    }

    pub(crate) fn desired_states(&self, record: &DesiredRecord) {
        self.declare(record.id.object_id, DesiredState::Record(record.clone().into()));
    }

    /// The object is not declared, but the API server has it.
    pub(crate) fn still_has(&self, object: &ObjectKey) {
        self.0.lock().objects.insert(object.clone());
    }

    pub(crate) fn set_complete(&self, complete: bool) {
        self.0.lock().incomplete = !complete;
    }

    pub(crate) fn fail_claims(&self, error: Option<SourceError>) {
        self.0.lock().claim_fails = error;
    }

    /// Every question about a desired state gets this error.
    pub(crate) fn fail_wants(&self, error: Option<SourceError>) {
        self.0.lock().want_fails = error;
    }

    /// The next report panics in its task.
    pub(crate) fn panic_at_the_next_report(&self) {
        self.0.lock().report_panics = true;
    }

    pub(crate) fn claims(&self) -> Vec<ObjectId> {
        self.0.lock().claims.clone()
    }

    /// How often the API server was asked whether an object is gone.
    pub(crate) fn asked_gone(&self) -> usize {
        self.0.lock().asked_gone
    }

    /// All outcomes reported for an object, in order.
    pub(crate) fn outcomes(&self, object_id: ObjectId) -> Vec<Outcome> {
        let rooms = self.0.lock();
        rooms.reports.iter().filter(|one| one.object_id == object_id).map(|one| one.outcome.clone()).collect()
    }

    pub(crate) fn forget(&self) {
        self.0.lock().reports.clear();
    }
}

#[async_trait]
impl DesiredStateSource for House {
    async fn desired_state(
        &self,
        _: &ObjectKey,
        object_id: ObjectId,
    ) -> Result<DesiredStateAnswer, SourceError> {
        let rooms = self.0.lock();
        let unknown = if rooms.incomplete { SourceError::Frozen } else { SourceError::NoObject };
        rooms
            .want_fails
            .clone()
            .map_or_else(|| rooms.desired_states.get(&object_id).cloned().ok_or(unknown), Err)
    }

    async fn ensure_finalizer(&self, object_id: ObjectId) -> Result<(), SourceError> {
        let mut rooms = self.0.lock();
        rooms.claims.push(object_id);
        rooms.claim_fails.clone().map_or(Ok(()), Err)
    }

    fn is_complete(&self) -> bool {
        !self.0.lock().incomplete
    }

    fn knows(&self, object_id: ObjectId) -> bool {
        self.0.lock().desired_states.contains_key(&object_id)
    }

    async fn is_gone(&self, object: &ObjectKey) -> Result<bool, SourceError> {
        let mut rooms = self.0.lock();
        rooms.asked_gone += 1;
        Ok(!rooms.objects.contains(object))
    }

    async fn report(&self, report: Report) {
        let mut rooms = self.0.lock();
        assert!(!std::mem::take(&mut rooms.report_panics), "as the test wants");
        rooms.reports.push(report);
    }

    fn record_changed(&self, object_id: ObjectId) {
        self.neighbours().iter().for_each(|engine| engine.object_changed(object_id));
    }

    fn engine_of(&self, owner: Owner) -> Option<Arc<Engine>> {
        self.neighbours().into_iter().find(|engine| engine.owner() == owner)
    }
}
