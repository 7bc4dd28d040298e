//! Reading. Each answer is complete for its scope, or an error.

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

    /// One record, removed or not; none if the NetBox does not know it.
    pub(super) async fn record(&self, id: RecordId) -> Result<Page, SystemError> {
        let person = self.person(id).await?;
        let records = person.iter().map(|person| self.map.record(person)).collect();
        let edited = person.as_ref().and_then(|person| self.map.edited(person));
        Ok(Page { records, edited, ..Page::default() })
    }

    /// The person of an id that is not one of this controller's, removed or not.
    pub(super) async fn external(&self, id: &str) -> Result<Page, SystemError> {
        let person = self.person_of(id).await?;
        let records = person.iter().map(|person| self.map.record(person)).collect();
        Ok(Page { records, ..Page::default() })
    }

    /// A person of this id, including a removed one and one in another partition. `GetPerson` may hide both (2.7,
    /// 2.13), and their ids are still in use. The found people are compared here, since a NetBox may ignore a filter
    /// (2.16 no. 11).
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

    /// The living people with a card, by its encoded and by its printed number: a NetBox drops the leading zeros of the
    /// one and keeps those of the other (2.8). The found people are compared here.
    pub(super) async fn holders(&self, card: &Card) -> Result<Page, SystemError> {
        let (key, printed) = (card.number_key(), card.number.as_str());
        let mut holders = Holders { map: &self.map, card, found: Vec::new() };
        let mut cursor = None;
        loop {
            let (people, next) = self.search(&[("RAWCARDNUMBER", key)], cursor.as_ref()).await?;
            holders.take(&people);
            // A NetBox that does not know this filter may ignore it and list everyone (2.16 no. 11).
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

    /// The names of the card formats. The answer does not say which of them are enabled (2.8).
    pub(super) async fn formats(&self) -> Result<Page, SystemError> {
        let names = self.page(&Command::new("GetCardFormats"), dto::card_formats).await?.unwrap_or_default();
        Ok(Page { names, ..Page::default() })
    }

    /// A person of this controller as the NetBox returns it.
    pub(super) async fn person(&self, id: RecordId) -> Result<Option<dto::Person>, SystemError> {
        self.person_of(&id.to_string()).await
    }

    /// The person of an id. A NetBox that shortens ids may also shorten the requested one, and then returns another
    /// person.
    pub(super) async fn person_of(&self, id: &str) -> Result<Option<dto::Person>, SystemError> {
        let command = Command::new("GetPerson").with("PERSONID", id);
        let read = |details: &Details| Some(dto::Person::read(details.element(), self.map.udf()));
        let person = self.page(&command, read).await?;
        match person {
            Some(person) if person.id == id => Ok(Some(person)),
            Some(person) if !person.id.is_empty() && id.starts_with(&person.id) => Ok(None),
            Some(_) => Err(errors::incomplete(command.name, "another person than the requested one")),
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
        // Omitted parameters have unknown defaults (2.16 no. 14). So removed people are excluded explicitly, and again
        // here.
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

    /// Sends a command that reads. "Not found", in either form, means none. A success without its list is an error.
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

/// The people found with a card, each once.
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
