//! The page in a browser.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::store::{Attendee, Building, Cardholder, Store, Visit};
use super::system::Inner;
use crate::frame::html::{badge, concat, escape, table};
use crate::frame::listing::{Search, first, first_rows};
use crate::frame::{Request, Section};

/// All sections: the visits of today, the cardholders, the last changes, the mails.
pub(super) fn page(inner: &Inner, now: Timestamp, request: &Request) -> Vec<Section> {
    let store = &inner.store;
    let search = Search::of(request);
    vec![
        Section::new("Today", today(store, now)),
        Section::new("Visits", visits(store, now, &search)),
        Section::new("Cardholders", cardholders(store, &search)),
        Section::new("Changed last", changed(store)),
        Section::new("Mails Kastle would have sent", mails(store)),
        Section::new("At the readers", readers(store)),
    ]
}

fn today(store: &Store, now: Timestamp) -> String {
    concat(store.buildings.iter().map(|b| building(store, b, now)))
}

fn building(store: &Store, building: &Building, now: Timestamp) -> String {
    let here = || store.visits.all().filter(|v| v.building == building.id);
    let on = here().filter(|v| window(v, now).0 == "good").count();
    let live = building.cardholders.iter().filter(|c| !c.deleted).count();
    let job = building.job.0.map(|at| clock(&building.zone, at)).unwrap_or_default();
    format!(
        "<p><b>{}</b>, institution <code>{}</code>: local time <b>{}</b> ({}).</p>\
         <p>{} companies, {live} cardholders, <b>{}</b> visits, <b>{on}</b> of them now. {} people admitted; \
         last run of the 04:00 job: {job}.</p>",
        escape(&building.name),
        escape(&building.id),
        clock(&building.zone, now),
        escape(&building.zone_name),
        building.companies.len(),
        here().count(),
        building.admitted.len(),
    )
}

fn clock(zone: &TimeZone, at: Timestamp) -> String {
    zone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The state of a visit: the tone of a badge and its word.
fn window(visit: &Visit, now: Timestamp) -> (&'static str, &'static str) {
    if now < visit.start {
        ("quiet", "later")
    } else if now >= visit.end {
        ("bad", "over")
    } else {
        ("good", "now")
    }
}

fn visits(store: &Store, now: Timestamp, search: &Search) -> String {
    let fits = |visit: &&Visit| {
        search.finds([visit.guid.as_str(), visit.company.as_deref().unwrap_or_default(), &visit.made_by])
            || visit.attendees.iter().any(|a| search.finds([&a.name(), &a.email, &a.guid]))
    };
    let all: Vec<&Visit> = store.visits.all().rev().filter(fits).collect();
    let heads = ["Visitors", "Visit", "Valid", "Window", "May enter", "Host", "Company", "Made by"];
    search.form("name, e-mail, company, id") + &first_rows(&heads, &all, |visit| visit_row(store, visit, now))
}

fn visit_row(store: &Store, visit: &Visit, now: Timestamp) -> Vec<String> {
    let building = store.building(&visit.building);
    let visitor = |a: &Attendee| {
        let admitted = building.is_some_and(|b| b.admitted.contains(&a.guid));
        let mark = match (a.arrived, admitted) {
            (Some(_), _) => badge("good", "arrived"),
            (None, true) => badge("", "admitted"),
            (None, false) => String::new(),
        };
        let (name, email) = (escape(&a.name()), escape(&a.email));
        format!("<div><b>{name}</b> {mark}<br><span class=quiet>{email}</span></div>")
    };
    let profile = |id: &String| {
        badge("", building.and_then(|b| b.profile(id)).map_or(id.as_str(), |p| p.name.as_str()))
    };
    let (tone, word) = window(visit, now);
    let (arrival, departure) = (visit.arrival, visit.departure);
    let last = if arrival.date() == departure.date() { "%H:%M" } else { "%b %-d %H:%M" };
    vec![
        format!("<div>{}</div>", concat(visit.attendees.iter().map(visitor))),
        format!("<code>{}</code>", escape(&visit.guid)),
        badge(tone, word),
        format!("{} to {}", arrival.strftime("%b %-d %H:%M"), departure.strftime(last)),
        concat(visit.profiles.iter().map(profile)),
        escape(visit.host.email.as_deref().unwrap_or_default()),
        escape(visit.company.as_deref().unwrap_or_default()),
        escape(&visit.made_by),
    ]
}

fn cardholders(store: &Store, search: &Search) -> String {
    let fits = |building: &Building, c: &Cardholder| {
        let company = building.company_name(c.company.as_deref()).unwrap_or_default();
        search.finds([&c.name(), c.email.as_deref().unwrap_or_default(), company, &c.id, &c.guid])
    };
    let all: Vec<(&Building, &Cardholder)> = store
        .buildings
        .iter()
        .flat_map(|b| b.cardholders.iter().map(move |c| (b, c)))
        .filter(|(b, c)| fits(b, c))
        .collect();
    let heads = ["Person", "Id", "State", "May enter", "Cards", "Company"];
    first_rows(&heads, &all, |(b, c)| cardholder_row(b, c))
}

fn cardholder_row(building: &Building, c: &Cardholder) -> Vec<String> {
    let email = c.email.as_deref().map_or_else(|| badge("bad", "no e-mail"), escape);
    let (tone, word) = match (c.deleted, c.active, building.admitted.contains(&c.guid)) {
        (true, ..) => ("bad", "deleted"),
        (_, false, _) => ("bad", "inactive"),
        (.., true) => ("good", "admitted"),
        _ => ("quiet", "not admitted today"),
    };
    let profile = |id: &String| badge("", building.profile(id).map_or(id.as_str(), |p| p.name.as_str()));
    vec![
        format!("<div><b>{}</b><br><span class=quiet>{email}</span></div>", escape(&c.name())),
        format!("<code>{}</code>", escape(&c.id)),
        badge(tone, word),
        concat(c.profiles.iter().map(profile)),
        concat(c.cards.iter().map(|card| badge("", &card.external))),
        escape(building.company_name(c.company.as_deref()).unwrap_or_default()),
    ]
}

fn changed(store: &Store) -> String {
    let row = |c: &super::store::Change| {
        vec![c.at.strftime("%Y-%m-%d %H:%M:%S").to_string(), escape(&c.what), escape(&c.by)]
    };
    table(&["At (UTC)", "What", "By"], &store.changes.iter().take(10).map(row).collect::<Vec<_>>())
}

fn mails(store: &Store) -> String {
    let row = |m: &&super::store::Mail| {
        let at = m.at.strftime("%Y-%m-%d %H:%M:%S").to_string();
        vec![at, escape(&m.to), escape(&m.subject), escape(&m.text)]
    };
    let newest: Vec<&super::store::Mail> = store.outbox.iter().rev().collect();
    first(&["At (UTC)", "To", "Subject", "Text"], &newest, 10, row)
}

fn readers(store: &Store) -> String {
    let row = |a: &super::store::Activity| {
        let reader = store.building(&a.building).and_then(|b| b.readers.iter().find(|r| r.id == a.reader));
        let (tone, word) =
            if a.lockout.is_empty() { ("good", "granted") } else { ("bad", a.lockout.as_str()) };
        let at = a.at.strftime("%Y-%m-%d %H:%M:%S").to_string();
        let place = escape(reader.map_or(a.reader.as_str(), |r| r.description.as_str()));
        vec![at, escape(&a.personnel), place, badge(tone, word)]
    };
    let rows: Vec<Vec<String>> = store.activity.iter().rev().take(20).map(row).collect();
    table(&["At (UTC)", "Person", "Reader", "Decision"], &rows)
}
