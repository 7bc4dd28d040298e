//! A visit as it is read back, which is not byte-equal to the visit that was sent (2A.5, 2B.5).

use serde_json::Value;

use super::super::json::Json;
use super::super::kinds::Kind;
use super::super::store::{Attendee, Host, Visit};
use super::super::time;
use crate::frame::Switches;

/// The fields of 2B.5, then the other fields of 2A.4 that were sent.
pub(super) fn visit(switches: &Switches, visit: &Visit) -> Json {
    let lossy = switches.is("readback", "lossy");
    let host = if lossy { two_words(&visit.host) } else { visit.host.clone() };
    let date = |at: jiff::civil::DateTime| Json::from(time::write_date(at.date(), switches));
    let clock = |at: jiff::civil::DateTime| Json::from(time::write_time(at.time()));
    let mut fields = vec![
        ("VisitGuid", visit.guid.as_str().into()),
        ("InstitutionID", Json::Id(visit.institution.clone())),
        ("FloorId", visit.floor.clone().map_or(Json::Maybe(None), Json::Id)),
        ("Timezone", time::zone_name(&visit.zone, switches).into()),
        ("ArrivalDate", date(visit.arrival)),
        ("ArrivalTime", clock(visit.arrival)),
        ("DepartureDate", date(visit.departure)),
        ("DepartureTime", clock(visit.departure)),
        ("UserFirstName", Json::Maybe(host.first)),
        ("UserLastName", Json::Maybe(host.last)),
        ("UserEmail", Json::Maybe(host.email)),
        ("UserCardHolderID", Json::Maybe(host.id)),
        ("VisitingCompany", Json::Maybe(visit.company.clone())),
        ("AccessProfiles", Json::ids(&visit.profiles)),
        ("IdentityType", visit.identity.as_str().into()),
        ("IsAllDayEvent", visit.all_day.into()),
        ("NotifyOnArrival", flag(visit.notify)),
        ("IsSendMailToVisitors", flag(visit.send_mail)),
        ("VisitorModel", Json::List(visit.attendees.iter().map(attendee).collect())),
    ];
    let kept = visit.rest.iter().filter(|(name, _)| !lossy || *name != "PriorityLevel");
    fields.extend(kept.map(|(name, value)| (*name, Json::Plain(value.clone()))));
    if lossy {
        fields.push(("PriorityLevel", visit.sequence.into()));
    }
    Json::Object(Kind::Visit, fields)
}

fn flag(flag: Option<bool>) -> Json {
    Json::Plain(flag.map_or(Value::Null, Value::Bool))
}

fn attendee(attendee: &Attendee) -> Json {
    let mut fields = vec![
        ("FirstName", Json::Maybe(attendee.first.clone())),
        ("LastName", attendee.last.as_str().into()),
        ("Email", attendee.email.as_str().into()),
        ("VisitorCompany", Json::Maybe(attendee.company.clone())),
        ("MobileNumber", Json::Maybe(attendee.mobile.clone())),
        ("CardholderGuid", attendee.guid.as_str().into()),
    ];
    let defaults = [
        ("Role", Value::from("REQ-PARTICIPANT")),
        ("ParticipationStatus", Value::from("NEEDS-ACTION")),
        ("ResponseRequired", Value::from(false)),
        ("TypeOfVisitor", Value::from("INDIVIDUAL")),
    ];
    let sent = |name: &str| attendee.rest.iter().any(|(other, _)| *other == name);
    fields.extend(defaults.into_iter().filter(|(name, _)| !sent(name)).map(|(n, v)| (n, Json::Plain(v))));
    fields.extend(attendee.rest.iter().map(|(name, value)| (*name, Json::Plain(value.clone()))));
    Json::Object(Kind::Visitor, fields)
}

/// The reverse parser keeps only two words of the organizer's name (2A.5).
fn two_words(host: &Host) -> Host {
    let name =
        format!("{} {}", host.first.as_deref().unwrap_or_default(), host.last.as_deref().unwrap_or_default());
    let mut words = name.split_whitespace().map(str::to_owned);
    Host { first: words.next(), last: words.next(), ..host.clone() }
}
