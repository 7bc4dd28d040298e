//! People at a reader (`POST /_sim/door`), and the records and mails that follow (2A.3, 2B.10 row 18).

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::psia;
use super::store::{Activity, Building, Mail, Reader};
use super::system::Inner;

/// The order of `POST /_sim/door`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Walk {
    /// `CardholderGuid`, `CardholderId` or address of an occupant or a visitor.
    person: String,
    /// `ReaderId` or description; absent: the first.
    reader: Option<String>,
    /// Only decide, without a record.
    #[serde(default)]
    dry: bool,
}

/// The decision for a person at a reader.
struct Decision {
    person: String,
    card: Option<String>,
    company: Option<String>,
    lockout: &'static str,
    visit: Option<String>,
}

/// Decides, records, and sends the mail to the host.
pub(super) fn walk(inner: &mut Inner, now: Timestamp, order: &Value) -> Result<Value, String> {
    let walk: Walk = serde_json::from_value(order.clone()).map_err(|e| e.to_string())?;
    let id = walk.person.as_str();
    let place = place(inner, id, now).ok_or("there is no building")?;
    let wanted = walk.reader.as_deref();
    let fits = |r: &&Reader| wanted.is_none_or(|w| r.id == w || r.description == w);
    let reader = place.readers.iter().find(fits).cloned().ok_or("there is no such reader")?;
    let decision = decide(inner, place, &reader, id, now);
    let building = place.id.clone();
    let answer =
        json!({ "granted": decision.lockout.is_empty(), "reason": decision.lockout, "reader": reader.id });
    if walk.dry {
        return Ok(answer);
    }
    if let Some(visit) = decision.visit.as_deref().filter(|_| decision.lockout.is_empty()) {
        arrive(inner, visit, id, now);
    }
    let activity = inner.store.record(Activity {
        id: 0,
        at: now,
        building,
        personnel: decision.person,
        card: decision.card,
        lockout: decision.lockout.to_owned(),
        company: decision.company,
        reader: reader.id,
    });
    psia::push(inner, &activity);
    Ok(json!({ "granted": answer["granted"], "reason": answer["reason"], "reader": answer["reader"],
               "activity": activity.id, "at": now.to_string() }))
}

/// The building of a person; the first building for an unknown person.
fn place<'a>(inner: &'a Inner, id: &str, now: Timestamp) -> Option<&'a Building> {
    let staff = |b: &&Building| b.cardholders.iter().any(|c| is(c, id));
    let visiting =
        inner.store.visits.attendee(id, now).and_then(|(visit, _)| inner.store.building(&visit.building));
    inner.store.buildings.iter().find(staff).or(visiting).or_else(|| inner.store.buildings.first())
}

fn is(c: &super::store::Cardholder, id: &str) -> bool {
    c.id == id || c.guid == id || c.email.as_deref().is_some_and(|email| email.eq_ignore_ascii_case(id))
}

fn decide(inner: &Inner, building: &Building, reader: &Reader, id: &str, now: Timestamp) -> Decision {
    let opens = |profiles: &[String]| {
        profiles.iter().filter_map(|id| building.profile(id)).any(|p| p.readers.contains(&reader.id))
    };
    if let Some(c) = building.cardholders.iter().find(|c| is(c, id)) {
        let lockout = match () {
            () if c.deleted || !c.active => "Inactive",
            () if !building.admitted.contains(&c.guid) => "Not admitted today",
            () if !opens(&c.profiles) => "No access to this reader",
            () => "",
        };
        let card = c.cards.first().map(|card| card.external.clone());
        let company = building.company_name(c.company.as_deref()).map(str::to_owned);
        return Decision { person: c.name(), card, company, lockout, visit: None };
    }
    let Some((visit, attendee)) = inner.store.visits.attendee(id, now) else {
        return Decision {
            person: id.to_owned(),
            card: None,
            company: None,
            lockout: "Unknown",
            visit: None,
        };
    };
    let lockout = match () {
        () if now < visit.start => "Too early",
        () if now >= visit.end => "Expired",
        () if !building.admitted.contains(&attendee.guid) => "Not admitted today",
        () if !opens(&visit.profiles) => "No access to this reader",
        () => "",
    };
    let (person, card) = (attendee.name(), Some(attendee.external.clone()));
    Decision { person, card, company: visit.company.clone(), lockout, visit: Some(visit.guid.clone()) }
}

/// When a visitor enters for the first time, the host gets a mail (2A.7), if the visit asks for it.
fn arrive(inner: &mut Inner, guid: &str, id: &str, now: Timestamp) {
    let Some(visit) = inner.store.visits.get_mut(guid) else {
        return;
    };
    let Some(attendee) =
        visit.attendees.iter_mut().find(|a| a.guid == id || a.email.eq_ignore_ascii_case(id))
    else {
        return;
    };
    let first = attendee.arrived.is_none();
    attendee.arrived = Some(attendee.arrived.unwrap_or(now));
    let name = attendee.name();
    let host = visit.host.email.clone().filter(|_| first && visit.notify == Some(true));
    if let Some(to) = host {
        inner.store.mail(Mail {
            at: now,
            to,
            kind: "arrival",
            subject: format!("{name} has arrived"),
            text: format!("{name} checked in at {now}"),
            visit: guid.to_owned(),
        });
    }
}
