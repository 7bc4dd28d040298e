//! Making a record: under its own id, past ids that dead records have used up, and never twice.

use std::sync::Arc;

use vestibule_core::diff::Step;
use vestibule_core::identity::{NUMBERS, RecordId, SHORTEST_ALTERED};
use vestibule_core::model::{DesiredRecord, ObservedRecord};
use vestibule_core::number_search::{NextProbe, NumberSearch};

use super::call::TurnError;
use super::creates::CreateStop;
use super::{Engine, Priority, Work};
use crate::system::{self, Applied, Scope, SystemError};

/// How often a create may meet a used id in one turn. The search between two creates leaves one for a race.
const ATTEMPTS: usize = 8;

/// How often a create may meet an id that is used by a record which the system shows to nobody.
const HIDDEN: usize = 3;

/// What an id is used by.
enum UsedBy {
    Living(Box<ObservedRecord>),
    Dead,
    /// The system says that it is used, and does not show by what.
    Hidden,
}

/// Where a search for a number ends.
enum Found {
    Free(u16),
    Living(Box<ObservedRecord>),
}

impl Engine {
    /// Creates a record under the first id of its content that is not used up, or takes over the one that lives.
    pub(super) async fn create(&self, wanted: &Arc<DesiredRecord>, work: Work) -> Result<(), TurnError> {
        // A system that has not shown that it keeps our ids gets one record to show it.
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
            // What used the id up opens nothing, and whatever was sent under it has arrived nowhere.
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

    /// One create. Gives the record as it stands in the system, or nothing if its id is used.
    async fn try_create(
        &self,
        record: &Arc<DesiredRecord>,
        work: Work,
    ) -> Result<Option<Arc<DesiredRecord>>, TurnError> {
        match self.write(work, &Step::Create(Arc::clone(record))).await {
            Ok(Applied::Exists) => Ok(None),
            Ok(Applied::Misnamed(given)) => self.judge_given(record, given, work).await.map(Some),
            Ok(_) => Ok(Some(Arc::clone(record))),
            Err(stop) => {
                self.forget_unsent(record.id, &stop);
                Err(stop)
            }
        }
    }

    /// The answer names another id. One of the same content is as good; what is left of ours is taken back.
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

    /// The answer names an id that has nothing to do with ours. A mixed-up answer may name anybody: only a person who is as
    /// the record was sent is taken back.
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

    /// Only a lost answer leaves a create undecided, be it lost with the lease; a refusal, or a step that was not sent,
    /// decides it.
    fn forget_unsent(&self, id: RecordId, stop: &TurnError) {
        let undecided = match stop {
            TurnError::System(error) => error.kind == system::ErrorKind::Transient,
            TurnError::NotLeader => true,
            _ => false,
        };
        if !undecided {
            self.inner.lock().uncertain.remove(&id);
        }
    }

    /// What uses an id that the system says is used.
    async fn used_by(&self, id: RecordId, priority: Priority) -> Result<UsedBy, TurnError> {
        let shown = self.observe(priority, Scope::Record(id)).await?.records;
        match shown.into_iter().find(|person| person.id == Some(id)) {
            Some(person) if !person.dead => Ok(UsedBy::Living(Box::new(person))),
            Some(_) => Ok(UsedBy::Dead),
            None => Ok(self.user(id, priority).await?.map_or(UsedBy::Hidden, |_| UsedBy::Dead)),
        }
    }

    /// A person of this id, dead or where we cannot write.
    async fn user(&self, id: RecordId, priority: Priority) -> Result<Option<ObservedRecord>, TurnError> {
        let found = self.observe(priority, Scope::UsedId(id)).await?;
        Ok(found.records.into_iter().find(|person| person.id == Some(id)))
    }

    /// The number to go on with past a dead record, in a few reads however many there are.
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

    /// The number to go on with past a record that the system does not show. Where nothing is shown nothing can be searched,
    /// so the number is drawn; a system that may do anything to ids is asked for more only a few times.
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

    /// To how many characters a system shortened an id, as far as a dead record under what is left of it shows. What was
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
