//! Adapts declared access to the capabilities of a system. A part that the system cannot hold is a [`Loss`], which is
//! reported, or a [`Refusal`] if it would be wrong to open a door without that part.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

use crate::entitlement::Entitlement;
use crate::model::{Card, Facts, Person};
use crate::person_flags::PersonFlags;
use crate::schedule::{Window, Zone};
use crate::text;

/// The capabilities of a system, as data: no client has to be called to find them out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The system's name as people know it, for messages.
    pub system: &'static str,
    /// The zone of the system's clock, if its protocol carries wall-clock times without an offset.
    pub zone: Option<Zone>,
    /// The contact that a visitor must have.
    pub contact: Contact,
    /// Whether the system itself closes the door when a window ends.
    pub enforces_window: bool,
    /// The largest number of access groups of a person.
    pub max_groups: usize,
    /// The format of visitors' credential numbers; `None` if the integration names none.
    pub card_format: Option<String>,
    /// How names are sent.
    pub names: Names,
    /// Whether the tenant's name is sent.
    pub tells_tenant: bool,
    /// Whether a record, when read, shows the time of its last change by the system's own clock.
    pub shows_edit_time: bool,
}

/// The contact that a visitor must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    /// An email or a phone; either is enough (systems/lenel-s2.md, S2/P18).
    EmailOrPhone,
    /// No contact is needed.
    Nothing,
}

/// How names are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// As typed.
    Unicode,
    /// Transliterated: letters that the system would drop or refuse are replaced here, where the change is reported.
    Ascii,
}

/// The declared access of a visitor on one day in one integration, before it is adapted to the system.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestedAccess {
    /// The visitor.
    pub person: Person,
    /// The tenant's display name.
    pub tenant: String,
    /// The time of the access.
    pub window: Window,
    /// Access groups as written: a name or `id:<external id>`.
    pub groups: BTreeSet<String>,
    /// `spec.credentialNumber`.
    pub credential_number: Option<String>,
}

impl fmt::Debug for RequestedAccess {
    /// A credential number is personal data, so only its presence is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { person, tenant, window, groups, credential_number } = self;
        let number = if credential_number.is_some() { "set" } else { "unset" };
        f.debug_struct("RequestedAccess")
            .field("person", person)
            .field("tenant", tenant)
            .field("window", window)
            .field("groups", groups)
            .field("credential_number", &number)
            .finish()
    }
}

/// A declared value that the system does not hold as declared. The rest is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Loss {
    /// The name was transliterated.
    Name,
}

/// Why no access is granted to this visitor. The message says what to change.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The contact that the system requires is missing.
    #[error("{0} requires an email or a phone of a visitor: set spec.email or spec.phone")]
    NoContact(&'static str),
    /// The last name has no ASCII letters.
    #[error(
        "{0} requires a last name in ASCII letters and spec.lastName has none: write it in Latin letters"
    )]
    NoLastName(&'static str),
    /// There are more groups than a person can have.
    #[error(
        "{system} holds at most {max} access groups for a person and {count} are named: name fewer groups"
    )]
    TooManyGroups {
        /// The system.
        system: &'static str,
        /// Its limit.
        max: usize,
        /// The number of groups that are named.
        count: usize,
    },
    /// The whole window is inside the hour that the system's clock shows twice.
    #[error(
        "the hours of this day are inside the hour that the clock of {0} shows twice when it is put back: choose \
         spec.visit.startTime and spec.visit.endTime before or after that hour"
    )]
    RepeatedHour(&'static str),
    /// There is a card number, but no card format.
    #[error(
        "spec.credentialNumber needs a card format: name one in spec.lenelS2.visitorCardFormat of the AccessIntegration"
    )]
    NoCardFormat,
}

/// Checks whether a system can hold a person with this number of groups. The names of groups and formats are not checked.
pub fn check(person: PersonFlags, groups: usize, to: &Capabilities) -> Result<(), Refusal> {
    if to.contact == Contact::EmailOrPhone && !person.has_contact() {
        return Err(Refusal::NoContact(to.system));
    }
    if groups > to.max_groups {
        return Err(Refusal::TooManyGroups { system: to.system, max: to.max_groups, count: groups });
    }
    if to.names == Names::Ascii && !person.has_ascii_last_name() {
        return Err(Refusal::NoLastName(to.system));
    }
    if person.has_card() && to.card_format.is_none() {
        return Err(Refusal::NoCardFormat);
    }
    Ok(())
}

