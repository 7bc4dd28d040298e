//! Reading: each answer complete for what was asked, or an error.

use vestibule_core::identity::RecordId;
use vestibule_core::model::{Card, ObservedRecord};

use super::dto;
use super::envelope::{Command, Details, Outcome};
use super::map::Map;
use super::walk::Walk;
use super::{LenelS2, errors};
use crate::system::{Cursor, Page, SystemError};

impl LenelS2 {
    /// One page of the living people.
    pub(super) async fn people(&self, cursor: Option<&Cursor>) -> Result<Page, SystemError> {
        let (people, next) = self.search(&[], cursor).await?;
        let records = people.iter().map(|person| self.map.record(person)).collect();
        Ok(Page { records, next, ..Page::default() })
    }

    /// One record, dead or alive; none if the box does not know it.
    pub(super) async fn record(&self, id: RecordId) -> Result<Page, SystemError> {
        let person = self.person(id).await?;
        let records = person.iter().map(|person| self.map.record(person)).collect();
        let edited = person.as_ref().and_then(|person| self.map.edited(person));
        Ok(Page { records, edited, ..Page::default() })
    }

    /// The person of an id that is none of ours, dead or alive.
    pub(super) async fn external(&self, id: &str) -> Result<Page, SystemError> {
        let person = self.person_of(id).await?;
        let records = person.iter().map(|person| self.map.record(person)).collect();
        Ok(Page { records, ..Page::default() })
    }

    /// A person of this id, dead or in another partition too: `GetPerson` may hide both (2.7, 2.13), and ids are used
    /// up all the same. What is found is compared here, since a box may ignore a filter (2.16 no. 11).
    pub(super) async fn used_id(&self, id: RecordId) -> Result<Page, SystemError> {
        let id = id.to_string();
        let everywhere = self.partitioned.then_some(("ALLPARTITIONS", "TRUE"));
        let params = [("PERSONID", id.as_str()), ("DELETED", "ALL")].into_iter().chain(everywhere);
        let command = params.fold(Command::new("SearchPersonData"), |all, (name, text)| all.with(name, text));
        let read = |details: &Details| dto::people(details, self.map.udf());
        let (people, _) = self.page(&command, read).await?.unwrap_or_default();
        let found = people.iter().filter(|person| person.id == id);
        Ok(Page { records: found.map(|person| self.map.record(person)).collect(), ..Page::default() })
    }

    /// The living who hold a card, by the number in it and by the number printed on it: a box drops the leading zeros of the
    /// one and keeps those of the other (2.8). What is found is compared here.
    pub(super) async fn holders(&self, card: &Card) -> Result<Page, SystemError> {
        let (key, printed) = (card.number_key(), card.number.as_str());
        let mut holders = Holders { map: &self.map, card, found: Vec::new() };
        let mut cursor = None;
        loop {
            let (people, next) = self.search(&[("RAWCARDNUMBER", key)], cursor.as_ref()).await?;
            holders.take(&people);
            // A box that does not know this filter may ignore it and list everybody (2.16 no. 11).
            let ignored = people.iter().any(|one| !one.cards.iter().any(|held| held.has_inside(key)));
            match next.filter(|_| !ignored) {
                None => break,
                next => cursor = next,
            }
        }
        for printed in [printed, key].into_iter().take(if printed == key { 1 } else { 2 }) {
            let mut cursor = None;
            loop {
                let (people, next) = self.search(&[("HOTSTAMP", printed)], cursor.as_ref()).await?;
                holders.take(&people);
                match next {
                    None => break,
                    next => cursor = next,
                }
            }
        }
        Ok(Page { records: holders.found, ..Page::default() })
    }

