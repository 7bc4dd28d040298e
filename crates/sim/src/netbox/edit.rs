//! Changes by hand, as an operator makes them in NetBox itself, and people at a door.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Inner;
use super::log::{ACCESS_DENIED, ACCESS_GRANTED, Record};
use super::seed::{CardSpec, LevelSpec, PersonSpec, add_level, assign};
use super::state::person_json;
use super::store::{Decision, Person, Store};
use crate::frame::orders;

/// An order of `POST /_sim/edit`, which takes one or an array.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
enum Order {
    AddPerson {
        person: Box<PersonSpec>,
    },
    ModifyPerson {
        id: String,
        #[serde(default)]
        set: Box<PersonSpec>,
        #[serde(default)]
        add_levels: Vec<String>,
        #[serde(default)]
        remove_levels: Vec<String>,
    },
    RemovePerson {
        id: String,
    },
    RestorePerson {
        id: String,
    },
    PurgePerson {
        id: String,
    },
    AddCard {
        id: String,
        card: CardSpec,
    },
    RemoveCard {
        id: String,
        number: String,
    },
    AddLevel(LevelSpec),
    RemoveLevel {
        name: String,
    },
    RenameLevel {
        name: String,
        to: String,
    },
    SetPassword {
        username: String,
        password: String,
    },
    EndSessions {
        username: Option<String>,
    },
}

/// `POST /_sim/edit`.
pub(super) fn edit(inner: &mut Inner, now: Timestamp, order: &Value) -> Result<Value, String> {
    orders::apply_all(&mut inner.store, order, |store, order| apply(store, now, order))
}

fn apply(store: &mut Store, now: Timestamp, order: Order) -> Result<Value, String> {
    let local = store.local(now);
    match order {
        Order::AddPerson { person } => {
            let id = person.add(store, local)?;
            return person_state(store, &id);
        }
        Order::ModifyPerson { id, set, add_levels, remove_levels } => {
            let key = find(store, &id)?;
            set.change(store, key, local)?;
            change_levels(store, key, &add_levels, &remove_levels)?;
            return person_state(store, &id);
        }
        Order::RemovePerson { id } => with(store, &id, |store, key| store.people.remove(key))?,
        Order::RestorePerson { id } => with(store, &id, |store, key| store.people.revive(key))?,
        Order::PurgePerson { id } => with(store, &id, |store, key| store.people.purge(key))?,
        Order::AddCard { id, card } => {
            let (key, card) = (find(store, &id)?, card.card(store)?);
            store.people.add_card(key, card);
            return person_state(store, &id);
        }
        Order::RemoveCard { id, number } => remove_card(store, &id, &number)?,
        Order::AddLevel(level) => return add_level(store, &level).map(|key| json!({ "key": key })),
        Order::RemoveLevel { name } => {
            let key = level(store, &name)?;
            store.levels.remove(&key);
            store.people.strip_level(key);
        }
        Order::RenameLevel { name, to } => {
            let key = level(store, &name)?;
            if let Some(level) = store.levels.get_mut(&key) {
                level.name = to;
            }
        }
        Order::SetPassword { username, password } => {
            let user =
                store.users.get_mut(&username).ok_or_else(|| format!("there is no user `{username}`"))?;
            user.password = password;
        }
        Order::EndSessions { username: None } => store.sessions.close_all(),
        Order::EndSessions { username: Some(name) } => store.sessions.close_of(&name),
    }
    Ok(json!({ "done": true }))
}

fn find(store: &Store, id: &str) -> Result<u64, String> {
    store.people.find(id).ok_or_else(|| format!("there is no person `{id}`"))
}

fn with(store: &mut Store, id: &str, act: impl FnOnce(&mut Store, u64)) -> Result<(), String> {
    let key = find(store, id)?;
    act(store, key);
    Ok(())
}

fn person_state(store: &Store, id: &str) -> Result<Value, String> {
    let key = find(store, id)?;
    Ok(store.people.get(key).map_or(Value::Null, |person| person_json(store, key, person)))
}

fn level(store: &Store, name: &str) -> Result<u64, String> {
    let found = store.levels.iter().find(|(_, level)| level.name == name).map(|(key, _)| *key);
    found.ok_or_else(|| format!("there is no access level `{name}`"))
}

