//! The page in a browser.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::answer::Inner;
use super::dates;
use super::store::{Person, Store};
use crate::frame::html::{badge, concat, escape, table};
use crate::frame::listing::{Search, first_rows};
use crate::frame::{Request, Section};

/// All sections: the people and where each may enter today, the last changes, the last accesses.
pub(super) fn page(inner: &Inner, now: Timestamp, request: &Request) -> Vec<Section> {
    let store = &inner.store;
    let local = store.local(now);
    vec![
        Section::new("Today", today(inner, local)),
        Section::new("People", people(store, local, &Search::of(request))),
        Section::new("Changed last", changed(store, local)),
        Section::new("At the doors", doors(store)),
        Section::new("Sessions", sessions(store)),
    ]
}

fn today(inner: &Inner, local: DateTime) -> String {
    let (live, records) = inner.store.people.count();
    let zone = inner.store.zone.iana_name().unwrap_or("");
    let visitors = inner.store.people.live_from(0).filter(|(_, p)| p.act.is_some() || p.exp.is_some());
    let (mut inside, mut later) = (0, 0);
    for (_, person) in visitors {
        match window(person, local) {
            ("good", _) => inside += 1,
            ("quiet", _) => later += 1,
            _ => {}
        }
    }
    format!(
        "<p>Time of the controller: <b>{}</b> ({}).</p><p><b>{live}</b> people; {} deleted. \
         With dates: <b>{inside}</b> valid now, {later} later.</p>",
        dates::write(local),
        escape(zone),
        records - live
    )
}

/// The state of a person's window: a tone and a word.
fn window(person: &Person, local: DateTime) -> (&'static str, &'static str) {
    if person.deleted {
        ("bad", "deleted")
    } else if person.act.is_some_and(|act| local < act) {
        ("quiet", "later")
    } else if person.exp.is_some_and(|exp| local >= exp) {
        ("bad", "over")
    } else {
        ("good", "now")
    }
}

/// The newest people first.
fn people(store: &Store, local: DateTime, search: &Search) -> String {
    let found = |person: &&Person| {
        let cards = person.cards.iter().map(|card| &card.encoded);
        search.finds(person.texts.values().chain([&person.id]).chain(cards))
    };
    let mut all: Vec<&Person> = store.people.live_from(0).map(|(_, p)| p).filter(found).collect();
    all.reverse();
    let heads = ["Person", "Id", "Valid", "Window", "May enter", "Cards", "Company"];
    search.form("name, id, company, card") + &first_rows(&heads, &all, |person| row(store, local, person))
}

fn row(store: &Store, local: DateTime, person: &Person) -> Vec<String> {
    let name = format!("{} {}", person.text("FIRSTNAME"), person.text("LASTNAME"));
    let contact =
        [person.text("CONTACTEMAIL"), person.text("CONTACTPHONE")].into_iter().find(|c| !c.is_empty());
    let contact = contact.map(|c| format!("<br><span class=quiet>{}</span>", escape(c))).unwrap_or_default();
    let (tone, word) = window(person, local);
    let level = |key: &u64| store.levels.get(key).map(|level| badge("", &level.name)).unwrap_or_default();
    let card = |c: &super::store::Card| {
        let tone = if c.status == "Active" { "" } else { "bad" };
        let until = c.exp.map(|exp| format!(" until {}", short(exp))).unwrap_or_default();
        badge(tone, &format!("{} {}{until}", c.encoded, if c.status == "Active" { "" } else { c.status }))
    };
    vec![
        format!("<b>{}</b>{contact}", escape(name.trim())),
        format!("<code>{}</code>", escape(&person.id)),
        badge(tone, word),
        span(person.act, person.exp),
        concat(person.levels.iter().map(|held| level(&held.level))),
        concat(person.cards.iter().map(card)),
        escape(person.text("UDF1")),
    ]
}

fn short(at: DateTime) -> String {
    at.strftime("%b %-d %H:%M").to_string()
}

fn span(act: Option<DateTime>, exp: Option<DateTime>) -> String {
    match (act, exp) {
        (None, None) => "always".to_owned(),
        (Some(act), None) => format!("from {}", short(act)),
        (None, Some(exp)) => format!("until {}", short(exp)),
        (Some(act), Some(exp)) if act.date() == exp.date() => {
            format!("{} to {}", short(act), dates::write_time(exp.time()))
        }
        (Some(act), Some(exp)) => format!("{} to {}", short(act), short(exp)),
    }
}

fn changed(store: &Store, local: DateTime) -> String {
    let mut all: Vec<(u64, &Person)> = store.people.from(0).collect();
    all.sort_by_key(|(key, person)| std::cmp::Reverse((person.edited, *key)));
    let last: Vec<Vec<String>> = all
        .iter()
        .take(10)
        .map(|(_, person)| {
            let mut row = row(store, local, person);
            row.truncate(4);
            row.push(format!("{} by {}", short(person.edited), escape(&person.edited_by)));
            row
        })
        .collect();
    table(&["Person", "Id", "Valid", "Window", "Changed"], &last)
}

fn doors(store: &Store) -> String {
    let rows: Vec<Vec<String>> = store
        .log
        .all()
        .rev()
        .filter(|record| record.access)
        .take(20)
        .map(|record| {
            let portal =
                record.portal.and_then(|key| store.portals.get(&key)).map_or("", |p| p.name.as_str());
            let tone = if record.is_granted() { "good" } else { "bad" };
            let word = format!("{} {}", record.name, record.reason);
            vec![
                dates::write(record.at),
                escape(&record.person_name()),
                escape(portal),
                badge(tone, word.trim()),
            ]
        })
        .collect();
    table(&["At", "Person", "Portal", "Decision"], &rows)
}

fn sessions(store: &Store) -> String {
    let rows: Vec<Vec<String>> = store
        .sessions
        .all()
        .map(|(_, s)| {
            let partition = store.partitions.get(&s.partition).map_or("", |p| p.name.as_str());
            vec![escape(&s.user), escape(partition), utc(s.since), utc(s.used)]
        })
        .collect();
    table(&["User", "Partition", "Since (UTC)", "Last used (UTC)"], &rows)
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
