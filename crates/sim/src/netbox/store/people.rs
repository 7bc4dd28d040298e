//! People and their cards, found by key, by id and by card.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::DateTime;

use super::MASTER;

/// Text fields that AddPerson and ModifyPerson take, in the order of an answer (2.7).
pub(crate) const TEXTS: [&str; 43] = [
    "FIRSTNAME",
    "MIDDLENAME",
    "LASTNAME",
    "USERNAME",
    "PASSWORD",
    "ROLE",
    "AUTHTYPE",
    "UDF1",
    "UDF2",
    "UDF3",
    "UDF4",
    "UDF5",
    "UDF6",
    "UDF7",
    "UDF8",
    "UDF9",
    "UDF10",
    "UDF11",
    "UDF12",
    "UDF13",
    "UDF14",
    "UDF15",
    "UDF16",
    "UDF17",
    "UDF18",
    "UDF19",
    "UDF20",
    "PIN",
    "NOTES",
    "PICTUREURL",
    "BADGELAYOUT",
    "CONTACTPHONE",
    "MOBILEPHONE",
    "CONTACTEMAIL",
    "CONTACTSMSEMAIL",
    "CONTACTLOCATION",
    "OTHERCONTACTNAME",
    "OTHERCONTACTPHONE1",
    "OTHERCONTACTPHONE2",
    "MSUENABLED",
    "BLUEDIAMONDENABLED",
    "PICTURE",
    "PICTUREEXT",
];

/// The statuses a card may have (2.8).
pub(crate) const CARD_STATUSES: [&str; 8] =
    ["Active", "Damaged", "Disabled", "Expired", "Lost", "Not Returned", "Not Used", "Returned"];

/// The static name of a text field.
pub(crate) fn text_field(name: &str) -> Option<&'static str> {
    TEXTS.into_iter().find(|field| *field == name)
}

/// A person, living or deleted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    /// PERSONID.
    pub id: String,
    /// Text fields that are not empty.
    pub texts: BTreeMap<&'static str, String>,
    /// Start of access, in the controller's local time.
    pub act: Option<DateTime>,
    /// End of access.
    pub exp: Option<DateTime>,
    /// Softly deleted.
    pub deleted: bool,
    /// Key of the partition.
    pub partition: u64,
    /// Levels.
    pub levels: Vec<Assignment>,
    /// Cards.
    pub cards: Vec<Card>,
    /// Vehicles, each by its fields.
    pub vehicles: Vec<BTreeMap<String, String>>,
    /// Formats of the requested mobile credentials.
    pub requests: BTreeSet<String>,
    /// Time of the last change.
    pub edited: DateTime,
    /// User of the last change.
    pub edited_by: String,
}

/// A level given to a person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Assignment {
    /// Key of the level.
    pub level: u64,
    /// Start, if temporary.
    pub act: Option<DateTime>,
    /// End, if temporary.
    pub exp: Option<DateTime>,
    /// AUTOREMOVE as sent.
    pub auto_remove: bool,
}

/// A card.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Card {
    /// CREDENTIALID.
    pub id: u64,
    /// Name of its format.
    pub format: String,
    /// ENCODEDNUM, digits without leading zeros.
    pub encoded: String,
    /// HOTSTAMP as given.
    pub hotstamp: String,
    /// One of [`CARD_STATUSES`].
    pub status: &'static str,
    /// CARDEXPDATE.
    pub exp: Option<DateTime>,
}

impl Person {
    /// A text field; empty when it is not set.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.texts.get(field).map_or("", String::as_str)
    }

    /// Sets a text field.
    pub(crate) fn set(&mut self, field: &'static str, value: String) {
        if value.is_empty() {
            self.texts.remove(field);
        } else {
            self.texts.insert(field, value);
        }
    }
}

/// All people.
#[derive(Clone, Debug)]
pub(crate) struct People {
    by_key: BTreeMap<u64, Person>,
    by_id: HashMap<String, Vec<u64>>,
    live: BTreeSet<u64>,
    cards: HashMap<(String, String), u64>,
    next_key: u64,
    next_card: u64,
}

impl Default for People {
    fn default() -> Self {
        let (by_key, by_id, live, cards) = Default::default();
        // Lower keys belong to the built-in people of every NetBox; ids like `_41` occur on real ones.
        Self { by_key, by_id, live, cards, next_key: 40, next_card: 800 }
    }
}

impl People {
    /// Adds a person; without an id NetBox assigns one (`_41`).
    pub(crate) fn add(&mut self, mut person: Person) -> u64 {
        let key = self.next_key;
        self.next_key += 1;
        if person.id.is_empty() {
            person.id = format!("_{key}");
        }
        if person.partition == 0 {
            person.partition = MASTER;
        }
        self.by_id.entry(person.id.clone()).or_default().push(key);
        if !person.deleted {
            self.live.insert(key);
        }
        for card in &person.cards {
            self.cards.insert((card.format.clone(), card.encoded.clone()), key);
        }
        self.by_key.insert(key, person);
        key
    }

