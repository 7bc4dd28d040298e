//! The whole state as JSON.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Map, Value, json};

use super::answer::Inner;
use super::dates;
use super::log::Record;
use super::store::{Card, Group, Person, Store, Target};
use crate::frame::Request;

/// `GET /_sim/state`, limited by `?person=ID` (that person or null) or `?people=live|deleted|none`.
pub(super) fn state(inner: &Inner, now: Timestamp, request: &Request) -> Value {
    let store = &inner.store;
    if let Some(id) = request.query_value("person") {
        let person = store.people.find(&id).and_then(|key| Some((key, store.people.get(key)?)));
        return person.map_or(Value::Null, |(key, p)| person_json(store, key, p));
    }
    let wanted = request.query_value("people").unwrap_or_default();
    let shows = |p: &Person| match wanted.as_str() {
        "live" => !p.deleted,
        "deleted" => p.deleted,
        "none" => false,
        _ => true,
    };
    let people = store.people.from(0).filter(|(_, p)| shows(p)).map(|(key, p)| person_json(store, key, p));
    let (live, records) = store.people.count();
    let mut all = json!({
        "now": now.to_string(),
        "local": dates::write(store.local(now)),
        "zone": store.zone.iana_name(),
        "version": inner.switches.get("box.version"),
        "live": live,
        "deleted": records - live,
        "people": people.collect::<Vec<_>>(),
        "users": store.users.keys().collect::<Vec<_>>(),
        "last_logid": store.log.last(),
    });
    if let Some(object) = all.as_object_mut() {
        object.append(&mut building(store));
    }
    all
}

/// A person; dates are in the controller's local time.
pub(super) fn person_json(store: &Store, key: u64, person: &Person) -> Value {
    let name = |level: u64| store.levels.get(&level).map_or("", |level| level.name.as_str());
    let temporary = person.levels.iter().filter(|held| held.act.is_some() || held.exp.is_some());
    let udfs: Map<String, Value> = person
        .texts
        .iter()
        .filter(|(field, _)| field.starts_with("UDF"))
        .map(|(field, value)| ((*field).to_owned(), json!(value)))
        .collect();
    json!({
        "key": key,
        "id": person.id,
        "first_name": person.text("FIRSTNAME"),
        "middle_name": person.text("MIDDLENAME"),
        "last_name": person.text("LASTNAME"),
        "email": person.text("CONTACTEMAIL"),
        "phone": person.text("CONTACTPHONE"),
        "mobile": person.text("MOBILEPHONE"),
        "levels": person.levels.iter().map(|held| name(held.level)).collect::<Vec<_>>(),
        "temporary_levels": temporary.map(|held| json!({ "name": name(held.level),
            "act_date": date(held.act), "exp_date": date(held.exp) })).collect::<Vec<_>>(),
        "act_date": date(person.act),
        "exp_date": date(person.exp),
        "deleted": person.deleted,
        "udfs": udfs,
        "notes": person.text("NOTES"),
        "partition": person.partition,
        "cards": person.cards.iter().map(card).collect::<Vec<_>>(),
        "edited": dates::write(person.edited),
        "edited_by": person.edited_by,
    })
}

fn date(date: Option<DateTime>) -> Value {
    date.map_or(Value::Null, |date| json!(dates::write(date)))
}

fn card(card: &Card) -> Value {
    json!({ "id": card.id, "number": card.encoded, "hotstamp": card.hotstamp, "format": card.format,
            "status": card.status, "expiry": date(card.exp) })
}

fn building(store: &Store) -> Map<String, Value> {
    let group = |(key, g): (&u64, &Group)| json!({ "key": key, "name": g.name, "members": g.members });
    let levels = store.levels.iter().map(|(key, level)| {
        let (reader, reader_group) = match level.target {
            Target::Nothing => (None, None),
            Target::Reader(key) => (Some(key), None),
            Target::ReaderGroup(key) => (None, Some(key)),
        };
        json!({ "key": key, "name": level.name, "reader": reader, "reader_group": reader_group,
                "time_group": level.time_group, "partition": level.partition })
    });
    let sessions = store.sessions.all().map(|(id, s)| {
        let end = id.get(id.len().saturating_sub(6)..).unwrap_or_default();
        json!({ "id_ends": end, "user": s.user, "partition": s.partition, "used": s.used.to_string() })
    });
    let portals = store.portals.iter().map(|(key, portal)| {
        let reader =
            |key: &u64| json!({ "key": key, "name": store.readers.get(key).map(|r| r.name.as_str()) });
        let readers: Vec<Value> = portal.readers.iter().map(reader).collect();
        json!({ "key": key, "name": portal.name, "readers": readers, "unlocked": portal.unlocked })
    });
    let formats = store.formats.iter().map(|f| json!({ "name": f.name, "max": f.max, "enabled": f.enabled }));
    let partitions = store.partitions.iter().map(|(key, p)| json!({ "key": key, "name": p.name }));
    let mut all = Map::new();
    all.insert("access_levels".to_owned(), levels.collect());
    all.insert("access_level_groups".to_owned(), store.level_groups.iter().map(group).collect());
    all.insert("reader_groups".to_owned(), store.reader_groups.iter().map(group).collect());
    all.insert("portal_groups".to_owned(), store.portal_groups.iter().map(group).collect());
    all.insert("time_spec_groups".to_owned(), store.time_groups.iter().map(group).collect());
    all.insert("portals".to_owned(), portals.collect());
    all.insert("card_formats".to_owned(), formats.collect());
    all.insert("partitions".to_owned(), partitions.collect());
    all.insert("sessions".to_owned(), sessions.collect());
    all.append(&mut time(store));
    all
}

fn time(store: &Store) -> Map<String, Value> {
    let spec = store.time_specs.iter().map(|(key, s)| {
        json!({ "key": key, "name": s.name, "start": dates::write_time(s.start), "end": dates::write_time(s.end),
                "days": s.days, "holiday_groups": s.holiday_groups })
    });
    let holiday = store.holidays.iter().map(|(key, h)| {
        json!({ "key": key, "name": h.name, "groups": h.groups, "start": h.start.to_string(), "end": h.end.to_string() })
    });
    let list = store.udf_lists.iter().map(|(key, l)| {
        let items: Vec<&String> = l.items.values().map(|(name, _)| name).collect();
        json!({ "key": key, "name": l.name, "items": items })
    });
    let output =
        store.outputs.iter().map(|(key, o)| json!({ "key": key, "name": o.name, "active": o.active }));
    let event = store.events.iter().map(|(key, e)| json!({ "key": key, "name": e.name, "active": e.active }));
    let accesses = store.log.all().rev().take(50).map(record_json);
    let mut all = Map::new();
    all.insert("time_specs".to_owned(), spec.collect());
    all.insert("holidays".to_owned(), holiday.collect());
    all.insert("udf_lists".to_owned(), list.collect());
    all.insert("outputs".to_owned(), output.collect());
    all.insert("events".to_owned(), event.collect());
    all.insert("activity".to_owned(), accesses.collect());
    all
}

/// One record of the activity log.
pub(super) fn record_json(record: &Record) -> Value {
    json!({ "logid": record.id, "name": record.name, "at": dates::write(record.at), "person": record.person,
            "portal": record.portal, "reader": record.reader, "reason": record.reason, "detail": record.detail })
}
