//! A system in memory: an executable definition of the trait [`AccessSystem`]. The contract suite
//! (`tests/contract_*.rs`) holds every other system to it. Tests that need a system but no wire protocol use it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use async_trait::async_trait;
use parking_lot::Mutex;
use vestibule_core::adapt::{Capabilities, Contact, Names};
use vestibule_core::diff::Step;
use vestibule_core::identity::RecordId;
use vestibule_core::model::{Card, DesiredRecord, Facts, Field, ObservedRecord};

use super::{AccessSystem, Applied, Cursor, ErrorCode, ErrorKind, Health, Page, Scope, SystemError};

/// A fault of the next call of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call fails and nothing is done.
    Refuse(SystemError),
    /// The call is done, but the answer is lost: `Transient`, as with any protocol.
    LoseAnswer,
}

/// How the system treats the ids that creates name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ids {
    /// It keeps them.
    #[default]
    Kept,
    /// It keeps this many characters of each, and of every note.
    Shortened(usize),
    /// It chooses them itself: `_1`, `_2` and so on.
    Chosen,
}

/// A system that keeps removed records, never uses an id again, pages its lists and allows one holder for each card.
#[derive(Debug)]
pub struct Memory {
    capabilities: Capabilities,
    page_size: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    people: BTreeMap<String, ObservedRecord>,
    groups: BTreeSet<String>,
    formats: BTreeSet<String>,
    ids: Ids,
    faults: Vec<(&'static str, Fault)>,
    calls: BTreeMap<&'static str, u64>,
    omitted: BTreeSet<String>,
}

impl Default for Memory {
    /// Like a NetBox without groups and with one card format, `26 bit Wiegand`.
    fn default() -> Self {
        let format = "26 bit Wiegand".to_owned();
        let capabilities = Capabilities {
            system: "Memory",
            zone: None,
            contact: Contact::EmailOrPhone,
            enforces_window: true,
            max_groups: 32,
            card_format: Some(format.clone()),
            names: Names::Unicode,
            tells_tenant: true,
            shows_edit_time: false,
        };
        let state = State { formats: [format].into(), ..State::default() };
        Self { capabilities, page_size: 100, state: Mutex::new(state) }
    }
}

impl Memory {
    /// A system with these access groups.
    pub fn with_groups<I: IntoIterator<Item: Into<String>>>(groups: I) -> Self {
        let memory = Self::default();
        memory.state.lock().groups = groups.into_iter().map(Into::into).collect();
        memory
    }

    /// The same with other capabilities.
    #[must_use]
    pub fn able(self, capabilities: Capabilities) -> Self {
        Self { capabilities, ..self }
    }

    /// The same with pages of at most this many entries.
    #[must_use]
    pub fn paged(self, page_size: usize) -> Self {
        Self { page_size: page_size.max(1), ..self }
    }

    /// Treats ids this way from now on.
    pub fn set_ids(&self, ids: Ids) {
        self.state.lock().ids = ids;
    }

    /// Makes the next call of an operation fail. Called twice, it makes the next two fail. Operations are named as in
    /// [`Self::calls`].
    pub fn fail_next(&self, operation: &'static str, fault: Fault) {
        self.state.lock().faults.push((operation, fault));
    }

    /// How often an operation was called: `check`, `people`, `record`, `used`, `card`, `groups`, `formats`, `create`, `update`,
    /// `assign`, `withdraw` or `remove`.
    pub fn calls(&self, operation: &str) -> u64 {
        self.state.lock().calls.get(operation).copied().unwrap_or_default()
    }

    /// Adds a person as an operator of the system would, in place of any of the same id.
    pub fn put(&self, person: ObservedRecord) {
        self.state.lock().people.insert(person.external_id.clone(), person);
    }

    /// Changes a person's facts without the controller's knowledge; false if there is no such person.
    pub fn edit(&self, external_id: &str, change: impl FnOnce(&mut Facts)) -> bool {
        let mut state = self.state.lock();
        state.people.get_mut(external_id).map(|person| change(&mut person.facts)).is_some()
    }

    /// The next whole list lacks this person.
    pub fn omit_from_next_list(&self, external_id: &str) {
        self.state.lock().omitted.insert(external_id.to_owned());
    }

    /// Every person by id, removed ones included.
    pub fn all_records(&self) -> Vec<ObservedRecord> {
        self.state.lock().people.values().cloned().collect()
    }

