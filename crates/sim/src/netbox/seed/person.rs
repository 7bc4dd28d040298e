//! A person in a seed or an edit, in the words of the API.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use serde::Deserialize;
use serde_json::Value;

use super::super::store::{Assignment, CARD_STATUSES, Card, MASTER, Person, Store, text_field};
use super::read_date;

/// A person. An absent field keeps its value, or is empty for a new person.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PersonSpec {
    /// PERSONID; absent: NetBox assigns one.
    #[serde(rename = "PERSONID")]
    pub id: Option<String>,
    /// Start.
    #[serde(rename = "ACTDATE")]
    pub act: Option<String>,
    /// End.
    #[serde(rename = "EXPDATE")]
    pub exp: Option<String>,
    /// Softly deleted.
    #[serde(rename = "DELETED")]
    pub deleted: bool,
    /// Key of the partition.
    #[serde(rename = "PARTITIONKEY")]
    pub partition: Option<u64>,
    /// Names of levels.
    #[serde(rename = "ACCESSLEVELS")]
    pub levels: Option<Vec<String>>,
    /// Cards to add.
    #[serde(rename = "ACCESSCARDS")]
    pub cards: Vec<CardSpec>,
    /// All text fields, by their names.
    #[serde(flatten)]
    pub texts: BTreeMap<String, Value>,
}

/// A card.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardSpec {
    /// Name of the format.
    #[serde(rename = "CARDFORMAT")]
    pub format: String,
    /// Encoded number.
    #[serde(rename = "ENCODEDNUM")]
    pub encoded: Value,
    /// Printed number; absent: the same.
    #[serde(rename = "HOTSTAMP")]
    pub hotstamp: Option<Value>,
    /// Status; absent: Active.
    #[serde(rename = "CARDSTATUS")]
    pub status: Option<String>,
    /// End of the card.
    #[serde(rename = "CARDEXPDATE")]
    pub exp: Option<String>,
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl PersonSpec {
    /// Adds this person and returns the id.
    pub(crate) fn add(&self, store: &mut Store, local: DateTime) -> Result<String, String> {
        let partition = self.partition.unwrap_or(MASTER);
        if !store.partitions.contains_key(&partition) {
            return Err(format!("there is no partition {partition}"));
        }
        let mut person = Person { id: self.id.clone().unwrap_or_default(), partition, ..Person::default() };
        if !person.id.is_empty() && store.people.find(&person.id).is_some() {
            return Err(format!("there is a person `{}` already", person.id));
        }
        self.write(store, &mut person, local)?;
        let key = store.people.add(person);
        self.add_cards(store, key)?;
        if self.deleted {
            store.people.remove(key);
        }
        Ok(store.people.get(key).map(|person| person.id.clone()).unwrap_or_default())
    }

    /// Changes the person of that key.
    pub(crate) fn change(&self, store: &mut Store, key: u64, local: DateTime) -> Result<(), String> {
        let Some(mut person) = store.people.get(key).cloned() else {
            return Err("there is no such person".to_owned());
        };
        self.write(store, &mut person, local)?;
        if let Some(record) = store.people.get_mut(key) {
            *record = person;
        }
        self.add_cards(store, key)
    }

    fn write(&self, store: &Store, person: &mut Person, local: DateTime) -> Result<(), String> {
        for (name, value) in &self.texts {
            let field = text_field(name).ok_or_else(|| format!("a person has no field {name}"))?;
            person.set(field, plain(value));
        }
        if let Some(date) = &self.act {
            person.act = read_date("ACTDATE", date)?;
        }
        if let Some(date) = &self.exp {
            person.exp = read_date("EXPDATE", date)?;
        }
        if let Some(levels) = &self.levels {
            let give = |name: &String| assign(store, name, person.partition);
            person.levels = levels.iter().map(give).collect::<Result<_, _>>()?;
        }
        person.edited = local;
        "desk".clone_into(&mut person.edited_by);
        Ok(())
    }

    fn add_cards(&self, store: &mut Store, key: u64) -> Result<(), String> {
        for spec in &self.cards {
            let card = spec.card(store)?;
            store.people.add_card(key, card);
        }
        Ok(())
    }
}

/// A level without an end, by its name.
pub(crate) fn assign(store: &Store, name: &str, partition: u64) -> Result<Assignment, String> {
    let level = store.level_key(name, partition);
    let level = level.ok_or_else(|| format!("there is no access level `{name}`"))?;
    Ok(Assignment { level, act: None, exp: None, auto_remove: false })
}

impl CardSpec {
    /// The card, if its format exists and no person has it.
    pub(crate) fn card(&self, store: &Store) -> Result<Card, String> {
        let (format, encoded) = (self.format.clone(), plain(&self.encoded));
        if !store.formats.iter().any(|f| f.name == format) {
            return Err(format!("there is no card format `{format}`"));
        }
        if store.people.holder(&format, &encoded).is_some() {
            return Err(format!("card {encoded} is in use"));
        }
        let wanted = self.status.as_deref().unwrap_or("Active");
        let status = CARD_STATUSES.into_iter().find(|status| *status == wanted);
        let status = status.ok_or_else(|| format!("there is no card status `{wanted}`"))?;
        let exp = read_date("CARDEXPDATE", self.exp.as_deref().unwrap_or_default())?;
        let hotstamp = self.hotstamp.as_ref().map_or_else(|| encoded.clone(), plain);
        Ok(Card { id: 0, format, encoded, hotstamp, status, exp })
    }
}
