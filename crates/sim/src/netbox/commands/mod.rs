//! The commands of 2.6: one function for each, and one table.

#![allow(clippy::unnecessary_wraps)] // the table holds functions of one shape

mod credentials;
mod doors;
mod events;
mod groups;
mod level_edit;
mod level_groups;
mod levels;
mod people;
mod person_xml;
mod search;
mod session;
mod table;
mod time;
mod udf;
mod virtual_credentials;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};

pub(super) use self::table::{Command, Need, find, names};
use super::dates;
use super::store::{MASTER, Session, Store};
use super::xml::{Element, Xml};
use crate::frame::{Switches, Twists};

/// The answer of a command that succeeds.
#[derive(Debug)]
pub(super) enum Success {
    /// CODE alone.
    Code,
    /// CODE and DETAILS.
    Details(Xml),
    /// CODE and elements beside it, without DETAILS.
    Beside(Xml),
    /// CODE in an envelope that carries this session (Login).
    LoggedIn(String),
    /// CODE in an envelope without a session (Logout).
    LoggedOut,
}

/// The answer of a command that fails (2.11).
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    /// CODE FAIL with a text.
    Fail(String),
    /// CODE NOT FOUND.
    NotFound,
    /// CODE FAIL with the text NOT FOUND.
    FailNotFound,
    /// CODE DUPLICATE.
    Duplicate,
    /// APIERROR.
    ApiError(i64),
}

/// The result of a command.
pub(super) type Done = Result<Success, Refusal>;

/// CODE FAIL with a text.
pub(super) fn fail<T>(text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Fail(text.into()))
}

/// A date among the parameters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum DateParam {
    /// It is absent.
    Absent,
    /// It is empty or `null`: the date is cleared.
    None,
    /// It is this date.
    At(DateTime),
}

impl DateParam {
    /// The new value of a field that was `old`.
    pub(super) const fn over(self, old: Option<DateTime>) -> Option<DateTime> {
        match self {
            Self::Absent => old,
            Self::None => None,
            Self::At(date) => Some(date),
        }
    }

    /// The date, if there is one.
    pub(super) const fn value(self) -> Option<DateTime> {
        self.over(None)
    }
}

/// One command while it runs.
pub(super) struct Ctx<'a> {
    /// The records.
    pub store: &'a mut Store,
    /// Its switches.
    pub switches: &'a Switches,
    /// TYPE and REASON by outcome, from the seed.
    pub reasons: &'a BTreeMap<String, (String, String)>,
    /// Name of the command.
    pub command: &'static str,
    /// PARAMS.
    pub params: &'a Element,
    /// The simulated present.
    pub now: Timestamp,
    /// The same by the controller's clock.
    pub local: DateTime,
    /// The session, with its id; none when authentication is switched off.
    pub session: Option<(String, Session)>,
    /// The faults of this call.
    pub twists: &'a Twists,
    /// True for `dateformat="tzoffset"` with the switch that accepts it.
    pub tzoffset: bool,
    /// The person of the call, for the page.
    pub subject: String,
}

