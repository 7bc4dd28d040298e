//! The door decision: `may(user, lock, time)` (2.14), from groups, schedules in the site zone, blocked,
//! suspended, seats; and its entry.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::ids::Pu;
use super::inner::Inner;
use super::store::{Entry, Group, Lock, Site, SiteUser};
use crate::frame::Switches;

/// A person at a lock.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) lock: Uuid,
    /// `None`: an unknown PIN or tag, or the inside handle.
    pub(super) user: Option<Pu>,
    /// `tag`, `pin_code`, `remote`, `inside_handle`.
    pub(super) by: &'static str,
    /// Number of the tag, if it is one.
    pub(super) tag: Option<String>,
    pub(super) at: Timestamp,
}

/// The reason of a refusal: a reject detail of 2.11, and a text for the page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Refusal {
    pub(super) detail: Option<&'static str>,
    pub(super) reason: &'static str,
}

const fn refuse(detail: &'static str, reason: &'static str) -> Result<(), Refusal> {
    Err(Refusal { detail: Some(detail), reason })
}

/// As measured for an unknown tag, and for the PIN of a user who may not use one.
const fn refuse_without_detail(reason: &'static str) -> Result<(), Refusal> {
    Err(Refusal { detail: None, reason })
}

/// The user of an unknown PIN in the entries, who does not exist (2.11).
pub(super) const UNKNOWN_USER: Uuid = Uuid::from_u128(1);

/// Whether this person may open this lock at this instant.
pub(super) fn may(
    site: &Site,
    switches: &Switches,
    user: Pu,
    lock: Uuid,
    at: Timestamp,
) -> Result<(), Refusal> {
    let Some(lock) = site.locks.get(&lock) else {
        return refuse("no_access", "there is no such lock");
    };
    let offline = site.iqs.get(&lock.iq).filter(|iq| !iq.online);
    if let Some(iq) = offline {
        return from_memory(lock, iq.offline_days, user, at);
    }
    let Some(person) = site.user_of(user) else {
        return refuse("no_access", "no user of the site");
    };
    in_person(site, switches, person, at)?;
    by_group(site, switches, user, lock.id, at)
}

/// While its IQ is offline, a lock decides by the credentials that have opened it (2.8).
fn from_memory(lock: &Lock, days: u32, user: Pu, at: Timestamp) -> Result<(), Refusal> {
    let days = i64::from(days);
    let knows = lock.used.get(&user).is_some_and(|used| at.duration_since(*used).as_secs() <= days * 86_400);
    if knows {
        Ok(())
    } else {
        refuse("offline", "the IQ is offline and the lock does not know this credential")
    }
}

/// Refuses a person that is suspended, blocked or expired.
fn in_person(site: &Site, switches: &Switches, person: &SiteUser, at: Timestamp) -> Result<(), Refusal> {
    if !site.subscribed(person) {
        return refuse("suspended", "no seat");
    }
    if person.blocked {
        return refuse("no_access", "blocked");
    }
    let stops = switches.is("expires-at.door", "stops");
    if stops && person.expires_at.is_some_and(|end| at >= end) {
        return refuse("no_access", "expired");
    }
    Ok(())
}

/// Refuses unless a group of the person opens the lock now.
fn by_group(site: &Site, switches: &Switches, user: Pu, lock: Uuid, at: Timestamp) -> Result<(), Refusal> {
    let mut groups = site.groups.values().filter(|group| group.locks.contains(&lock)).peekable();
    if groups.peek().is_none() {
        return refuse("no_access", "the lock is in no group");
    }
    let mut member = false;
    for group in groups.filter(|group| reaches(group, switches, user, at)) {
        member = true;
        if open(group, switches, &site.zone, at) {
            return Ok(());
        }
    }
    if member {
        refuse("no_access", "no schedule allows it now")
    } else {
        refuse("no_access", "in no group of this lock")
    }
}

/// Whether the membership has reached the hardware (2.4).
fn reaches(group: &Group, switches: &Switches, user: Pu, at: Timestamp) -> bool {
    let lag = switches.whole("hardware.member-seconds").unwrap_or(0);
    group.members.get(&user).is_some_and(|since| lag == 0 || at.duration_since(*since).as_secs() >= lag)
}

/// Whether a schedule of the group allows it; a group without a schedule opens nothing (2.7).
fn open(group: &Group, switches: &Switches, zone: &TimeZone, at: Timestamp) -> bool {
    let lag = switches.whole("hardware.schedule-seconds").unwrap_or(0);
    let known = lag == 0 || at.duration_since(group.scheduled).as_secs() >= lag;
    let local = at.to_zoned(zone.clone()).datetime();
    known && group.schedules.values().any(|schedule| schedule.open(local))
}

/// The decision of a lock. From the inside it always opens.
pub(super) fn decide(site: &Site, switches: &Switches, attempt: &Attempt) -> Result<(), Refusal> {
    let may_use_pin = |user: Pu| site.user_of(user).is_none_or(|person| person.use_pin);
    match (attempt.by, attempt.user) {
        ("inside_handle", _) => Ok(()),
        ("pin_code", Some(user)) if !may_use_pin(user) => refuse_without_detail("the user may not use a PIN"),
        (_, Some(user)) => may(site, switches, user, attempt.lock, attempt.at),
        ("tag", None) => refuse_without_detail("no user has this tag"),
        (_, None) => refuse("no_access", "no user has this PIN"),
    }
}

/// Decides an attempt and writes its entry.
pub(super) fn attempt(inner: &mut Inner, site: Uuid, attempt: &Attempt) -> Result<(), Refusal> {
    let place = inner.store.sites.get(&site);
    let decision = place.map_or(refuse("no_access", "there is no such site"), |place| {
        decide(place, &inner.switches, attempt)
    });
    match decision {
        Ok(()) => opened(inner, site, attempt),
        Err(refusal) => log(inner, site, attempt, "lock_rejected", refusal.detail),
    }
    decision
}

/// Records in a lock that this credential has opened it.
pub(super) fn opened(inner: &mut Inner, site: Uuid, attempt: &Attempt) {
    let lock = inner.store.sites.get_mut(&site).and_then(|site| site.locks.get_mut(&attempt.lock));
    if let (Some(lock), Some(user)) = (lock, attempt.user) {
        lock.used.insert(user, attempt.at);
    }
    log(inner, site, attempt, "lock_opened", None);
}

fn log(
    inner: &mut Inner,
    site: Uuid,
    attempt: &Attempt,
    category: &'static str,
    detail: Option<&'static str>,
) {
    let id = inner.store.id();
    let profile = attempt.user.and_then(|user| inner.store.profiles.get(&user));
    let names = profile.map(|p| (p.first_name.clone(), p.last_name.clone()));
    let Some(site) = inner.store.sites.get_mut(&site) else {
        return;
    };
    let person = attempt.user.and_then(|user| site.user_of(user));
    let alias = person.and_then(|user| user.alias.clone());
    let (first_name, last_name) = names.unzip();
    let sentinel = (attempt.by == "pin_code").then_some(UNKNOWN_USER);
    let user = attempt.user.map(|user| user.0).or(sentinel);
    let entry = Entry {
        number: 0,
        id,
        category,
        detail,
        at: attempt.at,
        lock: attempt.lock,
        user,
        first_name,
        last_name,
        alias,
        by: attempt.by,
        access_detail: attempt.tag.clone(),
    };
    site.log(entry);
}