    /// The person of this id; a living person before a deleted one, the latest of several.
    pub(crate) fn find(&self, id: &str) -> Option<u64> {
        let keys = self.by_id.get(id)?;
        keys.iter().rev().find(|key| self.live.contains(key)).or_else(|| keys.last()).copied()
    }

    /// A person by key.
    pub(crate) fn get(&self, key: u64) -> Option<&Person> {
        self.by_key.get(&key)
    }

    /// A person by key, mutable. Cards and deletion have their own functions.
    pub(crate) fn get_mut(&mut self, key: u64) -> Option<&mut Person> {
        self.by_key.get_mut(&key)
    }

    /// All from a key on, in order of keys.
    pub(crate) fn from(&self, start: u64) -> impl Iterator<Item = (u64, &Person)> {
        self.by_key.range(start..).map(|(key, person)| (*key, person))
    }

    /// The living people from a key on, in order of keys.
    pub(crate) fn live_from(&self, start: u64) -> impl Iterator<Item = (u64, &Person)> {
        self.live.range(start..).filter_map(|key| Some((*key, self.by_key.get(key)?)))
    }

    /// The number of living people and of all records.
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.live.len(), self.by_key.len())
    }

    /// The key of the next person.
    pub(crate) const fn next_key(&self) -> u64 {
        self.next_key
    }

    /// Deletes softly: the record stays, levels and cards are removed (2.7).
    pub(crate) fn remove(&mut self, key: u64) {
        self.live.remove(&key);
        if let Some(person) = self.by_key.get_mut(&key) {
            person.deleted = true;
            person.levels.clear();
            for card in person.cards.drain(..) {
                self.cards.remove(&(card.format, card.encoded));
            }
        }
    }

    /// Reverts a soft deletion; levels and cards are not restored.
    pub(crate) fn revive(&mut self, key: u64) {
        if let Some(person) = self.by_key.get_mut(&key) {
            person.deleted = false;
            self.live.insert(key);
        }
    }

    /// Deletes the record.
    pub(crate) fn purge(&mut self, key: u64) {
        self.remove(key);
        let Some(person) = self.by_key.remove(&key) else { return };
        if let Some(keys) = self.by_id.get_mut(&person.id) {
            keys.retain(|other| *other != key);
            if keys.is_empty() {
                self.by_id.remove(&person.id);
            }
        }
    }

    /// The holder of a card.
    pub(crate) fn holder(&self, format: &str, encoded: &str) -> Option<u64> {
        self.cards.get(&(format.to_owned(), encoded.to_owned())).copied()
    }

    /// Whether a person holds a card with this number, in any format.
    pub(crate) fn holds_number(&self, encoded: &str) -> bool {
        self.cards.keys().any(|(_, number)| number == encoded)
    }

    /// Adds a card to a person and returns its id.
    pub(crate) fn add_card(&mut self, key: u64, mut card: Card) -> Option<u64> {
        let person = self.by_key.get_mut(&key)?;
        card.id = self.next_card;
        self.next_card += 1;
        self.cards.insert((card.format.clone(), card.encoded.clone()), key);
        let id = card.id;
        person.cards.push(card);
        Some(id)
    }

    /// Removes a card from a person.
    pub(crate) fn remove_card(&mut self, key: u64, card: u64) {
        let Some(person) = self.by_key.get_mut(&key) else { return };
        if let Some(index) = person.cards.iter().position(|c| c.id == card) {
            let card = person.cards.remove(index);
            self.cards.remove(&(card.format, card.encoded));
        }
    }

    /// Removes a level from all people.
    pub(crate) fn strip_level(&mut self, level: u64) {
        for person in self.by_key.values_mut() {
            person.levels.retain(|assignment| assignment.level != level);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(number: &str) -> Card {
        let text = number.to_owned();
        Card { id: 0, format: "F".into(), encoded: text.clone(), hotstamp: text, status: "Active", exp: None }
    }

    #[test]
    fn indexes_follow_every_change() {
        let mut people = People::default();
        let a = people.add(Person { id: "a".into(), ..Person::default() });
        let b = people.add(Person::default());
        assert_eq!(people.get(b).unwrap().id, format!("_{b}"));
        people.add_card(a, card("1")).unwrap();
        assert_eq!((people.find("a"), people.holder("F", "1")), (Some(a), Some(a)));
        people.remove(a);
        assert_eq!((people.find("a"), people.holder("F", "1"), people.count()), (Some(a), None, (1, 2)));
        assert!(people.live_from(0).all(|(key, _)| key == b));
        people.revive(a);
        assert!(people.get(a).unwrap().cards.is_empty());
        people.purge(a);
        assert_eq!((people.find("a"), people.count()), (None, (1, 1)));
    }
}