impl Ctx<'_> {
    /// The partition of the caller.
    pub(super) fn partition(&self) -> u64 {
        self.session.as_ref().map_or(MASTER, |(_, session)| session.partition)
    }

    /// The user of the session, for LASTEDITPERSONID.
    pub(super) fn user(&self) -> String {
        self.session.as_ref().map(|(_, session)| session.user.clone()).unwrap_or_default()
    }

    /// A required parameter that is not empty; `Missing <NAME>` otherwise.
    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.params.filled(name).map_or_else(|| fail(format!("Missing {name}")), Ok)
    }

    /// A required key; `Invalid <NAME>` when it is no number.
    pub(super) fn key(&self, name: &str) -> Result<u64, Refusal> {
        let text = self.required(name)?;
        text.parse().map_or_else(|_| fail(format!("Invalid {name}")), Ok)
    }

    /// An optional key.
    pub(super) fn optional_key(&self, name: &str) -> Result<Option<u64>, Refusal> {
        if self.params.filled(name).is_none() {
            return Ok(None);
        }
        self.key(name).map(Some)
    }

    /// TRUE/FALSE or 1/0; the switch `params.flags` decides about other forms.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        let Some(text) = self.params.filled(name) else { return Ok(None) };
        self.read_flag(name, text).map(Some)
    }

    /// A flag from its text.
    pub(super) fn read_flag(&self, name: &str, text: &str) -> Result<bool, Refusal> {
        let tolerant = self.switches.is("params.flags", "tolerant");
        let word = if tolerant { text.to_ascii_uppercase() } else { text.to_owned() };
        match word.as_str() {
            "TRUE" | "1" => Ok(true),
            "FALSE" | "0" => Ok(false),
            "YES" | "ON" if tolerant => Ok(true),
            _ if tolerant => Ok(false),
            _ => fail(format!("Invalid {name}")),
        }
    }

    /// A date parameter. The switch decides the time of a bare EXPDATE.
    pub(super) fn date(&self, from: &Element, name: &str) -> Result<DateParam, Refusal> {
        let Some(text) = from.value(name).map(str::trim) else { return Ok(DateParam::Absent) };
        if text.is_empty() || text == "null" {
            return Ok(DateParam::None);
        }
        let late = name.ends_with("EXPDATE") && self.switches.is("dates.bare", "end-of-day");
        let bare = if late { dates::end_of_day() } else { Time::midnight() };
        let us = || dates::read_us(text, bare).filter(|_| self.switches.is("dates.us", "accepted"));
        dates::read(text, bare)
            .or_else(us)
            .map_or_else(|| fail(format!("Invalid {name}")), |date| Ok(DateParam::At(date)))
    }

    /// A date in an answer.
    pub(super) fn date_text(&self, date: Option<DateTime>) -> String {
        let Some(date) = date else {
            let null = self.switches.is("dates.none", "null");
            return if null { "null".to_owned() } else { String::new() };
        };
        let text = dates::write(date);
        if !self.tzoffset {
            return text;
        }
        let offset = self.store.zone.to_ambiguous_zoned(date).compatible();
        offset.map(|zoned| text.clone() + &zoned.strftime("%z").to_string()).unwrap_or(text)
    }

    /// A text as NetBox keeps it, by the switches on letters and lengths (2.16 #12).
    pub(super) fn text(&self, name: &str, value: &str) -> Result<String, Refusal> {
        let mut text = value.to_owned();
        if !text.is_ascii() {
            match self.switches.get("text.non-ascii") {
                "fail" => return fail(format!("Invalid characters in {name}")),
                "latin-1" => text = text.chars().map(|c| if u32::from(c) > 0xff { '?' } else { c }).collect(),
                _ => {}
            }
        }
        let max = self.switches.count("text.max").unwrap_or(usize::MAX);
        if text.chars().count() > max {
            if self.switches.is("text.over", "fail") {
                return fail(format!("{name} is too long"));
            }
            text = text.chars().take(max).collect();
        }
        Ok(text)
    }

    /// A not-found answer in the form of the document for this command, or in that of the switch `absence`.
    pub(super) fn absent(&self, documented: Refusal) -> Refusal {
        match self.switches.get("absence") {
            "code" => Refusal::NotFound,
            "fail" => Refusal::FailNotFound,
            _ => documented,
        }
    }
}

/// The start of a page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Start {
    /// At this key, or the first after it.
    At(u64),
    /// After the last page: an empty page without NEXTKEY (2.12).
    PastEnd,
}

/// One page of a listing by key.
pub(super) struct Page {
    /// The entries.
    pub entries: Xml,
    /// The number of entries.
    pub count: usize,
    /// NEXTKEY; none after the end.
    pub next: Option<String>,
}

impl Page {
    /// `<LIST>entries</LIST><NEXTKEY>next</NEXTKEY>`.
    pub(super) fn into_details(self, list: &str) -> Success {
        let mut xml = Xml::new();
        xml.element(list, |xml| xml.raw(&self.entries.into_string()));
        if let Some(next) = self.next {
            xml.leaf("NEXTKEY", &next);
        }
        Success::Details(xml)
    }
}

impl Ctx<'_> {
    /// STARTFROMKEY; absent, empty and 0 mean the start.
    pub(super) fn start(&self) -> Result<Start, Refusal> {
        match self.params.filled("STARTFROMKEY") {
            None => Ok(Start::At(0)),
            Some("-1") => Ok(Start::PastEnd),
            Some(text) => {
                text.parse().map_or_else(|_| fail("Invalid STARTFROMKEY"), |key| Ok(Start::At(key)))
            }
        }
    }

    /// The number of entries on a page of this command.
    pub(super) fn page_size(&self) -> usize {
        self.switches.count(&format!("page.{}", self.command)).unwrap_or(50).max(1)
    }

    /// One page of `entries`, which are in order of keys from the start on, each written by `write`.
    pub(super) fn page<'i, T: 'i>(
        &self,
        entries: impl Iterator<Item = (u64, T)>,
        write: impl Fn(&Self, &mut Xml, u64, T),
    ) -> Page {
        let (size, limit) = (self.page_size(), self.switches.count("answer.limit").unwrap_or(usize::MAX));
        let short = self.twists.short();
        let (mut xml, mut count, mut first, mut next) = (Xml::new(), 0, None, "-1".to_owned());
        for (key, entry) in entries {
            if short.is_some_and(|keep| count >= keep) {
                break;
            }
            if count >= size || (count > 0 && xml.len() >= limit) {
                next = key.to_string();
                break;
            }
            first.get_or_insert(key);
            write(self, &mut xml, key, entry);
            count += 1;
        }
        if self.twists.repeats() {
            next = first.unwrap_or(0).to_string();
        }
        Page { entries: xml, count, next: Some(next) }
    }

    /// The page after the last.
    pub(super) fn past_end() -> Page {
        Page { entries: Xml::new(), count: 0, next: None }
    }
}
