//! Reading: each answer complete for what was asked, or an error.

use vestibule_core::identity::RecordId;

use super::dto;
use super::envelope::{Command, Details, Outcome};
use super::walk::Walk;
use super::{LenelS2, errors};
use crate::system::{Cursor, Observed, SystemError};

impl LenelS2 {
    /// One page of the living people.
    pub(super) async fn people(&self, cursor: Option<&Cursor>) -> Result<Observed, SystemError> {
        let (people, next) = self.search(&[], cursor).await?;
        let records = people.iter().map(|person| self.map.record(person)).collect();
        Ok(Observed { records, next, ..Observed::default() })
    }

    /// One record, dead or alive; none if the box does not know it.
    pub(super) async fn record(&self, id: RecordId) -> Result<Observed, SystemError> {
        let person = self.person(id).await?;
        let records = person.iter().map(|person| self.map.record(person)).collect();
        let edited = person.as_ref().and_then(|person| self.map.edited(person));
        Ok(Observed { records, edited, ..Observed::default() })
    }

    /// The living who hold a number in any format. HOTSTAMP is asked for and the numbers compared here: it is the one
    /// number filter that all sources name alike and that most sites set to the encoded number (2.8). A box that
    /// did not know RAWCARDNUMBER might ignore it and answer with everybody (2.16 no. 11). A holder whose printed
    /// number is another is met by `AddCredential`, which such a box refuses.
    pub(super) async fn holders(&self, number: &str) -> Result<Observed, SystemError> {
        let (mut found, mut cursor) = (Observed::default(), None);
        loop {
            let (people, next) = self.search(&[("HOTSTAMP", number)], cursor.as_ref()).await?;
            let holders = people.iter().filter(|one| one.cards.iter().any(|card| card.carries(number)));
            found.records.extend(holders.map(|person| self.map.record(person)));
            match next {
                None => return Ok(found),
                next => cursor = next,
            }
        }
    }

    /// One page of the access levels by name.
    pub(super) async fn levels(&self, cursor: Option<&Cursor>) -> Result<Observed, SystemError> {
        let operation = "GetAccessLevels";
        let here = cursor.map(|cursor| Walk::at(operation, cursor)).transpose()?;
        let from = here.as_ref().map(|walk| ("STARTFROMNAME", walk.key.as_str()));
        let command =
            from.into_iter().fold(Command::new(operation), |all, (name, text)| all.with(name, text));
        let (names, next) = self.page(&command, dto::access_levels).await?.unwrap_or_default();
        let next = Walk::step(operation, here.as_ref(), next)?.map(|walk| walk.cursor());
        Ok(Observed { names, next, ..Observed::default() })
    }

    /// The names of the card formats; which of them are enabled is not said (2.8).
    pub(super) async fn formats(&self) -> Result<Observed, SystemError> {
        let names = self.page(&Command::new("GetCardFormats"), dto::card_formats).await?.unwrap_or_default();
        Ok(Observed { names, ..Observed::default() })
    }

    /// A person of ours as the box shows it.
    pub(super) async fn person(&self, id: RecordId) -> Result<Option<dto::Person>, SystemError> {
        let id = id.to_string();
        let command = Command::new("GetPerson").with("PERSONID", id.as_str());
        let read = |details: &Details| Some(dto::Person::read(details.element(), self.map.udf()));
        let person = self.page(&command, read).await?;
        match person {
            Some(person) if person.id != id => {
                Err(errors::incomplete(command.name, "another person than asked for"))
            }
            person => Ok(person),
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