    /// One page of the access levels by name.
    pub(super) async fn levels(&self, cursor: Option<&Cursor>) -> Result<Page, SystemError> {
        let operation = "GetAccessLevels";
        let here = cursor.map(|cursor| Walk::at(operation, cursor)).transpose()?;
        let from = here.as_ref().map(|walk| ("STARTFROMNAME", walk.key.as_str()));
        let command =
            from.into_iter().fold(Command::new(operation), |all, (name, text)| all.with(name, text));
        let (names, next) = self.page(&command, dto::access_levels).await?.unwrap_or_default();
        let next = Walk::step(operation, here.as_ref(), next)?.map(|walk| walk.cursor());
        Ok(Page { names, next, ..Page::default() })
    }

    /// The names of the card formats; which of them are enabled is not said (2.8).
    pub(super) async fn formats(&self) -> Result<Page, SystemError> {
        let names = self.page(&Command::new("GetCardFormats"), dto::card_formats).await?.unwrap_or_default();
        Ok(Page { names, ..Page::default() })
    }

    /// A person of ours as the box shows it.
    pub(super) async fn person(&self, id: RecordId) -> Result<Option<dto::Person>, SystemError> {
        self.person_of(&id.to_string()).await
    }

    /// The person of an id. A box that shortens ids may shorten the one that is asked for as well: the person that it
    /// shows then is not the one.
    pub(super) async fn person_of(&self, id: &str) -> Result<Option<dto::Person>, SystemError> {
        let command = Command::new("GetPerson").with("PERSONID", id);
        let read = |details: &Details| Some(dto::Person::read(details.element(), self.map.udf()));
        let person = self.page(&command, read).await?;
        match person {
            Some(person) if person.id == id => Ok(Some(person)),
            Some(person) if !person.id.is_empty() && id.starts_with(&person.id) => Ok(None),
            Some(_) => Err(errors::incomplete(command.name, "another person than asked for")),
            None => Ok(None),
        }
    }

    async fn search(
        &self,
        filter: &[(&'static str, &str)],
        cursor: Option<&Cursor>,
    ) -> Result<(Vec<dto::Person>, Option<Cursor>), SystemError> {
        let operation = "SearchPersonData";
        let here = cursor.map(|cursor| Walk::at(operation, cursor)).transpose()?;
        let from = here.as_ref().map(|walk| ("STARTFROMKEY", walk.key.as_str()));
        // What is left out has defaults that nobody knows (2.16 no. 14): the dead are excluded by word, and again here.
        let scope =
            [("DELETED", "FALSE")].into_iter().chain(self.partitioned.then_some(("ALLPARTITIONS", "FALSE")));
        let params = filter.iter().copied().chain(scope).chain(from);
        let command = params.fold(Command::new(operation), |all, (name, text)| all.with(name, text));
        let read = |details: &Details| dto::people(details, self.map.udf());
        let (mut people, next) = self.page(&command, read).await?.unwrap_or_default();
        people.retain(|person| !person.deleted);
        let next = Walk::step(operation, here.as_ref(), next)?.map(|walk| walk.cursor());
        Ok((people, next))
    }

    /// Sends a command that reads. Not found, in either form, is nothing; a success without its list is an error.
    async fn page<T>(
        &self,
        command: &Command,
        read: impl Fn(&Details) -> Option<T> + Send,
    ) -> Result<Option<T>, SystemError> {
        match self.client.call(command).await? {
            Outcome::Success(details) => read(&details)
                .map(Some)
                .ok_or_else(|| errors::incomplete(command.name, "success without its list")),
            Outcome::NotFound => Ok(None),
            Outcome::Fail(words) => Err(errors::failed(command, &words)),
            Outcome::Duplicate | Outcome::ApiError(_) => {
                Err(errors::incomplete(command.name, "what no read answers"))
            }
        }
    }
}

/// The people found who hold a card, each once.
struct Holders<'a> {
    map: &'a Map,
    card: &'a Card,
    found: Vec<ObservedRecord>,
}

impl Holders<'_> {
    fn take(&mut self, people: &[dto::Person]) {
        let holds = |person: &&dto::Person| person.cards.iter().any(|held| self.map.is_card(held, self.card));
        for person in people.iter().filter(holds) {
            if !self.found.iter().any(|known| known.external_id == person.id) {
                self.found.push(self.map.record(person));
            }
        }
    }
}
