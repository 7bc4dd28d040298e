//! The validation of 2A.4, each rule on or off; all messages but the documented one (2B.9) are chosen.

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use serde_json::Value;

use super::body::{self, Draft, Visitor};
use super::contract::Contract;
use super::envelope::Refusal;
use super::store::{Building, Scope};
use super::time;
use crate::frame::Switches;

/// The context of the rules besides the draft.
pub(super) struct Against<'a> {
    /// The building.
    pub building: &'a Building,
    /// The part of it that the institution covers.
    pub scope: &'a Scope,
    /// The institution of the path.
    pub institution: &'a str,
    /// The switches.
    pub switches: &'a Switches,
}

/// The time of a visit.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// First instant.
    pub start: Timestamp,
    /// Last instant.
    pub end: Timestamp,
    /// The same as wall times.
    pub arrival: DateTime,
    /// See `arrival`.
    pub departure: DateTime,
    /// IANA name of the zone.
    pub zone: String,
}

fn refuse<T>(text: &str) -> Result<T, Refusal> {
    Err(Refusal::Rule(text.to_owned()))
}

fn need(holds: bool, text: &str) -> Result<(), Refusal> {
    if holds { Ok(()) } else { refuse(text) }
}

impl Against<'_> {
    /// Reads a body and checks all rules.
    pub(super) fn draft(&self, body: &Value, contract: &Contract) -> Result<(Draft, Window), Refusal> {
        let draft = body::read(body, contract, self.switches)?;
        self.check(&draft)?;
        let window = self.window(&draft)?;
        Ok((draft, window))
    }

    /// The same for a visit made by hand; the error is a sentence.
    pub(super) fn by_hand(&self, body: &Value, contract: &Contract) -> Result<(Draft, Window), String> {
        self.draft(body, contract).map_err(|refusal| match refusal {
            Refusal::Rule(text) => format!("the visit is invalid: {text}"),
            other => format!("the visit is invalid: {other:?}"),
        })
    }

    fn enforced(&self, rule: &str) -> bool {
        self.switches.is(rule, "enforced")
    }

    /// All rules except those on times.
    fn check(&self, draft: &Draft) -> Result<(), Refusal> {
        let visitors = draft.visitors.as_deref().unwrap_or_default();
        if self.enforced("rules.visitors") {
            need(!visitors.is_empty(), "Visitor list is required")?;
        }
        if let Some(most) = self.switches.count("cap.visitors") {
            need(visitors.len() <= most, &format!("At most {most} visitors per request"))?;
        }
        self.institution(draft)?;
        self.floor(draft)?;
        self.host(draft)?;
        visitors.iter().try_for_each(|visitor| self.visitor(visitor))?;
        self.profiles(draft)
    }

    fn institution(&self, draft: &Draft) -> Result<(), Refusal> {
        if !self.enforced("rules.institution") {
            return Ok(());
        }
        let id = draft.institution.as_deref().unwrap_or_default();
        let number = id.parse::<i64>().is_ok_and(|number| number != 0);
        need(number && id == self.institution, "Invalid InstitutionID")
    }

    fn floor(&self, draft: &Draft) -> Result<(), Refusal> {
        let Some(floor) = draft.floor.as_deref().filter(|floor| !floor.is_empty()) else {
            return need(self.switches.is("floor", "optional"), "FloorId is required");
        };
        if self.enforced("rules.floor") {
            need(floor.parse::<i32>().is_ok(), "Invalid FloorId")?;
        }
        need(floor != "888" || !self.switches.is("floor", "no-888"), "Invalid FloorId")
    }

    fn host(&self, draft: &Draft) -> Result<(), Refusal> {
        for (name, what) in [(&draft.host.first, "first"), (&draft.host.last, "last")] {
            let name = name.as_deref().unwrap_or_default();
            if self.enforced("rules.names") {
                need(is_name(name), &format!("Invalid host {what} name"))?;
            }
            if self.enforced("rules.host-length") {
                need(name.chars().count() <= 40, &format!("Host {what} name is longer than 40 characters"))?;
            }
        }
        let email = draft.host.email.as_deref().unwrap_or_default();
        let checked = self.enforced("rules.email") && !email.is_empty();
        need(!checked || is_email(email), "Invalid host email")
    }

    fn visitor(&self, visitor: &Visitor) -> Result<(), Refusal> {
        let last = visitor.last.as_deref().unwrap_or_default();
        if self.enforced("rules.last-name") {
            need(!last.trim().is_empty(), "Visitor last name is required")?;
        }
        if self.enforced("rules.names") {
            need(is_name(visitor.first.as_deref().unwrap_or_default()), "Invalid visitor first name")?;
            need(is_name(last), "Invalid visitor last name")?;
        }
        if let Some(number) = visitor.mobile.as_deref().filter(|_| self.enforced("rules.phone")) {
            need(is_phone(number), "Invalid visitor mobile number")?;
        }
        let Some(email) = visitor.email.as_deref() else {
            return Ok(());
        };
        let checked = self.enforced("rules.email");
        need(!checked || is_email(email), "Invalid visitor email")?;
        let refused = self.switches.is("mail.dummy", "rejected") && is_dummy(email);
        need(!refused, "Invalid visitor email domain")
    }

    fn profiles(&self, draft: &Draft) -> Result<(), Refusal> {
        if !self.enforced("rules.profiles") {
            return Ok(());
        }
        let usable = |id: &String| match self.switches.get("profiles.visitors") {
            "none" => false,
            "subset" => self.building.profile(id).is_some_and(|p| p.visitors),
            _ => self.building.profile(id).is_some_and(|p| in_scope(self.scope, p.company.as_deref())),
        };
        match draft.profiles.iter().find(|id| !usable(id)) {
            Some(id) => refuse(&format!("Invalid access profile {id}")),
            None => Ok(()),
        }
    }

    /// The time of the visit: zone, form of dates, gap, order, longest duration.
    fn window(&self, draft: &Draft) -> Result<Window, Refusal> {
        let (zone, name) = self.zone(draft)?;
        let (first, last) = if draft.all_day { ("00:00", "23:59") } else { ("", "") };
        let arrival = self.wall(&draft.arrival, first, "arrival")?;
        let departure = self.wall(&draft.departure, last, "departure")?;
        let (start, arrival) = self.instant(&zone, arrival, "arrival")?;
        let (end, departure) = self.instant(&zone, departure, "departure")?;
        if self.enforced("rules.order") {
            need(end > start, "Departure must be after arrival")?;
        }
        if let Some(most) = self.switches.whole("cap.days") {
            let days = i64::from((departure.date() - arrival.date()).get_days()) + 1;
            need(days <= most, &format!("A visit lasts at most {most} days"))?;
        }
        Ok(Window { start, end, arrival, departure, zone: name })
    }

    fn zone(&self, draft: &Draft) -> Result<(TimeZone, String), Refusal> {
        let own = || (self.building.zone.clone(), self.building.zone_name.clone());
        let Some(name) = draft.zone.as_deref() else {
            return Ok(own());
        };
        match time::zone(name, self.switches) {
            None if self.enforced("rules.zone") => refuse("Invalid Timezone"),
            None => Ok(own()),
            Some(known) => Ok(known),
        }
    }

    fn wall(
        &self,
        (date, time): &(Option<String>, Option<String>),
        spare: &str,
        what: &str,
    ) -> Result<DateTime, Refusal> {
        let date = time::read_date(date.as_deref().unwrap_or_default(), self.switches);
        let Some(date) = date else {
            return refuse(&format!("Invalid {what} date"));
        };
        let time: Option<Time> = time::read_time(time.as_deref().unwrap_or(spare));
        let Some(time) = time else {
            return refuse(&format!("Invalid {what} time"));
        };
        Ok(date.to_datetime(time))
    }

    fn instant(&self, zone: &TimeZone, wall: DateTime, what: &str) -> Result<(Timestamp, DateTime), Refusal> {
        let shifted = self.switches.is("zones.gap", "shifted");
        let at = time::instant(zone, wall, shifted);
        at.ok_or_else(|| Refusal::Rule(format!("The {what} time does not exist in the time zone")))
    }
}

