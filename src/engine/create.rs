//! Creates a record under its own id, skips ids that dead records have used up, and never creates it twice.

use std::sync::Arc;

use vestibule_core::diff::Step;
use vestibule_core::identity::{NUMBERS, RecordId, SHORTEST_ALTERED};
use vestibule_core::model::{DesiredRecord, ObservedRecord};
use vestibule_core::number_search::{NextProbe, NumberSearch};

use super::call::TurnError;
use super::creates::CreateStop;
use super::{Engine, Priority, Work};
use crate::system::{self, Applied, Scope, SystemError};

/// How often a create may meet a used id in one turn. A search for a free number runs between two creates.
const ATTEMPTS: usize = 8;

/// How often a create may meet an id that is used by a record which the system does not show.
const HIDDEN: usize = 3;

/// The record that uses an id.
enum UsedBy {
    Living(Box<ObservedRecord>),
    Dead,
    /// The system reports that the id is used, and does not show the record.
    Hidden,
}

/// The result of a search for a free number.
enum Found {
    Free(u16),
    Living(Box<ObservedRecord>),
}

impl Engine {
    /// Creates a record under the first id of its content that is not used up, or takes over the living record of that
    /// content.
    pub(super) async fn create(&self, wanted: &Arc<DesiredRecord>, work: Work) -> Result<(), TurnError> {
        // Until the system has shown that it keeps our ids, it receives only one create at a time.
        let ids_are_kept = self.inner.lock().creates.ids_are_kept();
        let _first = if ids_are_kept { None } else { Some(self.first_create.lock().await) };
        let (mut record, mut hidden) = (Arc::clone(wanted), 0);
        for _ in 0..ATTEMPTS {
            if let Some(made) = self.try_create(&record, work).await? {
                self.inner.lock().creates.keeps_ids();
                return self.add_cards(&made, work).await;
            }
            let found = match self.used_by(record.id, work.priority).await? {
                UsedBy::Living(found) => Found::Living(found),
                UsedBy::Dead => self.find_number(record.id, work.priority).await?,
                UsedBy::Hidden => {
                    hidden += 1;
                    Found::Free(self.pass_hidden(record.id, hidden, work).await?)
                }
            };
            // A dead record used the id up, so the create under this id had no effect.
            match found {
                Found::Living(found) => {
                    let id = found.id.unwrap_or(record.id);
                    return self.bring_into_step(&with_id(&record, id), &found, work).await;
                }
                Found::Free(number) => {
                    self.inner.lock().uncertain.remove(&record.id);
                    record = with_id(&record, RecordId { number, ..record.id });
                }
            }
        }
        Err(used_up().into())
    }

    /// One create. Returns the record as the system has it, or `None` if its id is used.
    async fn try_create(
        &self,
        record: &Arc<DesiredRecord>,
        work: Work,
    ) -> Result<Option<Arc<DesiredRecord>>, TurnError> {
        match self.write(work, &Step::Create(Arc::clone(record))).await {
            Ok(Applied::Exists) => Ok(None),
            Ok(Applied::Misnamed(given)) => self.judge_given(record, given, work).await.map(Some),
            Ok(_) => Ok(Some(Arc::clone(record))),
            Err(turn_error) => {
                self.forget_unsent(record.id, &turn_error);
                Err(turn_error)
            }
        }
    }

    /// The answer names another id than the one that was sent. An id of the same content is accepted; a record under an
    /// altered form of our id is removed again.
    async fn judge_given(
        &self,
        record: &Arc<DesiredRecord>,
        given: String,
        work: Work,
    ) -> Result<Arc<DesiredRecord>, TurnError> {
        let other = given.parse::<RecordId>().ok().filter(|id| id.same_content(&record.id));
        if let Some(id) = other {
            self.inner.lock().uncertain.remove(&record.id);
            return Ok(with_id(record, id));
        }
        if !record.id.is_altered_as(&given) {
            return self.judge_foreign(record, given, work).await;
        }
        self.take_back(record.id, vec![given], work).await?;
        Err(self.creates_stopped())
    }

    /// The answer names an id that is unrelated to ours. A mixed-up answer may name any person, so the record is removed
    /// again only if it equals the one that was sent.
    async fn judge_foreign(
        &self,
        record: &Arc<DesiredRecord>,
        given: String,
        work: Work,
    ) -> Result<Arc<DesiredRecord>, TurnError> {
        if self.read(record.id, work.priority).await?.is_some() {
            return Ok(Arc::clone(record));
        }
        let named = self.observe(work.priority, Scope::ExternalId(given.clone())).await?.records;
        let is_made = |person: &ObservedRecord| {
            let is_marked = person.mark.as_ref() == Some(&record.mark);
            let opens_the_same =
                (person.facts.window, &person.facts.groups) == (Some(record.window), &record.groups);
            person.external_id == given && person.id.is_none() && (is_marked || opens_the_same)
        };
        if !named.iter().any(is_made) {
            return Err(self.stop_creates(record.id, CreateStop::ChosenIds));
        }
        self.take_back(record.id, vec![given], work).await?;
        // An earlier create whose answer was lost cannot be found by its id either.
        self.find_misnamed(record.id, work).await?;
        Err(self.creates_stopped())
    }

