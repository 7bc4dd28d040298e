//! Fits what was declared to what a system can hold. What it cannot hold is a [`Loss`] that is told, or a
//! [`Refusal`] when opening a door without it would be wrong.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

use crate::entitlement::Entitlement;
use crate::model::{Card, Facts, Person};
use crate::person_flags::PersonFlags;
use crate::schedule::{Window, Zone};
use crate::text;

/// What a system is able to do, as data: nothing asks a client and gets an error for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The system's name as people know it, for sentences.
    pub system: &'static str,
    /// The zone of the system's clock, where its wire carries wall clock without an offset.
    pub zone: Option<Zone>,
    /// Which contact a visitor must have.
    pub contact: Contact,
    /// Whether the system itself closes the door when a window ends.
    pub enforces_window: bool,
    /// Access groups a person may have at most.
    pub max_groups: usize,
    /// The format of visitors' credential numbers; `None` if the integration names none.
    pub card_format: Option<String>,
    /// Whether names are sent as typed or in ASCII letters.
    pub names: Names,
    /// Whether the tenant's name is sent.
    pub tells_tenant: bool,
    /// Whether a record that is read shows when it was changed last, by the system's own clock.
    pub shows_edit_time: bool,
}

/// Which contact a visitor must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact {
    /// An email or a phone; either is enough (systems/lenel-s2.md, S2/P18).
    EmailOrPhone,
    /// None is needed.
    Nothing,
}

/// How names are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// As typed.
    Unicode,
    /// Transliterated: what the system would cut or refuse is replaced here, where it is told.
    Ascii,
}

/// What is wanted of a visitor on one day in one integration, before it meets the system.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestedAccess {
    /// Who.
    pub person: Person,
    /// The tenant's display name.
    pub tenant: String,
    /// When.
    pub window: Window,
    /// Access groups as written: a name or `id:<external id>`.
    pub groups: BTreeSet<String>,
    /// `spec.credentialNumber`.
    pub credential_number: Option<String>,
}

impl fmt::Debug for RequestedAccess {
    /// A credential number is somebody's: shown is only whether there is one.
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

/// Something declared that the system does not hold as declared; the rest is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Loss {
    /// The name was transliterated.
    Name,
}

/// Why nothing is opened for this visitor: a sentence says what to change.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// No contact that the system wants.
    #[error("{0} wants an email or a phone of a visitor: set spec.email or spec.phone")]
    NoContact(&'static str),
    /// No last name is left.
    #[error("{0} wants a last name in ASCII letters and spec.lastName has none: spell it in Latin letters")]
    NoLastName(&'static str),
    /// More groups than a person can have.
    #[error("{system} holds at most {max} access groups a person and {count} are named")]
    TooManyGroups {
        /// The system.
        system: &'static str,
        /// Its limit.
        max: usize,
        /// What was asked.
        count: usize,
    },
    /// Nothing is left of the window outside of the hour that the system's clock shows twice.
    #[error(
        "the hours of this day lie where the clock of {0} is put back and shows every time twice: choose          spec.visit.startTime and spec.visit.endTime before or after that hour"
    )]
    RepeatedHour(&'static str),
    /// A number, but no format to write it in.
    #[error(
        "spec.credentialNumber needs a card format: name one in spec.lenelS2.visitorCardFormat of the AccessIntegration"
    )]
    NoCardFormat,
}

/// Whether a system can hold a person with so many groups, as far as anything but the names of groups and formats decides.
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

/// Fits a wish to a system.
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

/// The most that a record of a wish may open in a system, also where [`adapt`] refuses the wish.
pub fn entitlement(requested: &RequestedAccess, to: &Capabilities) -> Entitlement {
    Entitlement {
        person: Some(spell(requested, to).0),
        window: Some(fit_window(requested.window, to).unwrap_or_else(|_| whole_minutes(requested.window))),
        groups: Some(group_names(&requested.groups)),
        cards: Some(requested.credential_number.iter().cloned().collect()),
    }
}

/// Access groups as written, by the names that the system uses.
pub fn group_names(written: &BTreeSet<String>) -> BTreeSet<String> {
    written.iter().map(|group| group_name(group).to_owned()).collect()
}

/// The person and the tenant's name in the letters that the system takes, without what cannot be seen.
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

/// The window in times that the system cannot take for others. Opening for longer than declared is no way out.
fn fit_window(declared: Window, to: &Capabilities) -> Result<Window, Refusal> {
    let minutes = whole_minutes(declared);
    let Some(zone) = &to.zone else { return Ok(minutes) };
    let window = zone.without_ambiguous_bounds(minutes);
    if window.is_empty() && !minutes.is_empty() { Err(Refusal::RepeatedHour(to.system)) } else { Ok(window) }
}

/// Windows in whole minutes, the finest that a system's wire carries: never opening before, never after.
fn whole_minutes(window: Window) -> Window {
    let minute = |number: i64| Timestamp::from_second(number * 60);
    let before = |at: Timestamp| minute(at.as_second().div_euclid(60)).unwrap_or(Timestamp::MIN);
    let from = before(window.from);
    let rounded = if from < window.from { minute(from.as_second().div_euclid(60) + 1) } else { Ok(from) };
    Window { from: rounded.unwrap_or(Timestamp::MAX), until: before(window.until) }
}