    /// Counts a call, applies its fault, runs it, and may lose its answer.
    fn call<T>(
        &self,
        operation: &'static str,
        run: impl FnOnce(&mut State) -> Result<T, SystemError>,
    ) -> Result<T, SystemError> {
        let mut state = self.state.lock();
        *state.calls.entry(operation).or_default() += 1;
        let position = state.faults.iter().position(|(name, _)| *name == operation);
        match position.map(|at| state.faults.remove(at).1) {
            None => run(&mut state),
            Some(Fault::Refuse(error)) => Err(error),
            Some(Fault::LoseAnswer) => {
                run(&mut state)?;
                let message = format!("{operation} failed: no answer came; it is tried again");
                Err(SystemError::new(ErrorKind::Transient, operation, message))
            }
        }
    }
}

#[async_trait]
impl AccessSystem for Memory {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn check(&self) -> Result<Health, SystemError> {
        self.call("check", |_| Ok(Health { version: "memory".to_owned() }))
    }

    async fn observe(&self, scope: Scope) -> Result<Page, SystemError> {
        let size = self.page_size;
        match scope {
            Scope::People(cursor) => {
                self.call("people", |state| Ok(state.page_of_people(cursor.as_ref(), size)))
            }
            Scope::Record(id) => self.call("record", |state| Ok(state.person(&id.to_string()))),
            Scope::UsedId(id) => self.call("used", |state| Ok(state.person(&id.to_string()))),
            Scope::ExternalId(id) => self.call("record", |state| Ok(state.person(&id))),
            Scope::Card(card) => self.call("card", |state| {
                let holds = |person: &&ObservedRecord| person.facts.cards.contains_key(&card);
                let records = state.living().filter(holds).cloned().collect();
                Ok(Page { records, ..Page::default() })
            }),
            Scope::Groups(cursor) => self.call("groups", |state| {
                let (names, next) = page(&state.groups, cursor.as_ref(), size);
                Ok(Page { names, next, ..Page::default() })
            }),
            Scope::CardFormats => self.call("formats", |state| {
                Ok(Page { names: state.formats.iter().cloned().collect(), ..Page::default() })
            }),
        }
    }

    async fn apply(&self, step: &Step) -> Result<Applied, SystemError> {
        match step {
            Step::Create(record) => self.call("create", |state| state.create(record)),
            Step::Update { id, record, fields } => {
                self.call("update", |state| state.update(&id.to_string(), &record.facts(), fields))
            }
            Step::Reduce { id, facts, fields } => {
                self.call("update", |state| state.update(&id.to_string(), facts, fields))
            }
            Step::ReduceMisnamed { record, facts, fields } => {
                self.call("update", |state| state.update(&record.external_id, facts, fields))
            }
            Step::AssignCard { id, card, until } => self.call("assign", |state| {
                state.free(*id, card)?;
                state.own("assign", &id.to_string())?.facts.cards.insert(card.clone(), Some(*until));
                Ok(Applied::Done)
            }),
            Step::WithdrawCard { id, card } => self.call("withdraw", |state| {
                let found = state.people.get_mut(&id.to_string());
                let taken = found.and_then(|person| person.facts.cards.remove(card));
                Ok(if taken.is_some() { Applied::Done } else { Applied::Absent })
            }),
            Step::Remove(id) => self.call("remove", |state| Ok(state.remove(&id.to_string()))),
            Step::RemoveMisnamed(record) => {
                self.call("remove", |state| Ok(state.remove(&record.external_id)))
            }
        }
    }

    async fn close(&self) {}
}

impl State {
    fn person(&self, external_id: &str) -> Page {
        Page { records: self.people.get(external_id).cloned().into_iter().collect(), ..Page::default() }
    }

    fn living(&self) -> impl Iterator<Item = &ObservedRecord> {
        self.people.values().filter(|person| !person.dead)
    }

    fn page_of_people(&mut self, cursor: Option<&Cursor>, size: usize) -> Page {
        let mut ids: BTreeSet<_> = self.living().map(|person| person.external_id.clone()).collect();
        ids.retain(|id| !self.omitted.contains(id));
        let (ids, next) = page(&ids, cursor, size);
        if next.is_none() {
            self.omitted.clear();
        }
        let records = ids.iter().filter_map(|id| self.people.get(id)).cloned().collect();
        Page { records, next, ..Page::default() }
    }