fn change_levels(store: &mut Store, key: u64, add: &[String], remove: &[String]) -> Result<(), String> {
    let partition = store.people.get(key).map_or(0, |person| person.partition);
    let added = add.iter().map(|name| assign(store, name, partition)).collect::<Result<Vec<_>, _>>()?;
    let removed = remove.iter().map(|name| level(store, name)).collect::<Result<Vec<_>, _>>()?;
    if let Some(person) = store.people.get_mut(key) {
        person
            .levels
            .retain(|held| !removed.contains(&held.level) && !added.iter().any(|a| a.level == held.level));
        person.levels.extend(added);
    }
    Ok(())
}

fn remove_card(store: &mut Store, id: &str, number: &str) -> Result<(), String> {
    let key = find(store, id)?;
    let cards = store.people.get(key).map(|person| person.cards.clone()).unwrap_or_default();
    let card = cards.iter().find(|card| card.encoded == number || card.hotstamp == number);
    let card = card.ok_or_else(|| format!("`{id}` has no card {number}"))?;
    store.people.remove_card(key, card.id);
    Ok(())
}

/// The order of `POST /_sim/door`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Swipe {
    /// PERSONID.
    person: String,
    /// Key or name of the portal.
    portal: Value,
    /// Number of the card; absent: the person's first card.
    card: Option<String>,
    /// Only decide, without an entry in the log.
    #[serde(default)]
    dry: bool,
}

/// `POST /_sim/door`: a person tries a portal now.
pub(super) fn door(inner: &mut Inner, now: Timestamp, order: &Value) -> Result<Value, String> {
    let swipe: Swipe = orders::read_one(order)?;
    let portal = portal(&inner.store, &swipe.portal)?;
    let key = find(&inner.store, &swipe.person)?;
    let (record, decision) = walk(inner, now, key, portal, swipe.card.as_deref());
    let mut answer = json!({ "granted": decision.granted(), "reason": decision.reason(),
                             "at": super::dates::write(inner.store.local(now)) });
    if !swipe.dry {
        answer["logid"] = json!(inner.log(record));
    }
    Ok(answer)
}

fn portal(store: &Store, wanted: &Value) -> Result<u64, String> {
    let name = wanted.as_str();
    let fits = |(key, portal): (&u64, &super::store::Portal)| {
        (Some(portal.name.as_str()) == name || wanted.as_u64() == Some(*key)).then_some(*key)
    };
    store.portals.iter().find_map(fits).ok_or_else(|| format!("there is no portal {wanted}"))
}

/// The decision, and its entry in the log.
pub(super) fn walk(
    inner: &Inner,
    now: Timestamp,
    key: u64,
    portal: u64,
    card: Option<&str>,
) -> (Record, Decision) {
    let store = &inner.store;
    let unknown = Person::default();
    let person = store.people.get(key).unwrap_or(&unknown);
    let fits = |number: &str| person.cards.iter().find(|c| c.encoded == number || c.hotstamp == number);
    let used = card.map_or_else(|| person.cards.first(), fits);
    let local = store.local(now);
    let inclusive = inner.switches.is("dates.expiry", "inclusive");
    let decision = store.decide(person, used, portal, local, inclusive);
    let record = Record {
        name: if decision.granted() { ACCESS_GRANTED } else { ACCESS_DENIED },
        access: true,
        at: local,
        person: person.id.clone(),
        first_name: person.text("FIRSTNAME").to_owned(),
        last_name: person.text("LASTNAME").to_owned(),
        reader: store.portals.get(&portal).and_then(|portal| portal.readers.first().copied()),
        portal: Some(portal),
        reason: decision.reason(),
        encoded: used.map(|card| card.encoded.clone()).unwrap_or_default(),
        hotstamp: used.map(|card| card.hotstamp.clone()).unwrap_or_default(),
        format: used.map(|card| card.format.clone()).unwrap_or_default(),
        partition: person.partition,
        ..Record::default()
    };
    (record, decision)
}

impl Inner {
    /// Writes to the activity log.
    pub(super) fn log(&mut self, record: Record) -> u64 {
        let holes = self.switches.is("history.ids", "holes");
        self.store.log.push(record, holes)
    }
}