    /// A create is uncertain only if its answer was lost, possibly with the lease. A refusal, or a step that was not sent,
    /// leaves no doubt.
    fn forget_unsent(&self, id: RecordId, turn_error: &TurnError) {
        let undecided = match turn_error {
            TurnError::System(error) => error.kind == system::ErrorKind::Transient,
            TurnError::NotLeader => true,
            _ => false,
        };
        if !undecided {
            self.inner.lock().uncertain.remove(&id);
        }
    }

    /// Finds the record that uses an id which the system reports as used.
    async fn used_by(&self, id: RecordId, priority: Priority) -> Result<UsedBy, TurnError> {
        let shown = self.observe(priority, Scope::Record(id)).await?.records;
        match shown.into_iter().find(|person| person.id == Some(id)) {
            Some(person) if !person.dead => Ok(UsedBy::Living(Box::new(person))),
            Some(_) => Ok(UsedBy::Dead),
            None => Ok(self.user(id, priority).await?.map_or(UsedBy::Hidden, |_| UsedBy::Dead)),
        }
    }

    /// The record with this id, even if it is dead or in a partition that we cannot write.
    async fn user(&self, id: RecordId, priority: Priority) -> Result<Option<ObservedRecord>, TurnError> {
        let found = self.observe(priority, Scope::UsedId(id)).await?;
        Ok(found.records.into_iter().find(|person| person.id == Some(id)))
    }

    /// Finds the next free number after a dead record. The number of reads stays small, however many dead records there are.
    async fn find_number(&self, dead: RecordId, priority: Priority) -> Result<Found, TurnError> {
        let mut search = NumberSearch::above(dead.number);
        loop {
            let number = match search.next() {
                NextProbe::Create(number) => return Ok(Found::Free(number)),
                NextProbe::Exhausted => return Err(used_up().into()),
                NextProbe::Read(number) => number,
            };
            let id = RecordId { number, ..dead };
            let user = self.user(id, priority).await?;
            if user.as_ref().is_some_and(|person| !person.dead)
                && let Some(living) = self.read(id, priority).await?
            {
                return Ok(Found::Living(Box::new(living)));
            }
            search.answer(number, user.is_some());
        }
    }

    /// Chooses the next number after a record that the system does not show. A search is impossible there, so the number is
    /// random. A system that may alter ids receives only a few such attempts.
    async fn pass_hidden(&self, id: RecordId, times: usize, work: Work) -> Result<u16, TurnError> {
        if times == 1 {
            if self.find_misnamed(id, work).await? {
                return Err(self.creates_stopped());
            }
            if let Some(kept) = self.find_shortened(id, work.priority).await? {
                return Err(
                    self.stop_creates(id, CreateStop::ShortenedIds { sent: id.to_string().len(), kept })
                );
            }
        }
        if times <= HIDDEN && id.number < NUMBERS - 1 {
            return Ok(rand::random_range(id.number + 1..NUMBERS));
        }
        if self.inner.lock().creates.ids_are_kept() {
            self.inner.lock().uncertain.remove(&id);
            return Err(used_up().into());
        }
        Err(self.stop_creates(id, CreateStop::HiddenIds))
    }

    fn stop_creates(&self, id: RecordId, stop: CreateStop) -> TurnError {
        {
            let mut inner = self.inner.lock();
            inner.uncertain.remove(&id);
            inner.creates.alters_ids(Some(stop));
            self.judge_creates(&mut inner);
        }
        self.creates_stopped()
    }

    /// Finds the length to which a system shortens ids: a dead record exists under the shortened id. The length that was
    /// found last is tried first.
    async fn find_shortened(&self, id: RecordId, priority: Priority) -> Result<Option<usize>, TurnError> {
        let whole = id.to_string();
        let last = self.inner.lock().creates.kept_last();
        let others = (SHORTEST_ALTERED..whole.len()).rev().filter(|length| Some(*length) != last);
        for length in last.into_iter().chain(others) {
            let Some(cut) = whole.get(..length).filter(|cut| cut.parse::<RecordId>().is_err()) else {
                continue;
            };
            let found = self.observe(priority, Scope::ExternalId(cut.to_owned())).await?;
            if found.records.iter().any(|person| person.external_id == cut) {
                return Ok(Some(length));
            }
        }
        Ok(None)
    }
}

fn with_id(record: &Arc<DesiredRecord>, id: RecordId) -> Arc<DesiredRecord> {
    Arc::new(DesiredRecord { id, ..(**record).clone() })
}

fn used_up() -> SystemError {
    let message = format!(
        "all {NUMBERS} ids that one content of a Visitor can have are used by records that were removed: change a field \
         of the Visitor that is sent to the system, such as spec.phone, or make another Visitor"
    );
    SystemError::new(system::ErrorKind::Terminal, "create", message)
}
