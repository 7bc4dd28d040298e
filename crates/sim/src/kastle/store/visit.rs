//! Visits by GUID (2A.4, 2B.5).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::Value;

/// A visit.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    /// Its GUID, the caller's or Kastle's.
    pub guid: String,
    /// The institution where it was made.
    pub institution: String,
    /// Key of the building.
    pub building: String,
    /// Its maker: an authorizer or a person at a desk.
    pub made_by: String,
    /// Time when it was made.
    pub made_at: Timestamp,
    /// The number of its changes (`SEQUENCE`, 2A.5).
    pub sequence: u64,
    /// First instant.
    pub start: Timestamp,
    /// Last instant.
    pub end: Timestamp,
    /// The same as wall times of its zone.
    pub arrival: DateTime,
    /// See `arrival`.
    pub departure: DateTime,
    /// IANA name of its zone.
    pub zone: String,
    /// `FloorId`.
    pub floor: Option<String>,
    /// The host.
    pub host: Host,
    /// `VisitingCompany`.
    pub company: Option<String>,
    /// Access profile ids.
    pub profiles: Vec<String>,
    /// `IsAllDayEvent`.
    pub all_day: bool,
    /// `IdentityType`.
    pub identity: String,
    /// `NotifyOnArrival`.
    pub notify: Option<bool>,
    /// `IsSendMailToVisitors`.
    pub send_mail: Option<bool>,
    /// Other fields of 2A.4, as sent.
    pub rest: Vec<(&'static str, Value)>,
    /// The visitors.
    pub attendees: Vec<Attendee>,
}

/// The host of a visit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Host {
    /// `UserFirstName`.
    pub first: Option<String>,
    /// `UserLastName`.
    pub last: Option<String>,
    /// `UserEmail`.
    pub email: Option<String>,
    /// `UserCardHolderID`.
    pub id: Option<String>,
}

/// A visitor.
#[derive(Clone, Debug)]
pub(crate) struct Attendee {
    /// `CardholderGuid`, the caller's or Kastle's.
    pub guid: String,
    /// First name.
    pub first: Option<String>,
    /// Last name.
    pub last: String,
    /// Address; Kastle's dummy if none was given (2A.4).
    pub email: String,
    /// Whether the address is Kastle's dummy.
    pub dummy: bool,
    /// `VisitorCompany`.
    pub company: Option<String>,
    /// `MobileNumber`.
    pub mobile: Option<String>,
    /// Other fields of 2A.4, as sent.
    pub rest: Vec<(&'static str, Value)>,
    /// Number of the QR code.
    pub external: String,
    /// Time of the first entry.
    pub arrived: Option<Timestamp>,
}

impl Attendee {
    /// First and last name.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.first.as_deref().unwrap_or_default(), self.last).trim().to_owned()
    }

    /// The content of the QR code.
    pub(crate) fn qr(&self) -> String {
        format!("KASTLE-{}", self.external)
    }
}

impl Visit {
    /// Names of all visitors.
    pub(crate) fn names(&self) -> String {
        self.attendees.iter().map(Attendee::name).collect::<Vec<_>>().join(", ")
    }

    /// Whether it overlaps these instants, the second excluded.
    pub(crate) fn overlaps(&self, from: Timestamp, until: Timestamp) -> bool {
        self.start < until && self.end > from
    }
}

/// All visits in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visits {
    last: u64,
    by_number: BTreeMap<u64, Visit>,
    by_guid: HashMap<String, u64>,
    dead: BTreeSet<String>,
}

impl Visits {
    /// Adds or replaces the visit with its GUID.
    pub(crate) fn put(&mut self, visit: Visit) {
        let number = self.by_guid.get(&visit.guid).copied().unwrap_or_else(|| {
            self.last += 1;
            self.last
        });
        self.by_guid.insert(visit.guid.clone(), number);
        self.by_number.insert(number, visit);
    }

    /// The visit with this GUID.
    pub(crate) fn get(&self, guid: &str) -> Option<&Visit> {
        self.by_number.get(self.by_guid.get(guid)?)
    }

    /// The same, mutable.
    pub(crate) fn get_mut(&mut self, guid: &str) -> Option<&mut Visit> {
        self.by_number.get_mut(self.by_guid.get(guid)?)
    }

    /// Removes a visit and records its GUID as dead.
    pub(crate) fn remove(&mut self, guid: &str) -> Option<Visit> {
        let visit = self.by_number.remove(&self.by_guid.remove(guid)?)?;
        self.dead.insert(guid.to_owned());
        Some(visit)
    }

    /// Whether a visit with this GUID was removed.
    pub(crate) fn died(&self, guid: &str) -> bool {
        self.dead.contains(guid)
    }

    /// All visits.
    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = &Visit> {
        self.by_number.values()
    }

    /// The visit and visitor with this `CardholderGuid`, a present visit before others.
    pub(crate) fn attendee(&self, id: &str, now: Timestamp) -> Option<(&Visit, &Attendee)> {
        let find = |visit: &'_ Visit| {
            visit.attendees.iter().position(|a| a.guid == id || a.email.eq_ignore_ascii_case(id))
        };
        let found: Vec<(&Visit, usize)> = self.all().filter_map(|v| Some((v, find(v)?))).collect();
        let on = found.iter().find(|(visit, _)| visit.start <= now && now < visit.end);
        let (visit, index) = on.or_else(|| found.last())?;
        Some((visit, visit.attendees.get(*index)?))
    }
}