/// Profiles of the whole building are for every company.
pub(super) fn in_scope(scope: &Scope, company: Option<&str>) -> bool {
    company.is_none() || scope.holds(company)
}

/// `^[ A-Za-z0-9_'./&-]*$`
fn is_name(name: &str) -> bool {
    name.bytes().all(|c| c.is_ascii_alphanumeric() || b" _'./&-".contains(&c))
}

/// `^\+?[1-9][0-9]{7,14}$`
fn is_phone(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    let all = digits.bytes().all(|c| c.is_ascii_digit());
    all && !digits.starts_with('0') && (8..=15).contains(&digits.len())
}

/// A text, an @, and a dot after it (2B.6 rule 2).
fn is_email(email: &str) -> bool {
    let Some((local, domain)) = email.rsplit_once('@') else {
        return false;
    };
    let plain = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c == '@');
    plain(local) && plain(domain) && domain.split('.').count() > 1 && domain.split('.').all(|l| !l.is_empty())
}

/// Whether an address can never receive mail (RFC 6761) or is Kastle's own dummy (2A.4).
pub(super) fn is_dummy(email: &str) -> bool {
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain).to_ascii_lowercase();
    domain == "invalid" || domain.ends_with(".invalid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_phones_and_addresses_follow_the_patterns_of_the_source() {
        for name in ["", "Jose", "O'Brien-Smith Jr. & Co/2_"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["José", "山田", "a,b", "x\n"] {
            assert!(!is_name(name), "{name}");
        }
        for (number, fits) in
            [("+12025550123", true), ("12345678", true), ("0123456789", false), ("1234567", false)]
        {
            assert_eq!(is_phone(number), fits, "{number}");
        }
        assert!(!is_phone("+1 202 555 0123") && !is_phone("1234567890123456") && !is_phone(""));
        assert!(is_email("v@visitor.invalid") && !is_email("v@localhost") && !is_email("a b@c.d"));
        assert!(is_dummy("v@visitor.invalid") && !is_dummy("v@invalid.example"));
    }
}
