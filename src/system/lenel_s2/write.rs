//! Writing. Every step may be repeated. If a refusal may mean that the step is done already, the person is read and
//! compared; the wording of a refusal decides nothing (systems/lenel-s2.md 2.7, 2.8, 2.11).

use jiff::Timestamp;
use vestibule_core::identity::RecordId;
use vestibule_core::model::{Card, DesiredRecord, Facts, Field};

use super::dto;
use super::envelope::{Command, Outcome};
use super::map::Map;
use super::{LenelS2, errors};
use crate::system::{Applied, SystemError};

impl LenelS2 {
    /// `AddPerson` under the record's own id, so that a retry after a lost answer meets its first attempt. The answer
    /// contains the id that the NetBox stores. If it contains none, the person is read.
    pub(super) async fn create(&self, record: &DesiredRecord) -> Result<Applied, SystemError> {
        let command = self.map.add_person(record);
        match self.client.call(&command).await? {
            Outcome::Success(details) => match details.field("PERSONID") {
                given if given == record.id.to_string() => Ok(Applied::Done),
                "" if self.person(record.id).await?.is_some() => Ok(Applied::Done),
                "" => Err(errors::incomplete(command.name, "success, and does not show the person")),
                given => Ok(Applied::Misnamed(given.to_owned())),
            },
            Outcome::Duplicate => Ok(Applied::Exists),
            Outcome::NotFound => Err(errors::missing(
                command.name,
                "an access level that spec.visitorAccess of its Tenant or of the AccessIntegration names",
            )),
            other => Err(refusal(&command, &other)),
        }
    }

    /// `ModifyPerson`. To empty the set of levels, the present levels are read and withdrawn one by one, the only case
    /// of two calls: the meaning of an empty list is not known (2.16 no. 5).
    pub(super) async fn update(
        &self,
        id: &str,
        facts: &Facts,
        fields: &[Field],
    ) -> Result<Applied, SystemError> {
        let mut command = self.map.modify_person(id, facts, fields);
        if facts.groups.is_empty() && fields.contains(&Field::Groups) {
            let person = self.person_of(id).await?.unwrap_or_default();
            command = Map::withdraw_levels(command, &person.levels);
        }
        match self.client.call(&command).await? {
            Outcome::Success(_) => Ok(Applied::Done),
            Outcome::NotFound => Err(errors::missing(command.name, "the record, or a level that it names,")),
            other => Err(refusal(&command, &other)),
        }
    }

    /// `AddCredential`. If it is refused, the person is read. The card may be there (an answer was lost), or be there
    /// and open nothing (disabled, lost, another end); in that case it is withdrawn and assigned again.
    pub(super) async fn assign(
        &self,
        id: RecordId,
        card: &Card,
        until: Timestamp,
    ) -> Result<Applied, SystemError> {
        let command = self.map.add_credential(id, card, until);
        let refused = match self.client.call(&command).await? {
            Outcome::Success(_) => return Ok(Applied::Done),
            refused => refused,
        };
        let Some(person) = self.person(id).await?.filter(|person| !person.deleted) else {
            return Err(errors::missing(command.name, "the record"));
        };
        if self.map.has_card(&person, card, until) {
            return Ok(Applied::Done);
        }
        if person.cards.iter().any(|held| is_same(held, card)) {
            self.withdraw(id, card).await?;
            return match self.client.call(&command).await? {
                Outcome::Success(_) => Ok(Applied::Done),
                other => Err(refusal_of_card(&command, &other)),
            };
        }
        Err(refusal_of_card(&command, &refused))
    }

    /// `RemoveCredential`. If the NetBox answers that there is none, or refuses, the person is read: the NetBox may
    /// store the number in another form, and accepts only that form. An absent card is success, whatever the wording.
    pub(super) async fn withdraw(&self, id: RecordId, card: &Card) -> Result<Applied, SystemError> {
        let sent = card.number_key();
        let command = Map::remove_credential(id, &card.format, sent);
        let refused = match self.client.call(&command).await? {
            Outcome::Success(_) => return Ok(Applied::Done),
            refused => refused,
        };
        let person = self.person(id).await?.filter(|person| !person.deleted).unwrap_or_default();
        let Some(held) = person.cards.iter().find(|held| is_same(held, card)) else {
            return Ok(Applied::Absent);
        };
        if held.encoded.is_empty() || held.encoded == sent {
            return Err(refusal(&command, &refused));
        }
        let command = Map::remove_credential(id, &held.format, &held.encoded);
        match self.client.call(&command).await? {
            Outcome::Success(_) => Ok(Applied::Done),
            refused => Err(refusal(&command, &refused)),
        }
    }

    /// `RemovePerson`, which removes softly. An absent or removed person is success, whatever the wording (2.7).
    pub(super) async fn remove(&self, id: &str) -> Result<Applied, SystemError> {
        let command = Command::new("RemovePerson").with("PERSONID", id);
        let refused = match self.client.call(&command).await? {
            Outcome::Success(_) => return Ok(Applied::Done),
            Outcome::NotFound => return Ok(Applied::Absent),
            refused => refused,
        };
        match self.person_of(id).await? {
            Some(person) if !person.deleted => Err(refusal(&command, &refused)),
            _ => Ok(Applied::Absent),
        }
    }
}

/// Whether a card of a person has this number and format, whether it opens or not.
fn is_same(held: &dto::AccessCard, card: &Card) -> bool {
    held.format == card.format && held.carries(&card.number)
}

/// The meaning of a refused write.
fn refusal(command: &Command, outcome: &Outcome) -> SystemError {
    match outcome {
        Outcome::Fail(words) => errors::failed(command, words),
        Outcome::NotFound => errors::missing(command.name, "the record, or something that it names,"),
        _ => errors::failed(command, "Duplicate"),
    }
}

/// The same for a card, which may belong to another person.
fn refusal_of_card(command: &Command, outcome: &Outcome) -> SystemError {
    let taken = |words: &str| {
        let lower = words.to_lowercase();
        ["already", "in use", "assigned", "exists", "another"].iter().any(|text| lower.contains(text))
    };
    match outcome {
        Outcome::Duplicate => errors::card_taken(),
        Outcome::Fail(words) if taken(words) => errors::card_taken(),
        Outcome::NotFound => {
            errors::missing(command.name, "the card format that spec.lenelS2.visitorCardFormat names")
        }
        other => refusal(command, other),
    }
}
