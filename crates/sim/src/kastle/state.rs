//! The whole state as JSON under its documented names, for any contract.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::calls;
use super::contract::Contract;
use super::json::Style;
use super::store::{Activity, Building, Cardholder, Change, Store, Visit};
use super::system::Inner;
use crate::frame::{Request, Switches};

/// `GET /_sim/state`, limited by `?visit=GUID`, `?cardholder=ID`, `?institution=ID` or `?people=none`.
pub(super) fn state(inner: &Inner, now: Timestamp, request: &Request) -> Value {
    let store = &inner.store;
    if let Some(guid) = request.query_value("visit") {
        let guid = super::store::guid(&guid).unwrap_or(guid);
        return store.visits.get(&guid).map_or(Value::Null, |visit| visit_json(inner, visit));
    }
    if let Some(id) = request.query_value("cardholder") {
        let fits = |c: &&Cardholder| c.id == id || c.guid == id;
        let found = store.buildings.iter().find_map(|b| Some((b, b.cardholders.iter().find(fits)?)));
        return found.map_or(Value::Null, |(building, c)| cardholder(building, c));
    }
    let wanted = request.query_value("institution");
    let people = request.query_value("people").is_none_or(|people| people != "none");
    let shows = |id: &str| wanted.as_deref().is_none_or(|wanted| wanted == id);
    let institutions = store.buildings.iter().filter(|b| shows(&b.id)).map(|b| building(b, now, people));
    let visits = store.visits.all().filter(|v| shows(&v.building)).map(|v| visit_json(inner, v));
    json!({
        "now": now.to_string(),
        "owners": owners(store),
        "institutions": institutions.collect::<Vec<_>>(),
        "visits": visits.collect::<Vec<_>>(),
        "tokens": store.tokens.len(),
        "mails": store.outbox.len(),
        "activity": store.activity.iter().rev().take(50).map(activity).collect::<Vec<_>>(),
        "changes": store.changes.iter().map(change).collect::<Vec<_>>(),
    })
}

fn owners(store: &Store) -> Value {
    let owner = |owner: &super::store::Owner| {
        let doors: Map<String, Value> =
            owner.doors.iter().map(|(door, c)| (format!("{door:?}"), json!(c.username))).collect();
        json!({ "OwnerGuid": format!("{{{}}}", owner.guid), "doors": doors })
    };
    store.owners.iter().map(owner).collect()
}

fn building(building: &Building, now: Timestamp, people: bool) -> Value {
    let company = |c: &super::store::Company| {
        json!({ "CompanyId": c.id, "CompanyGuid": c.guid, "Name": c.name, "Suite": c.suite, "FloorIds": c.floors,
                "IsActive": c.active, "InstitutionId": c.institution })
    };
    let profile = |p: &super::store::Profile| {
        json!({ "AccessProfileId": p.id, "Name": p.name, "Description": p.description, "visitors": p.visitors,
                "readers": p.readers, "CompanyId": p.company })
    };
    let reader = |r: &super::store::Reader| json!({ "ReaderId": r.id, "Description": r.description, "FloorDescription": r.floor });
    let cardholders: Vec<Value> =
        building.cardholders.iter().filter(|_| people).map(|c| cardholder(building, c)).collect();
    json!({
        "InstitutionId": building.id,
        "Name": building.name,
        "owner": building.owner,
        "Timezone": building.zone_name,
        "local": building.zone.to_datetime(now).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        "companies": building.companies.iter().map(company).collect::<Vec<_>>(),
        "accessprofiles": building.profiles.iter().map(profile).collect::<Vec<_>>(),
        "readers": building.readers.iter().map(reader).collect::<Vec<_>>(),
        "cardholders": cardholders,
        "admitted": building.admitted.len(),
        "job": { "ran_at": building.job.0.map(|at| at.to_string()), "runs": building.job.1 },
    })
}

fn cardholder(building: &Building, c: &Cardholder) -> Value {
    let card = |card: &super::store::Card| json!({ "CardID": card.id, "ExternalNumber": card.external });
    json!({
        "CardholderId": c.id, "CardholderGuid": c.guid, "FirstName": c.first, "LastName": c.last,
        "EmailId": c.email, "MobileNumber": c.mobile, "CompanyId": c.company, "IsActive": c.active,
        "AccessProfileIds": c.profiles, "Cards": c.cards.iter().map(card).collect::<Vec<_>>(),
        "deleted": c.deleted, "modified": c.modified.to_string(), "admitted": building.admitted.contains(&c.guid),
    })
}

/// A visit: all fields as sent, and the fields that Kastle adds.
pub(super) fn visit_json(inner: &Inner, visit: &Visit) -> Value {
    let mut switches = Switches::new(&[super::SWITCHES]);
    let faithful = switches.set("readback", "faithful").and_then(|()| Contract::of(&switches));
    let read_back =
        faithful.map(|contract| calls::read_back(&switches, visit).text(&Style::new(&contract, &switches)));
    let mut all: Value = read_back.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let admitted = |guid: &String| {
        inner.store.building(&visit.building).is_some_and(|building| building.admitted.contains(guid))
    };
    if let Some(models) = all["VisitorModel"].as_array_mut() {
        for (model, attendee) in models.iter_mut().zip(&visit.attendees) {
            model["qr"] = json!(attendee.qr());
            model["arrived"] = json!(attendee.arrived.map(|at| at.to_string()));
            model["admitted"] = json!(admitted(&attendee.guid));
        }
    }
    all["made_by"] = json!(visit.made_by);
    all["made_at"] = json!(visit.made_at.to_string());
    all["sequence"] = json!(visit.sequence);
    all["start"] = json!(visit.start.to_string());
    all["end"] = json!(visit.end.to_string());
    all
}

fn activity(record: &Activity) -> Value {
    json!({ "ActivityId": record.id, "DateTimeUtc": record.at.to_string(), "PersonnelName": record.personnel,
            "CardNumber": record.card, "LockoutReason": record.lockout, "CompanyName": record.company,
            "ReaderId": record.reader, "institution": record.building })
}

fn change(change: &Change) -> Value {
    json!({ "at": change.at.to_string(), "what": change.what, "by": change.by })
}