    /// An id is used once: a living record has it, or a removed one had it.
    fn create(&mut self, record: &DesiredRecord) -> Result<Applied, SystemError> {
        let whole = record.id.to_string();
        let external_id = match self.ids {
            Ids::Kept => whole.clone(),
            Ids::Shortened(length) => whole.chars().take(length).collect(),
            Ids::Chosen => format!("_{}", self.people.len() + 1),
        };
        if self.people.contains_key(&external_id) {
            return Ok(Applied::Exists);
        }
        self.known("create", &record.groups)?;
        let made = ObservedRecord {
            external_id: external_id.clone(),
            id: external_id.parse().ok(),
            mark: Some(record.mark.clone()).filter(|_| !matches!(self.ids, Ids::Shortened(_))),
            dead: false,
            // The card is a step of its own.
            facts: DesiredRecord { card: None, ..record.clone() }.facts(),
        };
        self.people.insert(external_id.clone(), made);
        Ok(if external_id == whole { Applied::Done } else { Applied::Misnamed(external_id) })
    }

    fn update(
        &mut self,
        external_id: &str,
        wanted: &Facts,
        fields: &[Field],
    ) -> Result<Applied, SystemError> {
        if fields.contains(&Field::Groups) {
            self.known("update", &wanted.groups)?;
        }
        let facts = &mut self.own("update", external_id)?.facts;
        for field in fields {
            match field {
                Field::Name => {
                    facts.person.first_name.clone_from(&wanted.person.first_name);
                    facts.person.last_name.clone_from(&wanted.person.last_name);
                }
                Field::Contact => {
                    facts.person.email.clone_from(&wanted.person.email);
                    facts.person.phone.clone_from(&wanted.person.phone);
                }
                Field::Tenant => facts.tenant.clone_from(&wanted.tenant),
                Field::Window => facts.window = wanted.window,
                Field::Groups => facts.groups.clone_from(&wanted.groups),
                Field::Cards => {}
            }
        }
        Ok(Applied::Done)
    }

    /// Removes softly: the record stays, opens nothing, and keeps its id.
    fn remove(&mut self, external_id: &str) -> Applied {
        match self.people.get_mut(external_id) {
            Some(person) if !person.dead => {
                person.dead = true;
                person.facts.groups.clear();
                person.facts.cards.clear();
                Applied::Done
            }
            _ => Applied::Absent,
        }
    }

    /// A living record, to be changed.
    fn own(
        &mut self,
        operation: &'static str,
        external_id: &str,
    ) -> Result<&mut ObservedRecord, SystemError> {
        let found = self.people.get_mut(external_id).filter(|person| !person.dead);
        found.ok_or_else(|| missing(operation, "the record"))
    }

    fn known(&self, operation: &'static str, groups: &BTreeSet<String>) -> Result<(), SystemError> {
        let unknown = groups.iter().find(|group| !self.groups.contains(*group));
        unknown.map_or(Ok(()), |group| Err(missing(operation, &format!("the access group {group}"))))
    }

    /// A card has one living holder at a time, and a format that exists.
    fn free(&self, id: RecordId, card: &Card) -> Result<(), SystemError> {
        if !self.formats.contains(&card.format) {
            return Err(missing("assign", "the card format"));
        }
        let holder = self.living().find(|person| person.facts.cards.contains_key(card));
        if holder.is_some_and(|person| person.id != Some(id)) {
            let message = "assign failed: this credential number already belongs to someone else";
            let error = SystemError::new(ErrorKind::Terminal, "assign", message);
            return Err(error.with_code(ErrorCode::CardTaken));
        }
        Ok(())
    }
}

fn missing(operation: &'static str, what: &str) -> SystemError {
    SystemError::new(ErrorKind::Dependency, operation, format!("{operation} failed: {what} is not there"))
}

/// The entries after a cursor, which is the last entry of the previous page. Adding or removing entries during a walk
/// makes no other entry appear twice or not at all.
fn page(all: &BTreeSet<String>, after: Option<&Cursor>, size: usize) -> (Vec<String>, Option<Cursor>) {
    let start = after.map_or(Bound::Unbounded, |cursor| Bound::Excluded(cursor.0.clone()));
    let mut rest = all.range((start, Bound::Unbounded)).cloned();
    let page: Vec<String> = rest.by_ref().take(size).collect();
    let next = rest.next().and_then(|_| page.last().cloned()).map(Cursor);
    (page, next)
}