/// Adapts requested access to a system.
pub fn adapt(requested: &RequestedAccess, to: &Capabilities) -> Result<(Facts, Vec<Loss>), Refusal> {
    check(
        PersonFlags::of(&requested.person, requested.credential_number.is_some()),
        requested.groups.len(),
        to,
    )?;
    let (person, tenant, losses) = spell(requested, to);
    let window = fit_window(requested.window, to)?;
    let card = requested.credential_number.iter().zip(&to.card_format);
    let card = card.map(|(number, format)| Card { number: number.clone(), format: format.clone() });
    let facts = Facts {
        person,
        tenant: if to.tells_tenant { tenant } else { String::new() },
        window: Some(window),
        groups: group_names(&requested.groups),
        cards: card.map(|card| (card, Some(window.until))).collect(),
    };
    Ok((facts, losses))
}

/// The system's own name or id of a group, as written in a spec: a name or `id:<external id>`.
pub fn group_name(written: &str) -> &str {
    written.strip_prefix("id:").unwrap_or(written)
}

/// The most that a record of the requested access may open in a system, even if [`adapt`] refuses the request.
pub fn entitlement(requested: &RequestedAccess, to: &Capabilities) -> Entitlement {
    Entitlement {
        person: Some(spell(requested, to).0),
        window: Some(fit_window(requested.window, to).unwrap_or_else(|_| whole_minutes(requested.window))),
        groups: Some(group_names(&requested.groups)),
        cards: Some(requested.credential_number.iter().cloned().collect()),
    }
}

/// The names that the system uses for access groups as written in a spec.
pub fn group_names(written: &BTreeSet<String>) -> BTreeSet<String> {
    written.iter().map(|group| group_name(group).to_owned()).collect()
}

/// The person and the tenant's name in the letters that the system accepts, without invisible characters.
fn spell(requested: &RequestedAccess, to: &Capabilities) -> (Person, String, Vec<Loss>) {
    let Person { first_name, last_name, email, phone } = &requested.person;
    let typed = (text::clean(first_name), text::clean(last_name));
    let (spelt, tenant) = match to.names {
        Names::Unicode => (typed.clone(), text::clean(&requested.tenant)),
        Names::Ascii => ((text::ascii(first_name), text::ascii(last_name)), text::ascii(&requested.tenant)),
    };
    let losses = if spelt == typed { Vec::new() } else { vec![Loss::Name] };
    let (first_name, last_name) = spelt;
    let person = Person { first_name, last_name, email: text::clean(email), phone: text::clean(phone) };
    (person, tenant, losses)
}

/// Whether a system can hold a window.
pub fn check_window(declared: Window, to: &Capabilities) -> Result<(), Refusal> {
    fit_window(declared, to).map(drop)
}

/// The window with bounds that are unambiguous on the system's clock. It is never longer than declared.
fn fit_window(declared: Window, to: &Capabilities) -> Result<Window, Refusal> {
    let minutes = whole_minutes(declared);
    let Some(zone) = &to.zone else { return Ok(minutes) };
    let window = zone.without_ambiguous_bounds(minutes);
    if window.is_empty() && !minutes.is_empty() { Err(Refusal::RepeatedHour(to.system)) } else { Ok(window) }
}

/// The window in whole minutes, the finest unit of a system's protocol. It never begins earlier or ends later.
fn whole_minutes(window: Window) -> Window {
    let minute = |number: i64| Timestamp::from_second(number * 60);
    let before = |at: Timestamp| minute(at.as_second().div_euclid(60)).unwrap_or(Timestamp::MIN);
    let from = before(window.from);
    let rounded = if from < window.from { minute(from.as_second().div_euclid(60) + 1) } else { Ok(from) };
    Window { from: rounded.unwrap_or(Timestamp::MAX), until: before(window.until) }
}
